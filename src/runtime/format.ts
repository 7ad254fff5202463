/** `format.json`: which layout a store has. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "./files.ts";
import { readSealed, seal, type Unsealed } from "./sealed.ts";

/** Raised when the layout changes in a way older code or stores cannot follow. */
const storeFormat = 2;

/**
 * Formats without a seal that a store is taken over from. Results of format 1 have keys of another code
 * hash: they are not found, and run again. Its runs stay readable.
 */
const takenOver: ReadonlySet<unknown> = new Set([1]);

/**
 * Makes the folder `root` a store of this format, or checks that it is one.
 *
 * A mark that is lost is written anew: every result vouches for itself.
 * Throws when the mark is damaged, or of a format this version does not know.
 */
export function checkFormat(root: string): void {
  fs.mkdirSync(join(root, "stages"), { recursive: true });
  const path = join(root, "format.json");
  const found = readSealed(path);
  if (found === "damaged") throw damaged();
  const older = found !== "missing" && !found.sealed && takenOver.has(formatIn(found));
  if (found === "missing" || older) writeAtomic(path, seal({ format: storeFormat }));
  else refuseOthers(found);
}

function refuseOthers(found: Unsealed): void {
  const format = formatIn(found);
  const known = format === storeFormat || takenOver.has(format);
  if (format === storeFormat && found.sealed) return;
  if (known || typeof format !== "number") throw damaged();
  const maker = format > storeFormat ? "by a newer version of rcpa, " : "";
  throw new Error(
    `this store was made ${maker}in format ${format}, this version reads ${storeFormat}; ${hint}`,
  );
}

const hint = "choose another folder with --out";

function damaged(): Error {
  return new Error(`format.json is damaged, so nothing here is used; ${hint}, or delete that file`);
}

function formatIn({ value }: Unsealed): unknown {
  const isRecord = typeof value === "object" && value !== null;
  return isRecord && "format" in value ? value.format : undefined;
}
