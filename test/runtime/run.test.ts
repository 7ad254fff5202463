import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { define } from "../../src/dsl/stage.ts";
import { Diverged, Transient } from "../../src/runtime/errors.ts";
import { EventLine } from "../../src/runtime/events.ts";
import { handler } from "../../src/runtime/handler.ts";
import { isComplete, renderPlan } from "../../src/runtime/plan.ts";
import { readSteps } from "../../src/runtime/steps.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { planIn, runIn, temporaryDir } from "../support/runtime.ts";

const sums = (steps: number, seed = 1) =>
  pipeline("sums", { seed }).pipe(numbers({ count: 7 }), add({ steps }));

const sumOf = (artifacts: Readonly<Record<string, unknown>> = {}) => {
  const { dir } = artifacts.policy as { readonly dir: string };
  return JSON.parse(fs.readFileSync(join(dir, "sum.json"), "utf8")).total as number;
};

const tags = (events: ReadonlyArray<{ readonly _tag: string }>) =>
  events.map(({ _tag }) => _tag).filter((tag) => tag !== "StageProgress");

describe("execute", () => {
  it("runs stages in order and hands artifacts on", async () => {
    const root = temporaryDir();
    const { result, events } = await runIn(root, sums(25), adderHandlers);
    expect(result?.steps).toBe(25);
    expect(sumOf(result?.artifacts)).toBeGreaterThan(0);
    expect(tags(events)).toEqual([
      "RunStarted",
      "StageStarted",
      "StageDone",
      "StageStarted",
      "StageCheckpointed",
      "StageCheckpointed",
      "StageCheckpointed",
      "StageDone",
      "RunDone",
    ]);
  });

  it("writes every event as a line that its Schema reads", async () => {
    const { result, events } = await runIn(temporaryDir(), sums(4), adderHandlers);
    const lines = fs.readFileSync(join(result!.runDir, "events.jsonl"), "utf8").trim().split("\n");
    const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.toCodecJson(EventLine)));
    expect(lines.map((line) => decode(line).event)).toEqual(events);
    const record = JSON.parse(fs.readFileSync(join(result!.runDir, "run.json"), "utf8"));
    expect(record.pipeline).toMatchObject({ name: "sums", seed: 1 });
  });

  it("answers a second run from the store", async () => {
    const root = temporaryDir();
    const first = await runIn(root, sums(12), adderHandlers);
    const second = await runIn(root, sums(12), []);
    expect(isComplete(second.plan)).toBe(true);
    expect(tags(second.events)).toEqual(["RunStarted", "StageCached", "StageCached", "RunDone"]);
    expect(second.result?.artifacts).toEqual(first.result?.artifacts);
    expect(second.result?.steps).toBe(12);
  });

  it("repeats the same numbers for the same seed and others for another", async () => {
    const run = async (seed: number) =>
      sumOf((await runIn(temporaryDir(), sums(20, seed), adderHandlers)).result?.artifacts);
    expect(await run(3)).toBe(await run(3));
    expect(await run(3)).not.toBe(await run(4));
  });

  it("stops with a checkpoint when asked, and goes on to the same result", async () => {
    const straight = await runIn(temporaryDir(), sums(40), adderHandlers);
    const root = temporaryDir();
    const cut = await runIn(root, sums(40), adderHandlers, (event, stop) => {
      if (event._tag === "StageProgress" && event.step === 17) Effect.runSync(stop.request);
    });
    expect(cut.error).toMatchObject({ _tag: "Interrupted", stage: "add", step: 17 });
    expect(tags(cut.events).at(-1)).toBe("StageInterrupted");
    expect((await planIn(root, sums(40))).stages[1]?.action).toMatchObject({
      _tag: "Resume",
      step: 17,
    });
    const resumed = await runIn(root, sums(40), adderHandlers);
    expect(resumed.events).toContainEqual({ _tag: "StageResumed", stage: "add", step: 17 });
    expect(sumOf(resumed.result?.artifacts)).toBe(sumOf(straight.result?.artifacts));
    const steps = ({ plan, result }: typeof resumed) => {
      const file = join(result!.runDir, "../..", "stages", plan.stages[1]!.key, "steps.jsonl");
      return readSteps(file).map(({ spent: _, ...line }) => line);
    };
    expect(steps(resumed)).toHaveLength(40);
    expect(steps(resumed)).toEqual(steps(straight));
  });

  it("explains a miss by the field that changed, and runs what depends on it", async () => {
    const root = temporaryDir();
    await runIn(root, sums(5), adderHandlers);
    const changed = pipeline("sums").pipe(numbers({ count: 8 }), add({ steps: 5 }));
    const text = renderPlan(await planIn(root, changed));
    expect(text).toContain("numbers  run      options.count 7 → 8");
    expect(text).toContain("add      run      its input numbers changed");
    expect(renderPlan(await planIn(root, sums(5), "other"))).toContain("code of code.ts changed");
    expect(renderPlan(await planIn(root, sums(5)))).toContain("add      stored");
  });

  it("runs again when a file that a stage reads has changed", async () => {
    const root = temporaryDir();
    const base = join(root, "base.txt");
    const load = define({
      name: "load",
      version: 1,
      doc: "Reads a file.",
      needs: [],
      gives: ["numbers"],
      options: Schema.Struct({ from: Schema.String }),
      reads: ({ from }) => [from],
    });
    const handlers = [handler(load, () => Effect.succeed({ numbers: { file: base } }))];
    const loading = pipeline("loading").pipe(load({ from: base }));
    fs.writeFileSync(base, "1");
    await runIn(root, loading, handlers);
    expect(isComplete(await planIn(root, loading))).toBe(true);
    fs.writeFileSync(base, "2");
    expect(renderPlan(await planIn(root, loading))).toContain(`the content of ${base} changed`);
  });

  it("tells two uses of one stage apart", async () => {
    const twice = pipeline("twice").pipe(numbers(), add({ steps: 1 }), add({ steps: 2 }));
    const { result, plan } = await runIn(temporaryDir(), twice, adderHandlers);
    expect(plan.stages.map(({ id }) => id)).toEqual(["numbers", "add", "add-2"]);
    expect(result?.steps).toBe(3);
  });

  it("refuses, before anything runs, a stage that nothing implements", async () => {
    const { error, events } = await runIn(temporaryDir(), sums(3), adderHandlers.slice(0, 1));
    expect(error).toMatchObject({ _tag: "PipelineInvalid" });
    expect(error?.message).toContain("add: nothing implements this stage");
    expect(events).toEqual([]);
  });
});

