/** A run's numbers as TensorBoard event files, one TensorBoard run a stage, written while it goes. Report layer. */
import * as fs from "node:fs";
import { join, resolve } from "node:path";
import type { Event } from "../runtime/events.ts";
import { measuresFile, readMeasures } from "../runtime/measures.ts";
import { readSteps } from "../runtime/steps.ts";
import { tagOf } from "./curves.ts";
import { openingRecord, scalarRecord } from "./event-record.ts";

/** The stage whose numbers come in. */
interface Current {
  readonly stage: string;
  /** Its folder in the store. */
  readonly stored: string;
  readonly file: string;
  /** Its steps so far. */
  steps: number;
}

/**
 * Hears a run's events and writes `tensorboard/N-STAGE/` below `runDir`; steps count on from stage to stage.
 *
 * Stored stages are written from what the store kept, resumed ones from their first step on.
 * Fails: the listener throws file-system errors.
 */
export function tensorboard(runDir: string, now: () => number = Date.now): (event: Event) => void {
  let [before, stages] = [0, 0];
  let current: Current | undefined;
  const begin = (stage: string, key: string) => {
    // A further attempt replaces what the one before it wrote.
    if (current?.stage !== stage) stages += 1;
    const dir = join(runDir, "tensorboard", `${stages}-${stage}`);
    fs.rmSync(dir, { recursive: true, force: true });
    const seconds = String(Math.floor(now() / 1000)).padStart(10, "0");
    const file = join(dir, `events.out.tfevents.${seconds}.rcpa`);
    current = { stage, stored: join(resolve(runDir, "../.."), "stages", key), file, steps: 0 };
    return current;
  };
  const write = ({ file, steps }: Current, metrics: Readonly<Record<string, number>>) => {
    const values = Object.entries(metrics).map(([name, value]) => [tagOf(name), value] as const);
    if (values.length === 0) return;
    const wallTime = now() / 1000;
    if (!fs.existsSync(file)) {
      fs.mkdirSync(join(file, ".."), { recursive: true });
      fs.writeFileSync(file, openingRecord(wallTime));
    }
    fs.appendFileSync(file, scalarRecord({ wallTime, step: before + steps, values }));
  };
  const catchUp = (stage: Current) => {
    for (const { metrics } of readSteps(join(stage.stored, "steps.jsonl"))) {
      stage.steps += 1;
      write(stage, metrics);
    }
  };
  const end = () => {
    before += current?.steps ?? 0;
    current = undefined;
  };
  return (event) => {
    if (event._tag === "StageCached") {
      const stage = begin(event.stage, event.key);
      catchUp(stage);
      for (const { metrics } of readMeasures(join(stage.stored, measuresFile))) {
        write(stage, measured(metrics));
      }
      end();
    } else if (event._tag === "StageStarted") begin(event.stage, event.key);
    else if (current === undefined) return;
    else if (event._tag === "StageResumed" && current.steps === 0) catchUp(current);
    else if (event._tag === "StageProgress" && Object.keys(event.metrics).length > 0) {
      current.steps += 1;
      write(current, event.metrics);
    } else if (event._tag === "StageMeasured") write(current, measured(event.metrics));
    else if (event._tag === "StageDone") end();
  };
}

const measured = (metrics: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [`validation/${name}`, value] as const),
  );
