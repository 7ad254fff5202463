/** How the device's fused parameters and a checkpoint's tensors map onto each other. Models layer. */
import type { NamedArray } from "../core/named-array.ts";
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

/**
 * Checkpoint tensors → device arrays, made one by one as they are asked for: all of them together are as large as the
 * checkpoint. They share nothing with it.
 */
export function* fuse(
  config: VlmConfig,
  checkpoint: Pick<ReadonlyMap<string, NamedArray>, "get">,
): Generator<readonly [name: string, array: NamedArray]> {
  for (const { name, kind, sources } of slots(config)) {
    yield [
      name,
      fuseSlot(
        kind,
        sources.map((source) => checkpoint.get(source)!),
      ),
    ];
  }
}

function fuseSlot(kind: Kind, sources: ReadonlyArray<NamedArray>): NamedArray {
  if (kind === "table") return { shape: sources[0]!.shape, data: sources[0]!.data.slice() };
  const rows = sources.map(({ shape }) => shape[0]!);
  const width = rows.reduce((sum, count) => sum + count, 0);
  const depth = kind === "vector" ? 1 : sources[0]!.data.length / rows[0]!;
  const data = new Float32Array(width * depth);
  let offset = 0;
  sources.forEach((source, index) => {
    copyTransposed(source.data, rows[index]!, depth, data, width, offset);
    offset += rows[index]!;
  });
  return { shape: kind === "vector" ? [width] : [depth, width], data };
}

/** Side of the squares that a matrix is turned in: rows and columns of one stay in the processor's cache. */
const SQUARE = 32;

/** Writes a [rows, depth] matrix into columns `offset…` of a [depth, width] one. */
function copyTransposed(
  from: Float32Array,
  rows: number,
  depth: number,
  to: Float32Array,
  width: number,
  offset: number,
): void {
  for (let top = 0; top < rows; top += SQUARE) {
    const bottom = Math.min(rows, top + SQUARE);
    for (let left = 0; left < depth; left += SQUARE) {
      const right = Math.min(depth, left + SQUARE);
      for (let i = left; i < right; i++) {
        const column = i * width + offset;
        for (let row = top; row < bottom; row++) to[column + row] = from[row * depth + i]!;
      }
    }
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
