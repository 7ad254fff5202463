/** What `events.jsonl` tells about a run, however damaged the file is. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { type Event, EventLine } from "./events.ts";
import { unsealLine } from "./sealed.ts";

type Progress = Extract<Event, { readonly _tag: "StageProgress" }>;

/** The events of a run without the progress of each step, of which only the last one counts here. */
export interface Trace {
  /** In the file's order. */
  readonly lines: ReadonlyArray<typeof EventLine.Type>;
  /** The last progress of each stage that reported any. */
  readonly progress: ReadonlyMap<string, Progress>;
  /** When the last event was written, ISO 8601; undefined without any. */
  readonly endedAt: string | undefined;
  /** What is wrong with the file, in words. */
  readonly problems: ReadonlyArray<string>;
}

const fileName = "events.jsonl";
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(EventLine)));

/** Reads the events of the run in `runDir`; a line that cannot be read is counted and left out. */
export function readTrace(runDir: string): Trace {
  const path = join(runDir, fileName);
  if (!fs.existsSync(path)) {
    return { ...assemble([], []), problems: [`${fileName} is missing`] };
  }
  const texts = fs.readFileSync(path, "utf8").split("\n");
  const numbered = texts.flatMap((text, index) => (text === "" ? [] : [{ text, at: index + 1 }]));
  const last = lastProgress(numbered);
  const [lines, torn]: [Array<typeof EventLine.Type>, Array<number>] = [[], []];
  for (const { text, at } of numbered) {
    if (isProgress(text) && !last.has(at) && text.endsWith("}")) continue;
    const line = decode(unsealLine(text));
    if (Option.isSome(line)) lines.push(line.value);
    else torn.push(at);
  }
  return assemble(lines, torn);
}

/** Progress is nearly all of the file; decoding one line of each stage keeps a list of many runs quick. */
const isProgress = (text: string) => text.includes('"_tag":"StageProgress"');

function lastProgress(
  lines: ReadonlyArray<{ readonly text: string; readonly at: number }>,
): ReadonlySet<number> {
  const last = new Map<string, number>();
  for (const { text, at } of lines) {
    const stage = isProgress(text) && text.endsWith("}") && /"stage":"([^"]*)"/.exec(text)?.[1];
    if (typeof stage === "string") last.set(stage, at);
  }
  return new Set(last.values());
}

function assemble(lines: ReadonlyArray<typeof EventLine.Type>, torn: ReadonlyArray<number>): Trace {
  const progress = new Map<string, Progress>();
  for (const { event } of lines) {
    if (event._tag === "StageProgress") progress.set(event.stage, event);
  }
  const count = torn.length === 1 ? "1 line" : `${torn.length} lines`;
  return {
    lines: lines.filter(({ event }) => event._tag !== "StageProgress"),
    progress,
    endedAt: lines.at(-1)?.time,
    problems:
      torn.length === 0 ? [] : [`${fileName}: ${count} cannot be read, first line ${torn[0]}`],
  };
}
