/** Reads one JSON file of a model folder and checks it against a schema. Models layer. */
import { readFileSync, statSync } from "node:fs";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { parseBounded } from "../core/bounded-json.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

/** A schema that decodes without services and without effects. */
export type PlainSchema<A> = Schema.ConstraintDecoder<A>;

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1();

/** A key that may be absent or null; Hugging Face writes both for "use the default". */
export const optional = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema));

/** The largest tokenizers known have 35 MB. */
const MAX_BYTES = 2 ** 28;
/** Configurations have about five levels, tokenizers nine. */
const MAX_DEPTH = 64;

/**
 * The text of a file.
 *
 * Fails: `ModelFolderInvalid` when it cannot be read, or has more than `most` bytes.
 */
export function readTextFile(path: string, most = MAX_BYTES): string {
  try {
    const { size } = statSync(path);
    if (size > most) throw new Error(`${size} bytes, more than ${most}`);
    return readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw folderInvalid(path, "", missing ? "file not found" : `unreadable: ${messageOf(error)}`);
  }
}

/**
 * The parsed content of a JSON file, unchecked.
 *
 * Fails: `ModelFolderInvalid` when it cannot be read, is not JSON, or is nested too deep.
 */
export function readJsonFile(path: string): unknown {
  const parsed = parseBounded(readTextFile(path), MAX_DEPTH);
  if ("problem" in parsed) throw folderInvalid(path, "", parsed.problem);
  return parsed.value;
}

/**
 * Decodes `value`, found in the file `path` under the key prefix `at` ("" for the whole file).
 *
 * Fails: `ModelFolderInvalid` naming the first field that does not fit.
 */
export function decodeJson<A>(schema: PlainSchema<A>, value: unknown, path: string, at = ""): A {
  const result = Schema.decodeUnknownResult(schema)(value);
  if (Result.isSuccess(result)) return result.success;
  const first = formatIssue(result.failure.issue).issues[0];
  const keys = (first?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key));
  const field = [...(at === "" ? [] : [at]), ...keys].join(".");
  throw folderInvalid(path, field, first?.message ?? "invalid");
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
