/** A study without model or tensors, for tests of how studies run: two arms learn, a third one may diverge. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { arm, compare, define, handler, pipeline, type Study } from "rcpa";
import { Diverged } from "../../src/runtime/errors.ts";
import { add, adderHandlers, numbers } from "./adder.ts";

const learn = define({
  ...{ name: "learn", version: 1, doc: "Learns as well as its rate is good.", engine: false },
  ...{ needs: ["numbers", "policy"], gives: ["policy"] },
  options: Schema.Struct({ rate: Schema.Finite }),
});

const judge = define({
  ...{ name: "judge", version: 1, doc: "Reads the test split.", engine: false },
  ...{ needs: ["policy"], gives: ["evaluation"], options: Schema.Struct({}) },
});

/** Best at 0.1; every seed a little different. */
const skill = (rate: number, seed: number) =>
  0.8 - 0.2 * Math.abs(Math.log10(rate) + 1) + 0.01 * (seed % 3);

const studyHandlers = [
  ...adderHandlers,
  handler(learn, (context) =>
    Effect.gen(function* () {
      const { rate } = context.options;
      if (rate >= 1) {
        const place = { stage: context.stage, step: 3 };
        return yield* new Diverged({ ...place, quantity: "loss", value: Number.NaN });
      }
      const dir = context.artifact("model");
      mkdirSync(dir);
      const accuracy = skill(rate, context.seed);
      writeFileSync(join(dir, "skill"), `${accuracy}`);
      yield* context.measure({
        ...{ domainAccuracy: accuracy, generalAccuracy: 0.9 },
        ...{ baseDomainAccuracy: 0.1, baseGeneralAccuracy: 1 },
      });
      return { policy: { dir } };
    }),
  ),
  handler(judge, ({ seed }) => {
    const score = (accuracy: number) => ({
      ...{ accuracy, low: accuracy / 2, high: (1 + accuracy) / 2, correct: 1, n: 40 },
    });
    const comparison = (before: number, after: number) => ({
      ...{ before: score(before), after: score(after), n: 40 },
    });
    return Effect.succeed({
      evaluation: {
        ...{ domain: comparison(0.1, 0.6 + 0.02 * seed), general: comparison(1, 0.9) },
        ...{ retention: { value: 0.9, low: 0.8, high: 1 }, blank: score(0), families: {} },
      },
    });
  }),
];

const learner = (name: string, steps: number) => (rate: number) =>
  pipeline(name).pipe(
    numbers({ count: 7 }),
    add({ steps, pauseMs: Number(process.env.ADDER_PAUSE_MS ?? 0), checkpointEvery: 5 }),
    learn({ rate }),
    judge(),
  );

const rated = (
  doc: string,
  rates: ReadonlyArray<number>,
  of: (rate: number) => ReturnType<ReturnType<typeof learner>>,
) => arm({ doc, settings: rates.map((rate) => ({ rate })), pipeline: ({ rate }) => of(rate) });

export const study: Study<"quick" | "slow" | "wild"> = {
  name: "learners",
  doc: "Who learns.",
  tuneSeeds: [101],
  seeds: [1, 2],
  contrasts: [["quick", "slow"]],
  arms: {
    quick: rated("A few steps", [0.01, 0.1], learner("quick", 10)),
    slow: rated("More steps", [0.1], learner("slow", 30)),
    wild: rated("One that may diverge", [1, 0.01], learner("wild", 10)),
  },
};

await compare(import.meta, study, { handlers: studyHandlers });
