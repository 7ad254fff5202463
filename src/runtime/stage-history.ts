/** What became of each stage of a past run. Serves the runtime layer. */
import type { Event } from "./events.ts";
import type { RunRecord } from "./record.ts";
import type { StoredStage } from "./stored.ts";
import type { Trace } from "./trace.ts";

/** Where a stage's result came from, or how far it got. */
export type StageState =
  | "stored"
  | "computed"
  | "failed"
  | "interrupted"
  | "running"
  | "not reached";

/** One stage of a past run. What is not known is null. */
export interface StageHistory {
  /** Its name within the pipeline, with `-2`, `-3` from the second use on. */
  readonly id: string;
  /** Its folder's name in the store; empty when it was never reached and `run.json` cannot be read. */
  readonly key: string;
  /** Absolute path of its folder in the store. */
  readonly dir: string;
  readonly state: StageState;
  /** Wall time of making the result, in an earlier run for a stored one. */
  readonly seconds: number | null;
  readonly steps: number;
  /** Attempts in this run. */
  readonly attempts: number;
  /** The step whose checkpoint this run went on from. */
  readonly resumedAfter: number | null;
  readonly notes: ReadonlyArray<string>;
  readonly failure: { readonly error: string; readonly detail: string } | null;
  /** Means over the last ten steps, empty without steps. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Tells each stage's part of the run; metrics are left empty. */
export function stageHistories(
  record: RunRecord | null,
  trace: Trace,
  inStore: (key: string) => StoredStage,
  running: boolean,
): ReadonlyArray<StageHistory> {
  const events = eventsByStage(trace);
  const planned = record?.stages ?? [...events.keys()].map((id) => ({ id, key: "" }));
  return planned.map(({ id, key }) => {
    const own = events.get(id) ?? [];
    return historyOf(id, key || keyIn(own), own, trace, inStore, running);
  });
}

type StageEvent = Extract<Event, { readonly stage: string }>;

function eventsByStage({ lines }: Trace): ReadonlyMap<string, ReadonlyArray<StageEvent>> {
  const byStage = new Map<string, Array<StageEvent>>();
  for (const { event } of lines) {
    if (!("stage" in event)) continue;
    const known = byStage.get(event.stage);
    if (known === undefined) byStage.set(event.stage, [event]);
    else known.push(event);
  }
  return byStage;
}

function keyIn(events: ReadonlyArray<StageEvent>): string {
  return events.flatMap((event) => ("key" in event ? [event.key] : []))[0] ?? "";
}

function historyOf(
  id: string,
  key: string,
  events: ReadonlyArray<StageEvent>,
  trace: Trace,
  inStore: (key: string) => StoredStage,
  running: boolean,
): StageHistory {
  const { dir, result } = inStore(key);
  const state = stateOf(events, running);
  const has = (tag: StageEvent["_tag"]) => events.filter(({ _tag }) => _tag === tag);
  const settled = state === "stored" || state === "computed";
  const done = events.find((event) => event._tag === "StageDone");
  const resumed = events.find((event) => event._tag === "StageResumed");
  const failed = events.findLast((event) => event._tag === "StageFailed");
  return {
    id,
    key,
    dir,
    state,
    seconds: done?.seconds ?? (settled ? result?.seconds : undefined) ?? null,
    steps: done?.steps ?? (settled ? result?.steps : trace.progress.get(id)?.step) ?? 0,
    attempts: has("StageStarted").length,
    resumedAfter: resumed?.step ?? null,
    notes: events.flatMap((event) => (event._tag === "StageNote" ? [event.text] : [])),
    failure: state === "failed" && failed ? { error: failed.error, detail: failed.detail } : null,
    metrics: {},
  };
}

function stateOf(events: ReadonlyArray<StageEvent>, running: boolean): StageState {
  const states = events.flatMap((event): ReadonlyArray<StageState> => {
    if (event._tag === "StageDone") return ["computed"];
    if (event._tag === "StageCached") return ["stored"];
    if (event._tag === "StageFailed") return ["failed"];
    if (event._tag === "StageInterrupted") return ["interrupted"];
    return event._tag === "StageStarted" ? [running ? "running" : "interrupted"] : [];
  });
  return states.at(-1) ?? "not reached";
}
