/** How the device's fused parameters and a checkpoint's tensors map onto each other. Models layer. */
import type { NamedArray, PiecewiseArray } from "../core/named-array.ts";
import type { Parameters } from "../tensor/parameters.ts";
import type { VlmConfig } from "./config.ts";
import { familyOf } from "./families/family.ts";
import { type Kind, type Slot, textSlots } from "./slots.ts";

/** The parts of a model that can be frozen. */
export type Part = "vision" | "projector" | "text";

/** The part that a device parameter belongs to. */
export function partOf(name: string): Part {
  if (name.startsWith("vision.merger.")) return "projector";
  return name.startsWith("vision.") ? "vision" : "text";
}

/** The parameters outside the frozen parts: those to give to `gradients`. */
export function unfrozen(parameters: Parameters, frozen: ReadonlyArray<Part>): Parameters {
  return new Map([...parameters].filter(([name]) => !frozen.includes(partOf(name))));
}

/** Every device parameter of a model of this shape, in the order of computation. */
export function slots(config: VlmConfig): ReadonlyArray<Slot> {
  const { visionSlots, textPrefix } = familyOf(config);
  return [...visionSlots(config.vision), ...textSlots(config.text, textPrefix)];
}

/** A checkpoint's tensors by canonical name, whole or in pieces. */
export interface Checkpoint {
  readonly get: (name: string) => NamedArray | PiecewiseArray | undefined;
}

/**
 * Checkpoint tensors → device arrays, made one by one as they are asked for: all of them together are as large as the
 * checkpoint. They share nothing with it.
 */
export function* fuse(
  config: VlmConfig,
  checkpoint: Checkpoint,
): Generator<readonly [name: string, array: NamedArray]> {
  for (const { name, kind, sources } of slots(config)) {
    const tensors = sources.map((source) => checkpoint.get(source)!);
    yield [name, fuseSlot(kind, tensors)];
  }
}

function fuseSlot(kind: Kind, sources: ReadonlyArray<NamedArray | PiecewiseArray>): NamedArray {
  const rows = sources.map(({ shape }) => shape[0]!);
  const elements = sources.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  const data = new Float32Array(elements.reduce((sum, count) => sum + count, 0));
  const width = rows.reduce((sum, count) => sum + count, 0);
  const depth = data.length / width;
  const turned = kind === "matrix" || kind === "patch";
  let row = 0;
  for (const source of sources) {
    for (const piece of "data" in source ? [source.data] : source.pieces()) {
      const count = piece.length / depth;
      if (turned) copyTransposed(piece, count, depth, data, width, row);
      else data.set(piece, row * depth);
      row += count;
    }
  }
  if (kind === "table") return { shape: sources[0]!.shape, data };
  return { shape: kind === "vector" ? [width] : [depth, width], data };
}

/** Rows and columns that a matrix is turned by: what is read and what is written stay in the processor's cache. */
const TILE = { rows: 128, columns: 16 };

/** Writes a [rows, depth] matrix into columns `offset…` of a [depth, width] one. */
function copyTransposed(
  from: Float32Array,
  rows: number,
  depth: number,
  to: Float32Array,
  width: number,
  offset: number,
): void {
  for (let top = 0; top < rows; top += TILE.rows) {
    const bottom = Math.min(rows, top + TILE.rows);
    for (let left = 0; left < depth; left += TILE.columns) {
      const right = Math.min(depth, left + TILE.columns);
      for (let i = left; i < right; i++) {
        copyColumn(from, top * depth + i, depth, to, i * width + offset + top, bottom - top);
      }
    }
  }
}

/** Copies `count` values, `stride` apart, to a row; four at a time, which halves what the loop itself costs. */
function copyColumn(
  from: Float32Array,
  first: number,
  stride: number,
  to: Float32Array,
  start: number,
  count: number,
): void {
  let [source, target] = [first, start];
  for (const whole = start + count - (count % 4); target < whole; target += 4) {
    to[target] = from[source]!;
    to[target + 1] = from[source + stride]!;
    to[target + 2] = from[source + 2 * stride]!;
    to[target + 3] = from[source + 3 * stride]!;
    source += 4 * stride;
  }
  for (; target < start + count; target++) {
    to[target] = from[source]!;
    source += stride;
  }
}

/**
 * Device arrays → checkpoint tensors; the inverse of `fuse`.
 *
 * @param shapes the checkpoint's tensor shapes by name
 */
export function split(
  config: VlmConfig,
  device: ReadonlyMap<string, NamedArray>,
  shapes: ReadonlyMap<string, ReadonlyArray<number>>,
): Map<string, NamedArray> {
  const checkpoint = new Map<string, NamedArray>();
  for (const { name, kind, sources } of slots(config)) {
    const fused = device.get(name)!;
    let offset = 0;
    for (const source of sources) {
      const shape = shapes.get(source)!;
      checkpoint.set(source, kind === "table" ? fused : splitSource(fused, shape, offset));
      offset += shape[0]!;
    }
  }
  return checkpoint;
}

function splitSource(fused: NamedArray, shape: ReadonlyArray<number>, offset: number): NamedArray {
  const rows = shape[0]!;
  const depth = fused.shape.length === 1 ? 1 : fused.shape[0]!;
  const width = fused.shape.at(-1)!;
  const data = new Float32Array(rows * depth);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < depth; i++) data[row * depth + i] = fused.data[i * width + offset + row]!;
  }
  return { shape, data };
}
