/** Checks what a tokenizer's file says before a library acts on it: ids, and expressions that may take for ever. Models layer. */
import { folderInvalid } from "./model-folder-invalid.ts";

/** Far above any real vocabulary; a damaged id must not ask for endless tables. */
export const MAX_TOKEN_ID = 2 ** 24;

/** A token with its id, from `added_tokens`. */
interface Added {
  readonly id?: number | null;
  readonly content: string;
}

/**
 * Checks that every token has an id of its own.
 *
 * @param vocab ids by token, or tokens with scores in the order of their ids (Unigram)
 * @returns the largest id
 * Fails: `ModelFolderInvalid`.
 */
export function checkIds(path: string, vocab: unknown, added: ReadonlyArray<Added>): number {
  const owners = new Map<number, string>();
  const own = (token: string, id: unknown, field: string) => {
    if (!Number.isInteger(id) || (id as number) < 0 || (id as number) > MAX_TOKEN_ID) {
      throw folderInvalid(path, field, `${JSON.stringify(token).slice(0, 60)} has no valid id`);
    }
    const other = owners.get(id as number);
    if (other !== undefined && other !== token) {
      const names = [other, token].map((name) => JSON.stringify(name).slice(0, 60)).join(" and ");
      throw folderInvalid(path, field, `${names} have the same id ${id}`);
    }
    owners.set(id as number, token);
  };
  for (const [token, id] of entriesOf(path, vocab)) own(token, id, "model.vocab");
  for (const { content, id } of added) own(content, id, "added_tokens");
  if (owners.size === 0) throw folderInvalid(path, "model.vocab", "is empty");
  return [...owners.keys()].reduce((most, id) => Math.max(most, id), 0);
}

function entriesOf(path: string, vocab: unknown): Iterable<readonly [string, unknown]> {
  if (typeof vocab !== "object" || vocab === null) {
    throw folderInvalid(path, "model.vocab", "is neither an object nor a list");
  }
  if (!Array.isArray(vocab)) return Object.entries(vocab);
  return vocab.map((entry: unknown, id) => {
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number") {
      throw folderInvalid(path, "model.vocab", `entry ${id} is no token with its score`);
    }
    return [entry[0], id] as const;
  });
}

/** Expressions of well-known tokenizers, which take time in proportion to the text. */
const known = new Set([
  // Qwen 2 and 2.5
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  // Llama 3
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
]);

/** Whether a file brings expressions of its own, whose time nobody knows. */
export function hasOwnExpressions(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) =>
    key === "Regex" ? typeof inner !== "string" || !known.has(inner) : hasOwnExpressions(inner),
  );
}
