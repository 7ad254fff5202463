/** Canonical JSON and content hashes: the names under which results are stored. Serves all layers. */
import { createHash } from "node:crypto";

/**
 * JSON with sorted object keys and no spaces, so that equal values give equal text.
 *
 * Keys whose value is `undefined` are left out, as in `JSON.stringify`.
 * Fails: throws `TypeError` on numbers that JSON cannot hold (NaN, infinities) and on functions.
 */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return "null";
  if (typeof value === "function" || (typeof value === "number" && !Number.isFinite(value))) {
    throw new TypeError(`not representable in JSON: ${String(value)}`);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}

/** SHA-256 of text or bytes, 64 hexadecimal characters. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** SHA-256 of a value's canonical JSON: independent of key order. */
export function digest(value: unknown): string {
  return sha256(canonicalJson(value));
}
