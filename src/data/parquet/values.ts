/** Values of Parquet columns as JSON has them; bytes stay bytes. Data layer. */
import { parseBounded } from "../../core/bounded-json.ts";

/** What stands for a text that cannot be read, until the row is looked at. */
class Unreadable {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function text(bytes: Uint8Array | undefined) {
  if (bytes == null) return bytes;
  try {
    return decoder.decode(bytes);
  } catch {
    return new Unreadable("is not in UTF-8");
  }
}

function json(bytes: Uint8Array | undefined) {
  const read = text(bytes);
  if (typeof read !== "string") return read;
  const parsed = parseBounded(read);
  return "value" in parsed ? parsed.value : new Unreadable(parsed.problem);
}

/** Parsers that keep what is wrong to the row it is in. Maps and shapes on the earth stay bytes. */
export const parsers = {
  stringFromBytes: text,
  jsonFromBytes: json,
  geometryFromBytes: (bytes: Uint8Array) => bytes,
  geographyFromBytes: (bytes: Uint8Array) => bytes,
};

type Json =
  | { readonly value: Readonly<Record<string, unknown>> }
  | { readonly problem: string; readonly field: string };

/** A decoded row; nulls are null, whole numbers that no double holds become texts. */
export function asJson(row: object): Json {
  const value: Record<string, unknown> = {};
  for (const [field, held] of Object.entries(row)) {
    try {
      value[field] = plain(held, 0);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      return { problem: error.problem, field };
    }
  }
  return { value };
}

const MAX_DEPTH = 32;

function plain(value: unknown, depth: number): unknown {
  if (value == null) return null;
  if (value instanceof Unreadable) throw value;
  if (typeof value === "bigint")
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  if (typeof value !== "object" || value instanceof Uint8Array) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth > MAX_DEPTH) throw new Unreadable("is nested too deep");
  if (ArrayBuffer.isView(value)) return [...(value as Int32Array)];
  if (Array.isArray(value)) return value.map((one) => plain(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, plain(one, depth + 1)]),
  );
}
