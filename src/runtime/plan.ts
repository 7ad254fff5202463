/** What a run would do, stage by stage: take it from the store, go on from a checkpoint, or run it, and why. Serves the runtime layer. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { Pipeline } from "../dsl/pipeline.ts";
import { giftFor, label } from "../dsl/rename.ts";
import type { AnyStage } from "../dsl/stage.ts";
import { type Contents, newest } from "./checkpoint.ts";
import { contentHash } from "./code.ts";
import type { StoreBroken, StoreFull } from "./errors.ts";
import { onDisk } from "./files.ts";
import { type Code, type Fingerprint, fingerprintOf, keyOf } from "./fingerprint.ts";
import type { Explain } from "./spec.ts";
import { type Lookup, StageStore } from "./store.ts";

/** What happens with a stage. */
export type Action =
  | {
      readonly _tag: "Hit";
      readonly outputs: Readonly<Record<string, unknown>>;
      readonly steps: number;
      /** What it gave, as a hash. */
      readonly content: string;
      /** Ids of stages before it that run again: it stays only when they come out as they were. */
      readonly provided: ReadonlyArray<string>;
      /** What was damaged beside the result itself. */
      readonly notes: ReadonlyArray<string>;
      /** Whether the content of its files was looked at. */
      readonly verified: boolean;
    }
  | { readonly _tag: "Resume"; readonly step: number; readonly why: string }
  | {
      readonly _tag: "Run";
      readonly why: string;
      /** True when what is stored of it is to be dropped. */
      readonly fresh?: boolean;
    };

/** One stage in its place. */
export interface PlannedStage {
  /** Its name, with `-2`, `-3` from the second use on. */
  readonly id: string;
  readonly stage: AnyStage;
  readonly fingerprint: Fingerprint;
  readonly key: string;
  /** For each needed artifact, by the handler's own name for it, the index of the stage that gives it. */
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

/** How a plan may differ from the plain one. */
export interface PlanOptions {
  /** Whether the stage with this id runs even if it is stored. */
  readonly fresh?: (id: string) => boolean;
  /** Compares every stored file with its hash, however large. */
  readonly verify?: boolean;
}

/**
 * Plans a valid pipeline against the store, for results made by `engine`; `code` says what a stage's code
 * consists of.
 *
 * What a stage that runs takes from the store has been compared with its hashes, whatever its size.
 */
export const plan = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  engine: string,
  code: (stage: AnyStage) => Code,
  options: PlanOptions = {},
): Effect.fn.Return<Plan, StoreFull | StoreBroken, StageStore> {
  const explain = (yield* StageStore).explanations();
  const verified = new Set<string>();
  for (;;) {
    const stages = yield* planOnce(pipeline, engine, code, { ...options, explain, verified });
    const unsure = consumedUnverified(stages);
    if (unsure.length === 0) return { pipeline, engine, stages };
    for (const id of unsure) verified.add(id);
  }
});

type Looking = PlanOptions & {
  readonly explain: Explain;
  /** Ids of the stages whose content is looked at in any case. */
  readonly verified: ReadonlySet<string>;
};

const planOnce = Effect.fnUntraced(function* (
  pipeline: Pipeline,
  engine: string,
  code: (stage: AnyStage) => Code,
  looking: Looking,
) {
  const givers = new Map<string, number>();
  const ids = stageIds(pipeline);
  const stages: Array<PlannedStage> = [];
  for (const [index, stage] of pipeline.stages.entries()) {
    const needs = Object.entries(stage.names.needs);
    const sources = Object.fromEntries(needs.map(([own, used]) => [own, givers.get(used)!]));
    const inputs = Object.fromEntries(
      Object.entries(sources).map(([need, source]) => [need, stages[source]!.key]),
    );
    const reads = yield* onDisk(stage.name, "hashes", () => readsOf(stage));
    const id = ids[index]!;
    const renamed = renamedIn(stage, id, (own) => pipeline.stages[sources[own]!]!);
    const place = { inputs, renamed, reads, seed: pipeline.seed, code: code(stage), engine };
    const fingerprint = fingerprintOf(stage, place);
    const placed = { id, stage, fingerprint, key: keyOf(fingerprint), sources };
    stages.push({ ...placed, action: yield* actionOf(placed, stages, looking) });
    for (const gift of stage.gives) givers.set(gift, index);
  }
  return stages;
});

function readsOf(stage: AnyStage): Readonly<Record<string, string>> {
  return Object.fromEntries(stage.reads.map((path) => [path, contentHash(path)]));
}

