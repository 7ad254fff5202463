/** What goes to stdout and what to stderr: words for people never among JSON for programs. CLI. */
import { basename } from "node:path";
import { eventText } from "../runtime/events.ts";
import type { Attend } from "../runtime/observer.ts";
import type { Args } from "./args.ts";

type Form = Pick<Args, "json" | "events">;

/** Errors, in words. */
export const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** Where words for people go: not among the JSON of stdout, nor among the events of stderr. */
export function speaker({ json, events }: Form): (text: string) => void {
  if (!json) return (text) => void process.stdout.write(`${text}\n`);
  return events ? () => {} : complain;
}

/** Writes each event as a line of JSON to stderr. */
export const eventWriter: Attend = (runDir) => ({
  hear: (event) => complain(eventText(basename(runDir), event)),
});
