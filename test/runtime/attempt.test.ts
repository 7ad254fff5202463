import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { withAttempts } from "../../src/dsl/attempts.ts";
import type { Budgets } from "../../src/dsl/budgets.ts";
import { type Pipeline, pipeline } from "../../src/dsl/pipeline.ts";
import { define } from "../../src/dsl/stage.ts";
import type { Event } from "../../src/runtime/events.ts";
import { type Handler, handler } from "../../src/runtime/handler.ts";
import { plan } from "../../src/runtime/plan.ts";
import { Resources } from "../../src/runtime/resources.ts";
import { execute, type RunOptions } from "../../src/runtime/run.ts";
import { Stop } from "../../src/runtime/stop.ts";
import { StageStore } from "../../src/runtime/store.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { codeOf, runIn, temporaryDir } from "../support/runtime.ts";

const sumOf = (artifacts: Readonly<Record<string, unknown>> = {}) => {
  const { dir } = artifacts.policy as { readonly dir: string };
  return JSON.parse(fs.readFileSync(join(dir, "sum.json"), "utf8")).total as number;
};

/** Twenty additions, each of which takes a while. */
const sums = (attempts?: Parameters<typeof withAttempts>[1], budgets: Budgets = {}) => {
  const adding = add({ steps: 20, pauseMs: 2 });
  const own = attempts === undefined ? adding : withAttempts(adding, attempts);
  return pipeline("sums", { budgets }).pipe(numbers({ count: 7 }), own);
};

/** Six milliseconds. */
const soon = 0.0001;

describe("an attempt past its time", () => {
  it("saves what was done and fails; without the limit the next run goes on from there", async () => {
    const root = temporaryDir();
    const { error } = await runIn(root, sums({ timeoutMinutes: soon }), adderHandlers);
    expect(error).toMatchObject({ _tag: "StageFailed", stage: "add", reason: "TimedOut" });
    const [, step] = /longer than 0.0001 min; checkpoint saved after step (\d+)/.exec(
      error!.message,
    )!;
    expect(Number(step)).toBeLessThan(20);
    const { events, result } = await runIn(root, sums(), adderHandlers);
    expect(events).toContainEqual({ _tag: "StageResumed", stage: "add", step: Number(step) });
    const straight = await runIn(temporaryDir(), sums(), adderHandlers);
    expect(sumOf(result?.artifacts)).toBe(sumOf(straight.result?.artifacts));
  });

  it("is followed by others where its author says so, each further on", async () => {
    const retry = { TimedOut: { times: 20, delaySeconds: 0 } };
    const { events, result } = await runIn(
      temporaryDir(),
      sums({ timeoutMinutes: soon, retry }),
      adderHandlers,
    );
    expect(result?.steps).toBe(20);
    const retries = events.filter(({ _tag }) => _tag === "StageRetried");
    expect(retries.length).toBeGreaterThan(0);
    expect(retries[0]).toMatchObject({ reason: "TimedOut", attempt: 1, delaySeconds: 0 });
    const resumed = events.flatMap((event) => (event._tag === "StageResumed" ? [event.step] : []));
    expect(resumed).toEqual([...new Set(resumed)].sort((a, b) => a - b));
  });

  it("is cut when it waits for something without looking at its time", async () => {
    const waiting = handler(numbers, () => Effect.never);
    const stuck = pipeline("stuck", { attempts: { timeoutMinutes: soon } }).pipe(numbers());
    const { error } = await runIn(temporaryDir(), stuck, [waiting]);
    expect(error).toMatchObject({ _tag: "StageFailed", reason: "TimedOut" });
  });
});

describe("a lack of memory", () => {
  /** As `add`, but holds `most / 2^halvings` numbers at once, of which memory has room for two. */
  const tight = (most: number) =>
    handler(add, (context) =>
      Effect.gen(function* () {
        const total = yield* context.loop<{ total: number }, never, never>({
          total: context.options.steps,
          checkpointEvery: 5,
          start: Effect.succeed({ total: 0 }),
          restore: (dir) =>
            Effect.sync(() => JSON.parse(fs.readFileSync(join(dir, "sum.json"), "utf8"))),
          step: (state, index) =>
            Effect.sync(() => {
              if (index >= 7 && most / 2 ** context.halvings > 2) {
                throw new Error(
                  "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[9] and type float",
                );
              }
              state.total += index;
              return { reward: state.total };
            }),
          save: (state, dir) =>
            Effect.sync(() => fs.writeFileSync(join(dir, "sum.json"), JSON.stringify(state))),
        });
        fs.mkdirSync(context.artifact("model"));
        fs.writeFileSync(context.artifact("model/sum.json"), JSON.stringify(total));
        return { policy: { dir: context.artifact("model") } };
      }),
    );
  const run = (most: number) =>
    runIn(temporaryDir(), pipeline("tight").pipe(numbers(), add({ steps: 12 })), [
      adderHandlers[0]!,
      tight(most),
    ]);

  it("starts the stage again from its checkpoint with half as much at once, saying why", async () => {
    const { events, result } = await run(8);
    expect(sumOf(result?.artifacts)).toBe(66);
    const retries = events.filter(({ _tag }) => _tag === "StageRetried");
    expect(retries).toMatchObject([
      { attempt: 1, reason: "OutOfMemory", delaySeconds: 0 },
      { attempt: 2, reason: "OutOfMemory", delaySeconds: 0 },
    ]);
    expect((retries[0] as { error: string }).error).toContain(
      "out of memory: Invalid TF_Status: 8",
    );
    expect(events.filter(({ _tag }) => _tag === "StageResumed")).toEqual(
      [5, 5].map((step) => ({ _tag: "StageResumed", stage: "add", step })),
    );
  });

  it("fails for good in the end, with what the library said", async () => {
    const { error, events } = await run(Number.POSITIVE_INFINITY);
    expect(error).toMatchObject({ _tag: "StageFailed", reason: "OutOfMemory" });
    expect(error?.message).toContain("OOM when allocating tensor with shape[9]");
    expect(events.filter(({ _tag }) => _tag === "StageRetried")).toHaveLength(12);
  });
});

