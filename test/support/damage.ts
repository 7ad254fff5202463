/** Damages texts, JSON values and bytes at random, for tests of readers that trust nothing. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { RandomStream } from "../../src/core/seed.ts";

/** Where a file written ten thousand times over costs no disk. */
const quickRoot = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A folder there for the damaged files of a test file, which may fail in thousands; it goes with the tests. */
export function folderForDamage(): string {
  const dir = mkdtempSync(join(quickRoot, "rcpa-damaged-"));
  const { stackTraceLimit } = Error;
  // Thousands of errors are made, and nobody reads where.
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = stackTraceLimit;
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

/** What damage puts in. */
export interface Damage {
  /** Into texts. */
  readonly pieces: ReadonlyArray<string>;
  /** In place of leaves and branches. */
  readonly values: ReadonlyArray<unknown>;
}

/** Numbers and kinds that configurations do not expect. */
export const oddValues: ReadonlyArray<unknown> = [
  ...[null, true, "", [], {}, [[]], [null], "x".repeat(1000), -1, 0, 0.5, 1e308, 2 ** 31, 2 ** 53],
  ...["__proto__", "\ud800", "../../x", { __proto__: null, type: "x" }, Number.MAX_SAFE_INTEGER],
];

/** The text with one piece put in, taken out, or doubled. */
export function damagedText(
  text: string,
  random: RandomStream,
  pieces: ReadonlyArray<string>,
): string {
  const [from, to] = [random.integer(text.length + 1), random.integer(text.length + 1)].sort(
    (a, b) => a - b,
  );
  const middle = [random.pick(pieces), "", text.slice(from, to).repeat(2)][random.integer(3)]!;
  return text.slice(0, from) + middle + text.slice(random.integer(2) === 0 ? from : to);
}

/** The value with one of its leaves or branches changed. */
export function damaged(value: unknown, random: RandomStream, damage: Damage): unknown {
  const { pieces, values } = damage;
  if (random.integer(12) === 0) return random.pick(values);
  if (typeof value === "string") return damagedText(value, random, pieces);
  if (Array.isArray(value) && value.length > 0) {
    const at = random.integer(value.length);
    const one = damaged(value[at], random, damage);
    return random.integer(4) === 0 ? [...value, one] : value.with(at, one);
  }
  if (typeof value !== "object" || value === null) return random.pick(values);
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(values);
  const key = random.pick(keys);
  const { [key]: field, ...rest } = value as Record<string, unknown>;
  if (random.integer(8) === 0) return rest;
  const other = random.integer(8) === 0 ? random.pick(keys) : key;
  return { ...rest, [other]: damaged(field, random, damage) };
}

/** The bytes with a few of them changed, or a part cut out or off. */
export function damagedBytes(bytes: Buffer, random: RandomStream): Buffer {
  if (random.integer(6) === 0) return bytes.subarray(0, random.integer(bytes.length));
  if (random.integer(8) === 0) {
    const from = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.integer(8))]);
  }
  const changed = Buffer.from(bytes);
  for (let times = random.integer(4); times >= 0; times--) {
    changed[random.integer(changed.length)] = random.integer(256);
  }
  return changed;
}
