/** How the device's fused parameters and a checkpoint's tensors map onto each other. Models layer. */
import type { NamedArray } from "../core/named-array.ts";
import type { Parameters } from "../tensor/parameters.ts";
import type { VlmConfig } from "./config.ts";

type Kind =
  /** Linear weights, [out, in] each on disk; side by side as [in, Σ out] on the device. */
  | "matrix"
  /** Biases and gains, end to end. */
  | "vector"
  /** Kept as it is. */
  | "table"
  /** A convolution over whole patches, [out, channel, time, height, width] on disk, a matrix on the device. */
  | "patch";

/** One device parameter and the checkpoint tensors it is made of. */
export interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly sources: ReadonlyArray<string>;
}

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

const weightAndBias = (name: string, sources: ReadonlyArray<string>): ReadonlyArray<Slot> => [
  { name: `${name}.weight`, kind: "matrix", sources: sources.map((source) => `${source}.weight`) },
  { name: `${name}.bias`, kind: "vector", sources: sources.map((source) => `${source}.bias`) },
];
const weight = (name: string, ...sources: ReadonlyArray<string>): Slot => ({
  name: `${name}.weight`,
  kind: "matrix",
  sources: sources.map((source) => `${source}.weight`),
});
const gain = (name: string, source: string): Slot => ({
  name,
  kind: "vector",
  sources: [`${source}.weight`],
});

function visionBlock(index: number): ReadonlyArray<Slot> {
  const [to, from] = [`vision.${index}`, `visual.blocks.${index}`];
  return [
    gain(`${to}.norm1`, `${from}.norm1`),
    ...weightAndBias(`${to}.qkv`, [`${from}.attn.qkv`]),
    ...weightAndBias(`${to}.out`, [`${from}.attn.proj`]),
    gain(`${to}.norm2`, `${from}.norm2`),
    ...weightAndBias(`${to}.gateUp`, [`${from}.mlp.gate_proj`, `${from}.mlp.up_proj`]),
    ...weightAndBias(`${to}.down`, [`${from}.mlp.down_proj`]),
  ];
}

function textLayer(index: number): ReadonlyArray<Slot> {
  const [to, from] = [`text.${index}`, `model.layers.${index}`];
  const projections = ["q", "k", "v"].map((letter) => `${from}.self_attn.${letter}_proj`);
  return [
    gain(`${to}.norm1`, `${from}.input_layernorm`),
    ...weightAndBias(`${to}.qkv`, projections),
    weight(`${to}.out`, `${from}.self_attn.o_proj`),
    gain(`${to}.norm2`, `${from}.post_attention_layernorm`),
    weight(`${to}.gateUp`, `${from}.mlp.gate_proj`, `${from}.mlp.up_proj`),
    weight(`${to}.down`, `${from}.mlp.down_proj`),
  ];
}

/** Every device parameter of a model of this shape, in the order of computation. */
function slots(config: VlmConfig): ReadonlyArray<Slot> {
  const count = (length: number) => Array.from({ length }, (_, index) => index);
  const head: ReadonlyArray<Slot> = config.text.tieWordEmbeddings
    ? []
    : [{ name: "head", kind: "table", sources: ["lm_head.weight"] }];
  return [
    { name: "vision.patch", kind: "patch", sources: ["visual.patch_embed.proj.weight"] },
    ...count(config.vision.depth).flatMap(visionBlock),
    gain("vision.merger.norm", "visual.merger.ln_q"),
    ...weightAndBias("vision.merger.hidden", ["visual.merger.mlp.0"]),
    ...weightAndBias("vision.merger.out", ["visual.merger.mlp.2"]),
    { name: "embed", kind: "table", sources: ["model.embed_tokens.weight"] },
    ...count(config.text.layers).flatMap(textLayer),
    gain("text.norm", "model.norm"),
    ...head,
  ];
}

/** Checkpoint tensors → device arrays. */
export function fuse(
  config: VlmConfig,
  checkpoint: ReadonlyMap<string, NamedArray>,
): Map<string, NamedArray> {
  return new Map(
    slots(config).map((slot) => [
      slot.name,
      fuseSlot(
        slot.kind,
        slot.sources.map((source) => checkpoint.get(source)!),
      ),
    ]),
  );
}

function fuseSlot(kind: Kind, sources: ReadonlyArray<NamedArray>): NamedArray {
  if (kind === "table") return sources[0]!;
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

/** Writes a [rows, depth] matrix into columns `offset…` of a [depth, width] one. */
function copyTransposed(
  from: Float32Array,
  rows: number,
  depth: number,
  to: Float32Array,
  width: number,
  offset: number,
): void {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < depth; i++) to[i * width + offset + row] = from[row * depth + i]!;
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
