/** Parts of a pipeline to run: which names mean a stage, what is cut off, what has to be stored. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import { editDistance } from "../core/spelling.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import { type Plan, type PlanOptions, stageIds } from "./plan.ts";

/** What a user asks for besides the whole pipeline; stages by their ids. */
export interface Selection {
  /** Stages that run even if they are stored. */
  readonly fresh: "all" | ReadonlyArray<string>;
  /** Everything before this stage comes from the store. */
  readonly from: string | undefined;
  /** Everything after this stage is left out. */
  readonly until: string | undefined;
  readonly verify: boolean;
}

/** A stage before the one to start from is not stored. Nothing ran; exit code 2. */
export class NotStored extends Schema.TaggedError<NotStored>()("NotStored", {
  from: Schema.String,
  /** Id and reason of each missing stage. */
  missing: Schema.Array(Schema.Struct({ id: Schema.String, why: Schema.String })),
}) {
  override get message(): string {
    const list = this.missing.map(({ id, why }) => `\n  ${id}: ${why}`).join("");
    return `cannot start from ${this.from}: not everything before it is stored${list}\nleave the option out, and what is missing runs as well`;
  }
}

/** What is wrong with a selection, for the user; undefined when it fits the pipeline. */
export function misfit(pipeline: Pipeline, selection: Selection): string | undefined {
  const ids = stageIds(pipeline);
  const { fresh, from, until } = selection;
  const named = [...(fresh === "all" ? [] : fresh), from, until];
  const unknown = named.find((id) => id !== undefined && !ids.includes(id));
  if (unknown !== undefined) {
    const list = `stages: ${ids.join(", ")}`;
    return `${pipeline.name} has no stage "${unknown}"; did you mean ${nearest(unknown, ids)}? ${list}`;
  }
  const [first, last] = bounds(ids, selection);
  if (first > last) return `${from} comes after ${until}: nothing is left to run`;
  const outside = (fresh === "all" ? [] : fresh).find(
    (id) => !within(ids.indexOf(id), first, last),
  );
  return outside === undefined
    ? undefined
    : `${outside} cannot be fresh: it is not among the stages to run, ${ids[first]} to ${ids[last]}`;
}

/** The pipeline up to the last stage to run. Budgets on an evaluation that is cut off are not asked for. */
export function cut(pipeline: Pipeline, { until }: Selection): Pipeline {
  if (until === undefined) return pipeline;
  const stages = pipeline.stages.slice(0, stageIds(pipeline).indexOf(until) + 1);
  const evaluates = stages.some(({ gives }) => gives.includes("evaluation"));
  const asked = Object.entries(pipeline.budgets).filter(([name]) => evaluates || /^max/.test(name));
  return { ...pipeline, stages, budgets: Object.fromEntries(asked) };
}

/** How to plan the cut pipeline; only stages to run are ever fresh. */
export function planOptions(pipeline: Pipeline, selection: Selection): PlanOptions {
  const ids = stageIds(pipeline);
  const { fresh, verify } = selection;
  const [first, last] = bounds(ids, selection);
  return {
    verify,
    fresh: (id) => within(ids.indexOf(id), first, last) && (fresh === "all" || fresh.includes(id)),
  };
}

/** Why a plan does not keep to the selection: something before its first stage would have to run. */
export function notStored({ stages }: Plan, { from }: Selection): NotStored | undefined {
  if (from === undefined) return undefined;
  const before = stages.slice(
    0,
    stages.findIndex(({ id }) => id === from),
  );
  const missing = before.flatMap(({ id, action }) =>
    action._tag === "Hit" ? [] : [{ id, why: action.why }],
  );
  return missing.length === 0 ? undefined : new NotStored({ from, missing });
}

function bounds(ids: ReadonlyArray<string>, { from, until }: Selection): readonly [number, number] {
  const first = from === undefined ? 0 : ids.indexOf(from);
  return [first, until === undefined ? ids.length - 1 : ids.indexOf(until)];
}

function within(index: number, first: number, last: number): boolean {
  return index >= first && index <= last;
}

function nearest(word: string, ids: ReadonlyArray<string>): string {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "");
  const edits = (id: string) => editDistance(plain(word), plain(id));
  return [...ids].sort((a, b) => edits(a) - edits(b))[0] ?? "none";
}
