import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { data, evaluate, model, pipeline, sft } from "rcpa";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import type { Event } from "../../src/runtime/events.ts";
import { folderForFile, writeModel } from "../support/learner.ts";
import { temporaryDir } from "../support/runtime.ts";
import { runStages } from "../support/stages.ts";

const base = writeModel(folderForFile());

const study = pipeline("study").pipe(
  model({ from: base }),
  data({
    domain: { world: "geometry", worked: 8, answerOnly: 0, validation: 7, test: 7 },
    general: { world: "scenes", validation: 8, test: 8 },
  }),
  sft({ steps: 1, prompts: 2, anchor: { weight: 0 } }),
  sft({ steps: 2, prompts: 2, anchor: { weight: 0 } }),
  evaluate({ maxTokens: 4 }),
);

describe("what a phase reaches", () => {
  it("is measured beside the base, said in a sentence, and the base is asked once", async () => {
    const { events } = await runStages(temporaryDir(), study);
    const measured = events.filter((event) => event._tag === "StageMeasured");
    expect(measured.map(({ stage, step }) => [stage, step])).toEqual([
      ["sft", 1],
      ["sft-2", 2],
    ]);
    const [first, second] = measured.map(({ metrics }) => metrics);
    for (const name of ["domainAccuracy", "generalAccuracy", "baseDomainAccuracy"]) {
      expect(first![name]).toBeGreaterThanOrEqual(0);
      expect(first![name]).toBeLessThanOrEqual(1);
    }
    expect(second!.baseGeneralAccuracy).toBe(first!.baseGeneralAccuracy);
    const notes = events.flatMap((event) => (event._tag === "StageNote" ? [event.text] : []));
    const { domainAccuracy, generalAccuracy } = first!;
    expect(notes).toContain(
      `validation accuracy: domain ${domainAccuracy!.toFixed(3)}, general ${generalAccuracy!.toFixed(3)}`,
    );
    expect(validated(events, "sft")).toBe(2 * validated(events, "sft-2"));
  });
});

describe("looks on the way", () => {
  const watched = (validateEvery: number | null) =>
    pipeline("watched").pipe(
      ...study.stages.slice(0, 2),
      sft({ steps: 5, prompts: 2, anchor: { weight: 0 }, validateEvery }),
    );

  it("are metrics of their steps and change nothing", async () => {
    const [plain, looking] = [temporaryDir(), temporaryDir()];
    const blind = await runStages(plain, watched(null));
    const seen = await runStages(looking, watched(2));
    const looks = seen.steps("sft").map(({ validationDomain: domain }) => domain);
    expect(looks.map((domain) => domain !== undefined)).toEqual([false, true, false, true, false]);
    expect(blind.steps("sft").some((metrics) => "validationDomain" in metrics)).toBe(false);
    expect(weightsOf(seen.artifacts)).toBe(weightsOf(blind.artifacts));
    const [one, other] = [plain, looking].map((root) => readdirSync(join(root, "stages")).sort());
    expect(other).toEqual(one);
  });
});

function weightsOf(artifacts: Readonly<Record<string, unknown>>): string {
  const { dir } = artifacts.policy as { readonly dir: string };
  return sha256(readFileSync(join(dir, "model.safetensors")));
}

/** How often a stage told that it had asked validation questions. */
const validated = (events: ReadonlyArray<Event>, stage: string) =>
  events.filter(
    (event) => event._tag === "StageProgress" && event.stage === stage && event.total === 15,
  ).length;
