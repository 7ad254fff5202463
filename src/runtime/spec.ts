/** `spec.json`: what a stage folder's result depends on, to explain a miss. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { writeAtomic } from "./files.ts";
import { differences, Fingerprint, keyOf } from "./fingerprint.ts";
import { readSealed, seal } from "./sealed.ts";

const fileName = "spec.json";
const decode = Schema.decodeUnknownOption(Fingerprint);

/** Writes the fingerprint into the stage folder `dir`. Throws file-system errors. */
export function writeSpec(dir: string, fingerprint: Fingerprint): void {
  writeAtomic(join(dir, fileName), seal(fingerprint));
}

/** The fingerprint in the stage folder `dir`; undefined when none can be read there. */
function readSpec(dir: string): Fingerprint | undefined {
  const found = readSealed(join(dir, fileName));
  return typeof found === "string" || !found.sealed
    ? undefined
    : Option.getOrUndefined(decode(found.value));
}

/** Writes the spec of a result anew when it is not as it was; says so. */
export function mendSpec(dir: string, fingerprint: Fingerprint): string | undefined {
  const found = readSpec(dir);
  if (found !== undefined && keyOf(found) === keyOf(fingerprint)) return undefined;
  try {
    writeSpec(dir, fingerprint);
    return `its ${fileName} was damaged and is written anew`;
  } catch {
    return `its ${fileName} is damaged`;
  }
}

/** Says why there is no result for a fingerprint, by what is nearest to it among earlier ones. */
export type Explain = (fingerprint: Fingerprint) => string;

/** Reads the earlier fingerprints of a stage below `stages` once: make one for each plan. */
export function openExplanations(stages: string): Explain {
  const known = new Map<string, ReadonlyArray<Fingerprint | undefined>>();
  return (fingerprint) => {
    const { name } = fingerprint;
    const earlier = known.get(name) ?? newestFirst(stages, name).map(readSpec);
    known.set(name, earlier);
    const nearest = earlier
      .flatMap((spec) => (spec === undefined ? [] : [differences(spec, fingerprint)]))
      .filter(({ length }) => length > 0)
      .sort((a, b) => a.length - b.length)[0];
    if (nearest !== undefined) return nearest[0]!;
    return earlier.length === 0 ? "never run" : "never run in this version of the store";
  };
}

function newestFirst(stages: string, name: string): ReadonlyArray<string> {
  return fs
    .readdirSync(stages)
    .filter((folder) => folder.startsWith(`${name}-`))
    .map((folder) => join(stages, folder))
    .map((dir) => ({ dir, at: fs.statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at)
    .map(({ dir }) => dir);
}
