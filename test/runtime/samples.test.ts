import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline, Steps } from "rcpa";
import { describe, expect, it } from "vitest";
import { readMeasures } from "../../src/runtime/measures.ts";
import { readSamples, type Sample, samplesDue } from "../../src/runtime/samples.ts";
import { runIn, temporaryDir } from "../support/runtime.ts";

const dueOf = (total: number, end = total) =>
  Array.from({ length: end }, (_, at) => at + 1).filter((step) =>
    samplesDue(step, total, step === end),
  );

describe("the steps that are sampled", () => {
  it("are the first, the last and some between, ten or so in a long loop", () => {
    expect(dueOf(1)).toEqual([1]);
    expect(dueOf(9)).toEqual([1, 9]);
    expect(dueOf(40)).toEqual([1, 10, 20, 30, 40]);
    expect(dueOf(450, 257)).toEqual([1, 45, 90, 135, 180, 225, 257]);
    expect(dueOf(100_000)).toHaveLength(11);
  });
});

const learn = define({
  ...{ name: "learn", version: 1, doc: "Learns.", engine: false, needs: [], gives: ["policy"] },
  options: Schema.Struct({ steps: Steps({ doc: "Steps." }) }),
});

const sampleOf = (text: string): Sample => ({
  ...{ family: "f", question: text, answer: "1", image: null, groupReward: Number.NaN },
  responses: [],
});

/** A stage that stops itself after `stopAt` steps, once. */
const learner = (stopAt: number, measured: number) =>
  handler(learn, (context) =>
    Effect.gen(function* () {
      let latest = 0;
      yield* context.loop<object, never, never>({
        ...{ total: context.options.steps, checkpointEvery: 10, start: Effect.succeed({}) },
        restore: () => Effect.succeed({}),
        step: (_, index) => {
          latest = index + 1;
          return latest === stopAt
            ? Effect.die(new Error("the power is gone"))
            : Effect.succeed({ reward: latest });
        },
        save: (_, dir) => Effect.sync(() => writeFileSync(join(dir, "state"), "")),
        samples: () => Effect.succeed([sampleOf(`a ${latest}`), sampleOf(`b ${latest}`)]),
      });
      yield* context.measure({ accuracy: measured });
      return { policy: { dir: context.outDir } };
    }),
  );

const study = pipeline("study").pipe(learn({ steps: 45 }));

describe("samples and measurements of a stage", () => {
  it("are the same after a failure anywhere as without one", async () => {
    const text = async (stops: ReadonlyArray<number>) => {
      const root = temporaryDir();
      let dir = "";
      for (const stopAt of [...stops, 0]) {
        const { plan } = await runIn(root, study, [learner(stopAt, 0.5)]).catch(() => ({
          plan: undefined,
        }));
        if (plan !== undefined) dir = join(root, "stages", plan.stages[0]!.key);
      }
      return ["samples.jsonl", "measures.jsonl"].map((name) =>
        readFileSync(join(dir, name), "utf8"),
      );
    };
    const straight = await text([]);
    expect(straight[0]!.trim().split("\n")).toHaveLength(2 * 6);
    expect(await text([5])).toEqual(straight);
    expect(await text([11, 38])).toEqual(straight);
  });

  it("come back as kept, each with its loop and step", async () => {
    const root = temporaryDir();
    const { plan, events } = await runIn(root, study, [learner(0, 0.25)]);
    const dir = join(root, "stages", plan.stages[0]!.key);
    const samples = readSamples(join(dir, "samples.jsonl"));
    expect(samples.map(({ loop, step, sample }) => [loop, step, sample.question])).toEqual(
      [1, 10, 20, 30, 40, 45].flatMap((step) => [
        [0, step, `a ${step}`],
        [0, step, `b ${step}`],
      ]),
    );
    expect(samples[0]!.sample).toEqual(sampleOf("a 1"));
    const measured = { step: 45, metrics: { accuracy: 0.25 } };
    expect(readMeasures(join(dir, "measures.jsonl"))).toEqual([measured]);
    expect(events).toContainEqual({ _tag: "StageMeasured", stage: "learn", ...measured });
  });
});
