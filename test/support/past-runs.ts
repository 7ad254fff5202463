/** Past runs of every kind in a store of their own, for tests of what looks back at them. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import type { Handler } from "../../src/runtime/handler.ts";
import { add, adderHandlers, numbers } from "./adder.ts";
import { runIn } from "./runtime.ts";

const score = (correct: number) => ({
  ...{ accuracy: correct / 100, low: correct / 200, high: correct / 100 + 0.1 },
  ...{ correct, n: 100 },
});

/** An evaluation: domain 0.1 → `after` / 100, general 0.8 → 0.76, blank 0.05. */
const evaluationOf = (after: number) => ({
  domain: { before: score(10), after: score(after), n: 100 },
  general: { before: score(80), after: score(76), n: 100 },
  retention: { value: 0.95, low: 0.9, high: 1 },
  blank: score(5),
  families: { angle: { before: 0.1, after: after / 100, n: 100 } },
});

const noOptions = { options: Schema.Struct({}), engine: false } as const;

const judged = define({
  ...{ name: "judge", version: 1, doc: "Measures the sum.", needs: ["policy"] },
  ...{ gives: ["evaluation"], engine: false },
  options: Schema.Struct({ after: Schema.Int }),
});
const broken = define({
  ...{ name: "broken", version: 1, doc: "Cannot work.", needs: [], gives: [], ...noOptions },
});

const handlers: ReadonlyArray<Handler> = [
  ...adderHandlers,
  handler(judged, ({ options }) => Effect.succeed({ evaluation: evaluationOf(options.after) })),
  handler(broken, () => Effect.fail({ _tag: "Snapped", message: "the rope snapped" })),
];

const sum = (steps: number) => [numbers({ count: 7 }), add({ steps })] as const;

/** A run that adds `steps` numbers and judges them. */
export const finished = async (out: string, { steps = 20, after = 70, seed = 1 } = {}) => {
  const whole = pipeline("sums", { seed }).pipe(...sum(steps), judged({ after }));
  return (await runIn(out, whole, handlers)).result!.runDir;
};

/** A run whose third stage fails. */
export const failed = (out: string) =>
  runIn(out, pipeline("sums").pipe(...sum(20), broken(), judged({ after: 70 })), handlers);

/** A run stopped after step 13 of 20; `during` sees the store before that. */
export const interrupted = (out: string, during: () => void = () => {}) =>
  runIn(out, pipeline("sums").pipe(...sum(20)), handlers, (event, stop) => {
    if (event._tag !== "StageProgress" || event.step !== 13) return;
    during();
    Effect.runSync(stop.request);
  });
