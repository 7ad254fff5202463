/** Names and shapes of weights: what descriptions of them are made of, and the text decoder's. Models layer. */
import type { TextConfig } from "./config.ts";

export type Shape = ReadonlyArray<number>;
/** Name and shape of one tensor. */
export type Entry = readonly [string, Shape];

/** Weight, [out, in], and bias of a product. */
export function linearShapes(name: string, inputs: number, outputs: number): Array<Entry> {
  return [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
}

/** Gain and shift of a norm. */
export function normShapes(name: string, width: number): Array<Entry> {
  return [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
}

/** The decoder's weights without the output head; `prefix` opens their names. */
export function textShapes(text: TextConfig, prefix: string): Array<Entry> {
  const { hiddenSize: dim, intermediateSize: inner } = text;
  const [query, keyValue] = [text.heads * text.headDim, text.kvHeads * text.headDim];
  const projection = (name: string, outputs: number): Array<Entry> =>
    text.qkvBias ? linearShapes(name, dim, outputs) : [[`${name}.weight`, [outputs, dim]]];
  const entries: Array<Entry> = [[`${prefix}.embed_tokens.weight`, [text.vocabSize, dim]]];
  for (let layer = 0; layer < text.layers; layer++) {
    const block = `${prefix}.layers.${layer}`;
    entries.push([`${block}.input_layernorm.weight`, [dim]]);
    entries.push(...projection(`${block}.self_attn.q_proj`, query));
    entries.push(...projection(`${block}.self_attn.k_proj`, keyValue));
    entries.push(...projection(`${block}.self_attn.v_proj`, keyValue));
    entries.push([`${block}.self_attn.o_proj.weight`, [dim, query]]);
    entries.push([`${block}.post_attention_layernorm.weight`, [dim]]);
    entries.push([`${block}.mlp.gate_proj.weight`, [inner, dim]]);
    entries.push([`${block}.mlp.up_proj.weight`, [inner, dim]]);
    entries.push([`${block}.mlp.down_proj.weight`, [dim, inner]]);
  }
  entries.push([`${prefix}.norm.weight`, [dim]]);
  return entries;
}
