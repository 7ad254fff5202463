/** What an attempt hands its stage: loop, progress, measurements, notes. Serves the runtime layer. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Contents } from "./checkpoint.ts";
import type { Journal } from "./events.ts";
import type { Bill } from "./expense.ts";
import { onDisk } from "./files.ts";
import type { StageContext } from "./handler.ts";
import type { Limits } from "./limits.ts";
import { runLoop } from "./loop.ts";
import { appendMeasure, measuresFile } from "./measures.ts";
import type { PlannedStage } from "./plan.ts";
import { stepsDone } from "./steps.ts";

/** One attempt at a planned stage. */
export interface Attempt {
  readonly planned: PlannedStage;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Content of each input. */
  readonly contents: Contents;
  readonly journal: Journal;
  readonly limits: Limits;
  /** The stage's folder in the store. */
  readonly dir: string;
  /** Where the attempt's files go. */
  readonly outDir: string;
  /** How often earlier attempts ran out of memory. */
  readonly halvings: number;
  readonly bill: Bill;
}

/** The context of `attempt`, whose types its handler knows. */
export function makeContext(attempt: Attempt): StageContext<unknown, unknown> {
  const { planned, inputs, contents, journal, limits, dir, outDir, halvings, bill } = attempt;
  const stage = planned.id;
  let loops = 0;
  return {
    options: planned.stage.options,
    inputs,
    seed: planned.fingerprint.seed,
    stage,
    halvings,
    outDir,
    artifact: (relative) => join(outDir, relative),
    loop: (spec) =>
      Effect.suspend(() =>
        runLoop({ stage, dir, contents, journal, limits, bill, loop: loops++ }, spec),
      ),
    progress: (step, total, metrics = {}) =>
      Effect.andThen(
        journal.emit({ _tag: "StageProgress", stage, step, total, metrics }),
        limits.check,
      ),
    aside: bill.aside,
    measure: (metrics) => measure(attempt, metrics),
    note: (text) => journal.emit({ _tag: "StageNote", stage, text }),
  };
}

const measure = Effect.fnUntraced(function* (
  { planned, journal, dir }: Attempt,
  metrics: Readonly<Record<string, number>>,
) {
  const step = stepsDone(join(dir, "steps.jsonl"));
  const path = join(dir, measuresFile);
  yield* onDisk(path, "measurements", () => appendMeasure(path, { step, metrics }));
  yield* journal.emit({ _tag: "StageMeasured", stage: planned.id, step, metrics });
});
