/** How the device's fused parameters and a checkpoint's tensors map onto each other. Models layer. */
import type { NamedArray, PiecewiseArray } from "../core/named-array.ts";
import type { Parameters } from "../tensor/parameters.ts";
import { turnInto } from "../tensor/turn.ts";
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
  for (const [index, source] of sources.entries()) {
    if (!turned) copy(source, data.subarray(row * depth, row * depth + elements[index]!));
    else turn(source, depth, data, width, row);
    row += rows[index]!;
  }
  if (kind === "table") return { shape: sources[0]!.shape, data };
  return { shape: kind === "vector" ? [width] : [depth, width], data };
}

function copy(source: NamedArray | PiecewiseArray, target: Float32Array): void {
  if ("data" in source) target.set(source.data);
  else source.copyTo(target);
}

function turn(
  source: NamedArray | PiecewiseArray,
  depth: number,
  to: Float32Array,
  width: number,
  offset: number,
): void {
  let row = offset;
  for (const piece of "data" in source ? [source.data] : source.pieces()) {
    const count = piece.length / depth;
    turnInto(piece, count, depth, to, width, row);
    row += count;
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