/** What renaming and a second use add to a fingerprint; nothing where all names are the handlers' own. */
function renamedIn(
  stage: AnyStage,
  id: string,
  giverOf: (own: string) => AnyStage,
): Fingerprint["renamed"] {
  const gifts = Object.keys(stage.names.needs)
    .map((own) => [own, giftFor(stage, own, giverOf(own))] as const)
    .filter(([own, gift]) => own !== gift);
  if (gifts.length === 0 && id === stage.name) return undefined;
  return { id, inputs: Object.fromEntries(gifts) };
}

/** The ids of a pipeline's stages, in order: name (`sft`, on renamed artifacts `sft@critic`), with `-2`, `-3` from its second use on. */
export function stageIds({ stages }: Pick<Pipeline, "stages">): ReadonlyArray<string> {
  const uses = new Map<string, number>();
  return stages.map((stage) => {
    const name = label(stage);
    const use = (uses.get(name) ?? 0) + 1;
    uses.set(name, use);
    return use === 1 ? name : `${name}-${use}`;
  });
}

const actionOf = Effect.fnUntraced(function* (
  { id, fingerprint, sources }: Omit<PlannedStage, "action">,
  before: ReadonlyArray<PlannedStage>,
  { fresh, verify = false, explain, verified }: Looking,
): Effect.fn.Return<Action, StoreFull | StoreBroken, StageStore> {
  if (fresh?.(id) === true) return { _tag: "Run", why: "asked for by --fresh", fresh: true };
  const store = yield* StageStore;
  const inputs = knownContents(sources, before);
  const options = { inputs, explain, verify: verify || verified.has(id) };
  const found = yield* store.find(fingerprint, options);
  if (found._tag === "Hit") {
    const { outputs, steps, content } = found.result;
    const provided = unsettled(Object.values(sources), before);
    return { _tag: "Hit", outputs, steps, content, provided, ...notesOf(found) };
  }
  const checkpoints = join(store.folder(fingerprint), "checkpoints");
  const { checkpoint } = yield* newest(checkpoints, 0, inputs, "size");
  return checkpoint === undefined
    ? { _tag: "Run", why: found.why }
    : { _tag: "Resume", step: checkpoint.step, why: found.why };
});

const notesOf = ({ notes, verified }: Extract<Lookup, { readonly _tag: "Hit" }>) => ({
  notes,
  verified,
});

/** Content of those inputs that are stored; what still has to run is not known. */
function knownContents(
  sources: Readonly<Record<string, number>>,
  before: ReadonlyArray<PlannedStage>,
): Contents {
  return Object.fromEntries(
    Object.entries(sources).flatMap(([need, source]) => {
      const { action } = before[source]!;
      return action._tag === "Hit" ? [[need, action.content]] : [];
    }),
  );
}

function unsettled(
  sources: ReadonlyArray<number>,
  before: ReadonlyArray<PlannedStage>,
): ReadonlyArray<string> {
  const ids = sources.flatMap((source) => {
    const { id, action } = before[source]!;
    return action._tag === "Hit" ? action.provided : [id];
  });
  return [...new Set(ids)];
}

/** Ids of the stored stages that one which may run takes as input and whose content nobody looked at. */
function consumedUnverified(stages: ReadonlyArray<PlannedStage>): ReadonlyArray<string> {
  const consumers = stages.filter(
    ({ action }) => action._tag !== "Hit" || action.provided.length > 0,
  );
  return consumers
    .flatMap(({ sources }) => Object.values(sources).map((source) => stages[source]!))
    .flatMap(({ id, action }) => (action._tag === "Hit" && !action.verified ? [id] : []));
}

/** One line a stage: id, key, what happens and why. */
export function renderPlan(plan: Plan): string {
  const width = Math.max(...plan.stages.map(({ id }) => id.length));
  const lines = plan.stages.map(
    ({ id, action }) => `  ${id.padEnd(width)}  ${renderAction(action)}`,
  );
  return [`plan of ${plan.pipeline.name} (seed ${plan.pipeline.seed})`, ...lines].join("\n");
}

/** What happens with a stage and why, in words. */
export function renderAction(action: Action): string {
  if (action._tag === "Resume") return `resume   from step ${action.step}`;
  if (action._tag === "Run") return `run      ${action.why}`;
  const what =
    action.provided.length === 0
      ? "nothing to do"
      : `nothing to do if ${action.provided.join(" and ")} comes out as it was`;
  return [`stored   ${what}`, ...action.notes].join("; ");
}