const flaky = define({
  name: "flaky",
  version: 1,
  doc: "Fails in ways tests choose.",
  needs: [],
  gives: ["numbers"],
  options: Schema.Struct({}),
});

describe("a failing stage", () => {
  const attempts = async (fail: (attempt: number) => Diverged | Transient | undefined) => {
    let attempt = 0;
    const failing = handler(
      flaky,
      (context) =>
        Effect.suspend(() => {
          attempt += 1;
          const error = fail(attempt);
          const done = { numbers: { file: context.artifact("none") } };
          return error === undefined ? Effect.succeed(done) : Effect.fail(error);
        }),
      { retry: { Transient: { times: 2, delaySeconds: 0.001 }, Diverged: { times: 9 } } },
    );
    const run = await runIn(temporaryDir(), pipeline("flaky").pipe(flaky()), [failing]);
    return { ...run, attempt };
  };

  it("is tried again when its error may pass", async () => {
    const { attempt, result, events } = await attempts((number) =>
      number < 3 ? new Transient({ detail: "busy" }) : undefined,
    );
    expect(attempt).toBe(3);
    expect(result).toBeDefined();
    expect(events.filter(({ _tag }) => _tag === "StageRetried")).toHaveLength(2);
  });

  it("fails with the stage, the reason and where it was defined, once its tries are used up", async () => {
    const { attempt, error } = await attempts(() => new Transient({ detail: "busy" }));
    expect(attempt).toBe(3);
    expect(error).toMatchObject({ _tag: "StageFailed", stage: "flaky", reason: "Transient" });
    expect(error?.message).toMatch(/^stage flaky \(defined at .*run\.test\.ts:\d+:\d+\) failed: /);
  });

  it("is never tried again after it diverged, whatever its policy says", async () => {
    const { attempt, error } = await attempts(
      () => new Diverged({ stage: "flaky", step: 4, quantity: "loss", value: Number.NaN }),
    );
    expect(attempt).toBe(1);
    expect(error?.message).toContain("loss became NaN at step 4 of flaky");
  });

  it("reports a full disk in its own files as such", async () => {
    const full = handler(flaky, () =>
      Effect.sync(() => {
        fs.writeFileSync("/dev/full", "x");
        return { numbers: { file: "" } };
      }),
    );
    const root = temporaryDir();
    const { error } = await runIn(root, pipeline("full").pipe(flaky()), [full]);
    expect(error).toMatchObject({ _tag: "StoreFull" });
    expect((await planIn(root, pipeline("full").pipe(flaky()))).stages[0]?.action._tag).toBe("Run");
  });

  it("waits for memory it can get and fails when it never can", async () => {
    const greedy = handler(flaky, () => Effect.succeed({ numbers: { file: "" } }), {
      gib: () => 5,
    });
    const { error } = await runIn(temporaryDir(), pipeline("greedy").pipe(flaky()), [greedy]);
    expect(error?.message).toContain("needs 5 GiB, the device has 4 GiB");
  });

  it("is stopped outside a loop when it reports progress", async () => {
    const chatty = handler(flaky, (context) =>
      Effect.gen(function* () {
        for (let step = 1; step <= 100; step++) yield* context.progress(step, 100);
        return { numbers: { file: "" } };
      }),
    );
    const { error, events } = await runIn(
      temporaryDir(),
      pipeline("chatty").pipe(flaky()),
      [chatty],
      (event, stop) => {
        if (event._tag === "StageProgress" && event.step === 7) Effect.runSync(stop.request);
      },
    );
    expect(error?._tag).toBe("Interrupted");
    expect(events.filter(({ _tag }) => _tag === "StageProgress").length).toBeLessThan(10);
  });
});
