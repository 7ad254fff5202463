import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import type { DatasetRef } from "../../src/dsl/artifacts.ts";
import { data, pipeline } from "../../src/index.ts";
import { loadExamples } from "../../src/stages/dataset.ts";
import { temporaryFolder } from "../support/folder.ts";
import { problems, writeOwnData } from "../support/own-data.ts";
import { runStages } from "../support/stages.ts";

/** Domain and general suite from files. */
async function ownPipeline() {
  const domain = await writeOwnData(temporaryFolder(), "trl", problems(12, 18));
  const general = await writeOwnData(temporaryFolder(), "llava", problems(0, 20).slice(0, 20));
  const options = {
    domain: { jsonl: domain, distinct: "image", fields: { reference: "solution" } },
    general: { jsonl: general, distinct: "image", validation: 0.1, test: 0.25 },
  } as const;
  return { domain, general, made: pipeline("own").pipe(data(options)) };
}

const datasetOf = async (root: string, made: Awaited<ReturnType<typeof ownPipeline>>["made"]) => {
  const { artifacts, events } = await runStages(root, made);
  const cached = events.some(({ _tag }) => _tag === "StageCached");
  return { dataset: artifacts.dataset as DatasetRef, cached, events };
};

describe("data from files", () => {
  it("tells what there is and gives the same examples from then on", async () => {
    const root = temporaryFolder();
    const { domain, general, made } = await ownPipeline();
    const { dataset, events } = await datasetOf(root, made);
    expect(dataset).toMatchObject({
      domain: { file: domain, train: 24, validation: 3, test: 3 },
      general: { file: general, train: 13, validation: 2, test: 5, worked: 0 },
    });
    const notes = events.flatMap((event) => (event._tag === "StageNote" ? [event.text] : []));
    expect(notes.join()).toContain(
      `answer-only problems, 3 validation, 3 test; ${general}: 2 validation, 5 test`,
    );
    const [one, other] = [loadExamples(dataset), loadExamples(dataset)];
    const ids = (part: ReadonlyArray<{ id: string }>) => part.map(({ id }) => id);
    expect(ids(one.domain.train)).toEqual(ids(other.domain.train));
    expect(one.worked.length).toBe("dir" in dataset.domain ? dataset.domain.worked : -1);
  });

  it("asks general questions of training rows alone", async () => {
    const { made } = await ownPipeline();
    const { general } = loadExamples((await datasetOf(temporaryFolder(), made)).dataset);
    const held = new Set([...general.validation, ...general.test].map(({ id }) => id));
    const drawn = Array.from({ length: 60 }, (_, index) => general.example(1, index));
    expect(drawn.filter(({ id }) => held.has(id))).toEqual([]);
    expect(new Set(drawn.map(({ id }) => id)).size).toBeGreaterThan(8);
    expect(general.example(1, 7)).toBe(general.example(1, 7));
    expect(general.question(stream(1, "q"))).toBe(general.question(stream(1, "q")));
  });

  it("runs again when a row or an image changes, and only then", async () => {
    const root = temporaryFolder();
    const { domain, made } = await ownPipeline();
    expect((await datasetOf(root, made)).cached).toBe(false);
    expect((await datasetOf(root, made)).cached).toBe(true);
    utimesSync(join(dirname(domain), "images/0.png"), 1, 1);
    expect((await datasetOf(root, made)).cached).toBe(false);
    writeFileSync(domain, `${readFileSync(domain, "utf8")}\n`);
    expect((await datasetOf(root, made)).cached).toBe(false);
    expect((await datasetOf(root, made)).cached).toBe(true);
  });
});
