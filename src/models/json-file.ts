/** Reads one JSON file of a model folder and checks it against a schema. Models layer. */
import { readFileSync } from "node:fs";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { folderInvalid } from "./model-folder-invalid.ts";

/** A schema that decodes without services and without effects. */
export type PlainSchema<A> = Schema.ConstraintDecoder<A>;

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1();

/** A key that may be absent or null; Hugging Face writes both for "use the default". */
export const optional = <S extends Schema.Constraint>(schema: S) =>
  Schema.optionalKey(Schema.NullOr(schema));

/**
 * The text of a file.
 *
 * Fails: `ModelFolderInvalid` when it cannot be read.
 */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw folderInvalid(path, "", missing ? "file not found" : `unreadable: ${messageOf(error)}`);
  }
}

/**
 * The parsed content of a JSON file, unchecked.
 *
 * Fails: `ModelFolderInvalid` when it cannot be read or is not JSON.
 */
export function readJsonFile(path: string): unknown {
  const text = readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw folderInvalid(path, "", `not valid JSON: ${messageOf(error)}`);
  }
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
