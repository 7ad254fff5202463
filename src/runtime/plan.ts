/** What a run would do, stage by stage: take it from the store, go on from a checkpoint, or run it, and why. Serves the runtime layer. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Pipeline } from "../dsl/pipeline.ts";
import type { AnyStage } from "../dsl/stage.ts";
import { newest } from "./checkpoint.ts";
import { contentHash } from "./code.ts";
import type { StoreBroken, StoreFull } from "./errors.ts";
import { onDisk } from "./files.ts";
import { type Code, type Fingerprint, fingerprintOf, keyOf } from "./fingerprint.ts";
import { StageStore } from "./store.ts";

/** What happens with a stage. */
export type Action =
  | {
      readonly _tag: "Hit";
      readonly outputs: Readonly<Record<string, unknown>>;
      readonly steps: number;
    }
  | { readonly _tag: "Resume"; readonly step: number; readonly why: string }
  | { readonly _tag: "Run"; readonly why: string };

/** One stage in its place. */
export interface PlannedStage {
  /** Its name, with `-2`, `-3` from the second use on. */
  readonly id: string;
  readonly stage: AnyStage;
  readonly fingerprint: Fingerprint;
  readonly key: string;
  /** For each needed artifact, the index of the stage that gives it. */
  readonly sources: Readonly<Record<string, number>>;
  readonly action: Action;
}

/** All stages in order, for one engine. */
export interface Plan {
  readonly pipeline: Pipeline;
  readonly engine: string;
  readonly stages: ReadonlyArray<PlannedStage>;
}

/** True when the store answers everything. */
export function isComplete(plan: Plan): boolean {
  return plan.stages.every((stage) => stage.action._tag === "Hit");
}

/** Plans a valid pipeline against the store, for results made by `engine`; `code` says what a stage's code consists of. */
export const plan = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  engine: string,
  code: (stage: AnyStage) => Code,
): Effect.fn.Return<Plan, StoreFull | StoreBroken, StageStore> {
  const givers = new Map<string, number>();
  const stages: Array<PlannedStage> = [];
  for (const [index, stage] of pipeline.stages.entries()) {
    const sources = Object.fromEntries(stage.needs.map((need) => [need, givers.get(need)!]));
    const inputs = Object.fromEntries(
      Object.entries(sources).map(([need, source]) => [need, stages[source]!.key]),
    );
    const reads = yield* onDisk(stage.name, "hashes", () => readsOf(stage));
    const place = { inputs, reads, seed: pipeline.seed, code: code(stage), engine };
    const fingerprint = fingerprintOf(stage, place);
    const key = keyOf(fingerprint);
    const id = idOf(stage.name, stages);
    stages.push({ id, stage, fingerprint, key, sources, action: yield* actionOf(fingerprint) });
    for (const gift of stage.gives) givers.set(gift, index);
  }
  return { pipeline, engine, stages };
});

function readsOf(stage: AnyStage): Readonly<Record<string, string>> {
  return Object.fromEntries(stage.reads.map((path) => [path, contentHash(path)]));
}

function idOf(name: string, before: ReadonlyArray<PlannedStage>): string {
  const uses = before.filter((planned) => planned.stage.name === name).length;
  return uses === 0 ? name : `${name}-${uses + 1}`;
}

const actionOf = Effect.fnUntraced(function* (fingerprint: Fingerprint) {
  const store = yield* StageStore;
  const found = yield* store.find(fingerprint);
  if (found._tag === "Hit") {
    const { outputs, steps } = found.result;
    return { _tag: "Hit", outputs, steps } satisfies Action as Action;
  }
  const checkpoints = join(store.folder(fingerprint), "checkpoints");
  const { checkpoint } = yield* newest(checkpoints, 0, "size");
  return checkpoint === undefined
    ? ({ _tag: "Run", why: found.why } satisfies Action as Action)
    : ({ _tag: "Resume", step: checkpoint.step, why: found.why } satisfies Action as Action);
});

/** One line a stage: id, key, what happens and why. */
export function renderPlan(plan: Plan): string {
  const width = Math.max(...plan.stages.map(({ id }) => id.length));
  const lines = plan.stages.map(
    ({ id, action }) => `  ${id.padEnd(width)}  ${renderAction(action)}`,
  );
  return [`plan of ${plan.pipeline.name} (seed ${plan.pipeline.seed})`, ...lines].join("\n");
}

function renderAction(action: Action): string {
  if (action._tag === "Hit") return "stored   nothing to do";
  if (action._tag === "Resume") return `resume   from step ${action.step}`;
  return `run      ${action.why}`;
}
