/** Everything a report is made of, read from a run's folder and the stages it names. Report layer. */
import { join, resolve } from "node:path";
import type { Event } from "../runtime/events.ts";
import { type RunHistory, readRun } from "../runtime/history.ts";
import { type Measure, measuresFile, readMeasures } from "../runtime/measures.ts";
import { readSamples, type SampleLine, samplesFile } from "../runtime/samples.ts";
import type { StageHistory } from "../runtime/stage-history.ts";
import { readSteps, type StepLine } from "../runtime/steps.ts";
import { readTrace, type Trace } from "../runtime/trace.ts";

/** A stage of the run with all it recorded. */
export interface StageMaterial extends StageHistory {
  /** Why it had to run; empty when it was stored or not reached. */
  readonly why: string;
  readonly lines: ReadonlyArray<StepLine>;
  readonly samples: ReadonlyArray<SampleLine>;
  readonly measures: ReadonlyArray<Measure>;
  /** Steps of the run before the stage's first. */
  readonly offset: number;
}

/** A run to report on. */
export interface Material {
  readonly run: RunHistory;
  readonly stages: ReadonlyArray<StageMaterial>;
  /** Steps of all stages. */
  readonly steps: number;
  /** What the run told in its order, without the progress of each step. */
  readonly told: Trace["lines"];
  /** What the run said at its end; undefined when it did not get there. */
  readonly end: Extract<Event, { readonly _tag: "RunDone" }> | undefined;
}

/** Reads the run in the folder `runDir`; what is missing or damaged is left out. Throws file-system errors. */
export function readMaterial(runDir: string): Material {
  const run = readRun(resolve(runDir), resolve(runDir, "../.."));
  const { lines: told } = readTrace(runDir);
  const events = told.map(({ event }) => event);
  const reasons = new Map(
    events.flatMap((event) =>
      event._tag === "StageStarted" ? [[event.stage, event.why] as const] : [],
    ),
  );
  const end = events.find((event) => event._tag === "RunDone");
  let offset = 0;
  const stages = run.stages.map((stage): StageMaterial => {
    const reached = stage.key !== "" && stage.state !== "not reached";
    const file = (name: string) => join(stage.dir, name);
    const material = {
      ...stage,
      why: reasons.get(stage.id) ?? "",
      lines: reached ? readSteps(file("steps.jsonl")) : [],
      samples: reached ? readSamples(file(samplesFile)) : [],
      measures: reached ? readMeasures(file(measuresFile)) : [],
      offset,
    };
    offset += material.lines.length;
    return material;
  });
  return { run, stages, steps: offset, told, end };
}
