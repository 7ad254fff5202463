/** A flipped bit in every kind of small file of a store, which a run without a model fills in milliseconds. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { renderPlan } from "../../src/runtime/plan.ts";
import { readRecord } from "../../src/runtime/record.ts";
import { readSteps } from "../../src/runtime/steps.ts";
import { readTrace } from "../../src/runtime/trace.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { flip } from "../support/faults.ts";
import { temporaryFolder } from "../support/folder.ts";
import { planIn, runIn } from "../support/runtime.ts";

describe("a flipped bit", () => {
  const sums = pipeline("sums").pipe(numbers({ count: 7 }), add({ steps: 40 }));
  const sumOf = (artifacts: Readonly<Record<string, unknown>> = {}) =>
    fs.readFileSync(join((artifacts.policy as { dir: string }).dir, "sum.json"), "utf8");
  const key = async (out: string, index: number) => (await planIn(out, sums)).stages[index]!.key;

  /** A store with a finished run, or one stopped at step 17. */
  async function store(stopped = false) {
    const out = temporaryFolder();
    const { result } = await runIn(out, sums, adderHandlers, (event, stop) => {
      const now = stopped && event._tag === "StageProgress" && event.step === 17;
      if (now) Effect.runSync(stop.request);
    });
    return { out, runDir: result?.runDir, numbers: await key(out, 0), add: await key(out, 1) };
  }

  it.each([
    ["numbers/result.json", "its result.json is damaged"],
    ["numbers/out/numbers.json", "its stored result is damaged: numbers.json does not have its"],
    ["add/result.json", "its result.json is damaged"],
    ["add/out/model/sum.json", "its stored result is damaged: model/sum.json does not have its"],
  ])("in %s: computed again, to the same result", async (place, why) => {
    const found = await store();
    const [stage, ...rest] = place.split("/") as ["numbers" | "add", ...Array<string>];
    const undisturbed = sumOf((await runIn(found.out, sums, adderHandlers)).result?.artifacts);
    flip(join(found.out, "stages", found[stage], ...rest));
    const { action } = (await planIn(found.out, sums)).stages.find(({ id }) => id === stage)!;
    expect(action).toMatchObject({ _tag: "Run", why: expect.stringContaining(why) });
    const { result } = await runIn(found.out, sums, adderHandlers);
    expect(sumOf(result?.artifacts)).toBe(undisturbed);
  });

  it.each([
    ["checkpoints/0-00000017/manifest.json", /checkpoint at step 17 ignored: its manifest.json/],
    ["checkpoints/0-00000017/state/sum.json", /checkpoint at step 17 ignored: sum.json does not/],
  ])("in %s: passed over for the one before", async (file, note) => {
    const { out, add: stage } = await store(true);
    flip(join(out, "stages", stage, file));
    const { result, events } = await runIn(out, sums, adderHandlers);
    expect(JSON.stringify(events)).toMatch(note);
    expect(events).toContainEqual({ _tag: "StageResumed", stage: "add", step: 10 });
    const other = await store();
    const same = await runIn(other.out, sums, adderHandlers);
    expect(sumOf(result?.artifacts)).toBe(sumOf(same.result?.artifacts));
  });

  it("in a lock: believed to be held, until it has been silent for a minute", async () => {
    const { out, add: stage } = await store(true);
    const lock = join(out, "stages", stage, "LOCK");
    fs.writeFileSync(lock, '{"pid":1,"host":"here","started":"1","sum":"0123456789ab"}');
    const { error } = await runIn(out, sums, adderHandlers);
    expect(error).toMatchObject({ _tag: "RunLocked" });
    const past = new Date(Date.now() - 61_000);
    fs.utimesSync(lock, past, past);
    expect((await runIn(out, sums, adderHandlers)).error).toBeUndefined();
  });

  it.each([
    ["add/spec.json", "its spec.json was damaged and is written anew"],
    ["add/steps.jsonl", "steps.jsonl does not have its recorded hash"],
  ])("in %s: told, while the result stays", async (place, note) => {
    const { out, add: stage } = await store();
    flip(join(out, "stages", stage, place.split("/").at(-1)!));
    expect(renderPlan(await planIn(out, sums))).toContain(
      `add      stored   nothing to do; ${note}`,
    );
    const { events } = await runIn(out, sums, adderHandlers);
    expect(events.map(({ _tag }) => _tag)).not.toContain("StageStarted");
  });

  it("in a line of metrics or events: left out of what is read back", async () => {
    const { out, runDir, add: stage } = await store();
    flip(join(out, "stages", stage, "steps.jsonl"));
    const steps = readSteps(join(out, "stages", stage, "steps.jsonl"));
    expect(steps).toHaveLength(39);
    flip(join(runDir!, "run.json"));
    expect(readRecord(runDir!)).toBe("run.json is damaged");
    const events = fs.readFileSync(join(runDir!, "events.jsonl"), "utf8");
    fs.writeFileSync(join(runDir!, "events.jsonl"), events.replace('"seed":1', '"seed":3'));
    expect(readTrace(runDir!).problems).toEqual([expect.stringContaining("line 1")]);
  });

  it("in format.json: refused", async () => {
    const { out } = await store();
    flip(join(out, "format.json"));
    await expect(planIn(out, sums)).rejects.toThrow(/format.json is damaged|was made/);
  });
});