interface Trial {
  readonly pipeline: Pipeline;
  readonly handlers: ReadonlyArray<Handler>;
  readonly options?: RunOptions;
}

/** Runs pipelines side by side over one store on a device of 4 GiB; gives results or errors, and all events in order. */
async function together(root: string, trials: ReadonlyArray<Trial>) {
  const events: Array<Event & { readonly run: number }> = [];
  const program = Effect.forEach(
    trials,
    (trial, run) =>
      Effect.gen(function* () {
        const planned = yield* plan(trial.pipeline, "test", () => codeOf("code"));
        const hear = (event: Event) => void events.push({ ...event, run });
        return yield* Effect.result(
          execute(planned, trial.handlers, { ...trial.options, subscribers: [hear] }),
        );
      }),
    { concurrency: "unbounded" },
  );
  const services = Layer.mergeAll(StageStore.layerFile(root), Stop.layer, Resources.layer(4));
  return { outcomes: await Effect.runPromise(Effect.provide(program, services)), events };
}

describe("a spent budget", () => {
  it("stops the run after a checkpoint, naming every budget; a larger one goes on", async () => {
    const root = temporaryDir();
    const budgets = { maxMemoryGiB: 2, maxHours: 5, retention: 0.9 };
    let asked = 0;
    const memoryGib = () => (asked++ < 12 ? 1 : 3);
    const trial = (own: Budgets) => ({
      pipeline: sums(undefined, own),
      handlers: adderHandlers,
      options: { memoryGib },
    });
    const { outcomes } = await together(root, [trial(budgets)]);
    const failure = outcomes[0]!._tag === "Failure" ? outcomes[0].failure : undefined;
    expect(failure).toMatchObject({ _tag: "BudgetNotMet", stage: "add" });
    expect(failure!.message).toMatch(/stopped in stage add after step \d+, checkpoint saved/);
    expect(failure!.message).toMatch(/not met {2}retention: not measured, at least 0.9 was asked/);
    expect(failure!.message).toMatch(/ {2}met {6}maxHours: 0\S*, at most 5 was asked/);
    expect(failure!.message).toMatch(/not met {2}maxMemoryGiB: 3, at most 2 was asked/);
    const again = await together(root, [trial({ ...budgets, maxMemoryGiB: 4 })]);
    expect(again.events.some(({ _tag }) => _tag === "StageResumed")).toBe(true);
    const result = again.outcomes[0]!._tag === "Success" ? again.outcomes[0].success : undefined;
    expect(result?.verdicts.map(({ budget, met }) => [budget, met])).toEqual([
      ["retention", false],
      ["maxHours", true],
      ["maxMemoryGiB", true],
    ]);
  });
});

describe("pipelines side by side", () => {
  const big = define({
    name: "big",
    version: 1,
    doc: "Holds memory for a few turns.",
    needs: [],
    gives: ["numbers"],
    options: Schema.Struct({ label: Schema.String, gib: Schema.Finite }),
  });
  const bigHandler = handler(
    big,
    (context) =>
      Effect.gen(function* () {
        for (let step = 1; step <= 5; step++) yield* context.progress(step, 5);
        fs.writeFileSync(context.artifact("numbers.json"), "[]");
        return { numbers: { file: context.artifact("numbers.json") } };
      }),
    { gib: ({ gib }) => gib },
  );
  const trial = (label: string, gib: number, options?: RunOptions): Trial => ({
    pipeline: pipeline(label).pipe(big({ label, gib })),
    handlers: [bigHandler],
    ...(options && { options }),
  });
  /** Whether the stages of the runs were ever at work at one time. */
  const overlapping = (events: ReadonlyArray<Event & { readonly run: number }>) => {
    const marks = events.filter(({ _tag }) => _tag === "StageStarted" || _tag === "StageDone");
    return marks[0]!.run !== marks[1]!.run;
  };

  it("share the device's memory: together where it suffices, else one after the other", async () => {
    const small = await together(temporaryDir(), [trial("a", 2), trial("b", 2)]);
    expect(overlapping(small.events)).toBe(true);
    const large = await together(temporaryDir(), [trial("a", 3), trial("b", 2)]);
    expect(overlapping(large.events)).toBe(false);
    const told = { gib: [3] };
    const asked = await together(temporaryDir(), [trial("a", 0, told), trial("b", 0, told)]);
    expect(overlapping(asked.events)).toBe(false);
    for (const { outcomes } of [small, large, asked]) {
      expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Success", "Success"]);
    }
  });

  it("compute a stage they share once", async () => {
    const { outcomes, events } = await together(temporaryDir(), [trial("a", 1), trial("a", 1)]);
    expect(outcomes.map(({ _tag }) => _tag)).toEqual(["Success", "Success"]);
    const count = (tag: string) => events.filter(({ _tag }) => _tag === tag).length;
    expect([count("StageDone"), count("StageCached")]).toEqual([1, 1]);
  });
});
