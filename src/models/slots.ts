/** Device parameters and the checkpoint tensors they are made of; those of the text decoder. Models layer. */
import type { TextConfig } from "./config.ts";

export type Kind =
  /** Linear weights, [out, in] each on disk; side by side as [in, Σ out] on the device. */
  | "matrix"
  /** Biases and gains, end to end. */
  | "vector"
  /** Kept as it is. */
  | "table"
  /** A convolution over whole patches, [out, channel, …, height, width] on disk, a matrix on the device. */
  | "patch";

/** One device parameter and the checkpoint tensors it is made of. */
export interface Slot {
  readonly name: string;
  readonly kind: Kind;
  readonly sources: ReadonlyArray<string>;
}

/** Products with a bias, side by side. */
export const weightAndBias = (
  name: string,
  sources: ReadonlyArray<string>,
): ReadonlyArray<Slot> => [
  weight(name, ...sources),
  { name: `${name}.bias`, kind: "vector", sources: sources.map((source) => `${source}.bias`) },
];

/** Products without a bias, side by side. */
export const weight = (name: string, ...sources: ReadonlyArray<string>): Slot => ({
  name: `${name}.weight`,
  kind: "matrix",
  sources: sources.map((source) => `${source}.weight`),
});

/** The gain of a norm. */
export const gain = (name: string, source: string): Slot => ({
  name,
  kind: "vector",
  sources: [`${source}.weight`],
});

/** The gain and the shift of a norm. */
export const gainAndShift = (name: string, source: string): ReadonlyArray<Slot> => [
  gain(name, source),
  { name: `${name}.bias`, kind: "vector", sources: [`${source}.bias`] },
];

/** The decoder's parameters; `prefix` opens its names in the checkpoint. */
export function textSlots(text: TextConfig, prefix: string): ReadonlyArray<Slot> {
  const head: ReadonlyArray<Slot> = text.tieWordEmbeddings
    ? []
    : [{ name: "head", kind: "table", sources: ["lm_head.weight"] }];
  const layers = Array.from({ length: text.layers }, (_, index) => index);
  return [
    { name: "embed", kind: "table", sources: [`${prefix}.embed_tokens.weight`] },
    ...layers.flatMap((index) => textLayer(`text.${index}`, `${prefix}.layers.${index}`, text)),
    gain("text.norm", `${prefix}.norm`),
    ...head,
  ];
}

function textLayer(to: string, from: string, { qkvBias }: TextConfig): ReadonlyArray<Slot> {
  const projections = ["q", "k", "v"].map((letter) => `${from}.self_attn.${letter}_proj`);
  const qkv = `${to}.qkv`;
  return [
    gain(`${to}.norm1`, `${from}.input_layernorm`),
    ...(qkvBias ? weightAndBias(qkv, projections) : [weight(qkv, ...projections)]),
    weight(`${to}.out`, `${from}.self_attn.o_proj`),
    gain(`${to}.norm2`, `${from}.post_attention_layernorm`),
    weight(`${to}.gateUp`, `${from}.mlp.gate_proj`, `${from}.mlp.up_proj`),
    weight(`${to}.down`, `${from}.mlp.down_proj`),
  ];
}
