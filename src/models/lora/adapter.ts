/** A low-rank adapter on the device and as arrays. Models layer. */
import type * as tf from "@tensorflow/tfjs-core";
import type { NamedArray } from "../../core/named-array.ts";
import { type RandomStream, stream } from "../../core/seed.ts";
import { makeParameters, type Parameters } from "../../tensor/parameters.ts";
import type { VlmConfig } from "../config.ts";
import { type LoraSettings, scaleOf } from "./settings.ts";
import { type Target, targetsOf } from "./targets.ts";

/** The matrices of one adapted product as PEFT has them: `a` [rank, dim in], `b` [dim out, rank]. */
export interface LoraPair {
  readonly a: NamedArray;
  readonly b: NamedArray;
}

/** An adapter off the device; pairs by the canonical names of modules. */
export interface LoraArrays {
  readonly settings: LoraSettings;
  /** The base model by name or path; empty where it is not known. */
  readonly base: string;
  readonly pairs: ReadonlyMap<string, LoraPair>;
}

/** The matrices of one adapted product on the device. */
export interface LowRank {
  /** [dim in, rank] */
  readonly down: tf.Variable;
  /** [rank, dim out] */
  readonly up: tf.Variable;
  /** First column that it adds to. */
  readonly offset: number;
}

/** An adapter on the device. */
export interface Adapter {
  readonly settings: LoraSettings;
  readonly base: string;
  readonly scale: number;
  /** Its matrices by `SLOT.MODULE.down` and `SLOT.MODULE.up`. */
  readonly parameters: Parameters;
  /** By the device parameter that holds the products, without `.weight`; in order of columns. */
  readonly bySlot: ReadonlyMap<string, ReadonlyArray<LowRank>>;
  /** While a training pass with dropout lasts: draws what decides which inputs are dropped. */
  noise?: (() => number) | undefined;
  /** Drops inputs; default: anew for each product, by `noise`. */
  readonly drop?: (x: tf.Tensor2D) => tf.Tensor2D;
}

/**
 * An adapter that adds nothing yet: `b` zero, `a` uniform within ±1/√(dim in).
 *
 * Source: PEFT `LoraLayer.reset_lora_parameters` (Kaiming uniform with a = √5).
 */
export function newAdapter(
  targets: ReadonlyArray<Target>,
  settings: LoraSettings,
  base: string,
  seed: number,
): LoraArrays {
  const { rank } = settings;
  const pairs = targets.map(({ module, inputs, outputs }) => {
    const random = stream(seed, "lora", module);
    const bound = 1 / Math.sqrt(inputs);
    const a = Float32Array.from(
      { length: rank * inputs },
      () => (2 * random.uniform() - 1) * bound,
    );
    const b = new Float32Array(outputs * rank);
    return [
      module,
      { a: { shape: [rank, inputs], data: a }, b: { shape: [outputs, rank], data: b } },
    ] as const;
  });
  return { settings, base, pairs: new Map(pairs) };
}

/** Uploads an adapter; `arrays` must fit the model. Memory: caller owns its parameters. */
export function makeAdapter(config: VlmConfig, { settings, base, pairs }: LoraArrays): Adapter {
  const adapted = targetsOf(config).filter(({ module }) => pairs.has(module));
  const arrays = new Map<string, NamedArray>();
  for (const target of adapted) {
    const { a, b } = pairs.get(target.module)!;
    arrays.set(nameOf(target, "down"), transposed(a));
    arrays.set(nameOf(target, "up"), transposed(b));
  }
  const parameters = makeParameters(arrays);
  const bySlot = new Map<string, Array<LowRank>>();
  for (const target of adapted) {
    const [down, up] = [
      parameters.get(nameOf(target, "down"))!,
      parameters.get(nameOf(target, "up"))!,
    ];
    const others = bySlot.get(target.slot) ?? [];
    bySlot.set(target.slot, [...others, { down, up, offset: target.offset }]);
  }
  return { settings, base, scale: scaleOf(settings), parameters, bySlot };
}

/** The inverse of `makeAdapter`; the arrays are copies. */
export function readAdapterArrays(
  config: VlmConfig,
  { settings, base, parameters }: Adapter,
): LoraArrays {
  const read = (target: Target, side: "down" | "up") => {
    const variable = parameters.get(nameOf(target, side))!;
    return transposed({ shape: variable.shape, data: variable.dataSync<"float32">() });
  };
  const adapted = targetsOf(config).filter((target) => parameters.has(nameOf(target, "down")));
  return {
    settings,
    base,
    pairs: new Map(
      adapted.map((target) => [target.module, { a: read(target, "down"), b: read(target, "up") }]),
    ),
  };
}

/**
 * Runs `body` with dropout on the adapter's inputs, when its settings want any.
 *
 * Inputs are kept with probability `1 − dropout` and divided by it, anew in each product.
 */
export function withDropout<A>(
  adapter: Adapter | undefined,
  random: () => RandomStream,
  body: () => A,
): A {
  if (adapter === undefined || adapter.settings.dropout === 0) return body();
  const source = random();
  adapter.noise = () => source.integer(2 ** 31);
  try {
    return body();
  } finally {
    adapter.noise = undefined;
  }
}

const nameOf = ({ slot, module }: Target, side: "down" | "up") => `${slot}.${module}.${side}`;

function transposed({ shape, data }: NamedArray): NamedArray {
  const [rows, columns] = shape as readonly [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column]!;
    }
  }
  return { shape: [columns, rows], data: turned };
}
