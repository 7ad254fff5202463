/** `result.json`: the commit mark of a stage, what it gave and what it was made of. Serves the runtime layer. */
import * as fs from "node:fs";
import { isAbsolute, join } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { digest } from "../core/digest.ts";
import { Expense } from "./expense.ts";
import { FileEntry, firstDamage, hashFile, writeAtomic } from "./files.ts";
import { mapStrings } from "./reference.ts";
import { readSealed, seal } from "./sealed.ts";

const resultFormat = 2;
const fileName = "result.json";

/** Without a whole one, the stage did not happen. */
const StageResult = Schema.Struct({
  format: Schema.Literal(resultFormat),
  outputs: Schema.Record(Schema.String, Schema.Unknown),
  /** The files below `out`. */
  files: Schema.Array(FileEntry),
  /** What else tells of the stage: metrics, measurements, samples. */
  beside: Schema.Array(FileEntry),
  /** Content of each artifact it was made from, by need; see `contentOf`. */
  inputs: Schema.Record(Schema.String, Schema.String),
  /** Loop steps done over all attempts; 0 for a stage without a loop. */
  steps: Schema.Int,
  /** Wall time of the attempt that finished it. */
  seconds: Schema.Finite,
  /** Cost of all that led to it, steps of earlier attempts included; none in results of before it was measured. */
  spent: Schema.optionalKey(Expense),
});
export type StageResult = typeof StageResult.Type;

const decode = Schema.decodeUnknownOption(StageResult);

/** Writes the result of the stage folder `dir`, with the files beside it. Throws file-system errors. */
export function writeResult(
  dir: string,
  result: Omit<StageResult, "format" | "beside">,
): StageResult {
  const beside = fs
    .readdirSync(dir)
    .filter((name) => name.endsWith(".jsonl"))
    .map((path) => ({ path, ...hashFile(join(dir, path)) }));
  const whole = { format: resultFormat, ...result, beside } as const;
  writeAtomic(join(dir, fileName), seal(whole));
  return whole;
}

/** The result of the stage folder `dir`, or in words why it cannot be used. */
export function readResult(dir: string): StageResult | "missing" | string {
  const found = readSealed(join(dir, fileName));
  if (found === "missing") return found;
  const result = found === "damaged" ? undefined : Option.getOrUndefined(decode(found.value));
  return result !== undefined && found !== "damaged" && found.sealed
    ? result
    : `its ${fileName} is damaged`;
}

/** Results up to this size are hashed at each hit, which takes about 0.15 s at most. */
const hashedBytes = 256 * 1024 ** 2;

/** What is wrong with the files of a result in `dir`, and whether their content was looked at. */
export function damageOf(
  dir: string,
  { files }: StageResult,
  thorough: boolean,
): { readonly damage: string | undefined; readonly verified: boolean } {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const verified = thorough || bytes <= hashedBytes;
  return { damage: firstDamage(join(dir, "out"), files, verified ? "hash" : "size"), verified };
}

/** The first damage among the files beside a result: they take no part in it. */
export function damageBeside(dir: string, { beside }: StageResult): string | undefined {
  return firstDamage(dir, beside, "hash");
}

/**
 * A hash of what a stage gave: outputs and the content of its files. Two runs of one stage that agree
 * in it are interchangeable. Places outside the store do not count; their content is part of the key.
 */
export function contentOf({ outputs, files }: Pick<StageResult, "outputs" | "files">): string {
  const placeless = mapStrings(outputs, (text) => (isAbsolute(text) ? "@outside" : text));
  return digest([placeless, files.map(({ path, sha256 }) => [path, sha256])]).slice(0, 16);
}
