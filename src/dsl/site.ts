/** Where a definition was written, read from the call stack. Serves the definition layer. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Site } from "./issue.ts";

const here = dirname(fileURLToPath(import.meta.url));
const frame = /(?:\(|at )((?:file:\/\/)?\/?[^()]+?):(\d+):(\d+)\)?$/;

/** The nearest caller outside the definition layer itself; undefined when the stack does not tell. */
export function callSite(): Site | undefined {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 12;
  Error.captureStackTrace(holder, callSite);
  const sites = (holder.stack ?? "").split("\n").slice(1).map(parseFrame);
  Error.stackTraceLimit = limit;
  return sites.find((site) => site !== undefined && dirname(site.file) !== here);
}

function parseFrame(line: string): Site | undefined {
  const match = frame.exec(line.trim());
  if (match === null) return undefined;
  const [, place, row, column] = match as unknown as [string, string, string, string];
  const file = place.startsWith("file://") ? fileURLToPath(place.split("?")[0]!) : place;
  return { file, line: Number(row), column: Number(column) };
}
