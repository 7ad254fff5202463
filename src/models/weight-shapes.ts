/** Names and shapes of every weight that a configuration calls for, under canonical names. Models layer. */
import type { TextConfig, VisionConfig, VlmConfig } from "./config.ts";

type Shape = ReadonlyArray<number>;
type Entry = readonly [string, Shape];

/**
 * The weights of a model: `visual.*`, `model.*`, and `lm_head.weight` only when embeddings are not tied.
 *
 * Linear weights are [out, in]; the patch embedding is [dim, channel, time, height, width].
 */
export function expectedShapes(config: VlmConfig): Map<string, Shape> {
  const { text, vision } = config;
  const entries = [...visionEntries(vision), ...textEntries(text)];
  if (!text.tieWordEmbeddings) entries.push(["lm_head.weight", [text.vocabSize, text.hiddenSize]]);
  return new Map(entries);
}

function linear(name: string, inputs: number, outputs: number): Array<Entry> {
  return [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ];
}

function visionEntries(vision: VisionConfig): Array<Entry> {
  const { hiddenSize: dim, patchSize: patch, intermediateSize: inner } = vision;
  const merged = dim * vision.mergeSize ** 2;
  const kernel = [dim, vision.inChannels, vision.temporalPatchSize, patch, patch];
  const entries: Array<Entry> = [["visual.patch_embed.proj.weight", kernel]];
  for (let layer = 0; layer < vision.depth; layer++) {
    const block = `visual.blocks.${layer}`;
    entries.push([`${block}.norm1.weight`, [dim]], [`${block}.norm2.weight`, [dim]]);
    entries.push(...linear(`${block}.attn.qkv`, dim, 3 * dim));
    entries.push(...linear(`${block}.attn.proj`, dim, dim));
    entries.push(...linear(`${block}.mlp.gate_proj`, dim, inner));
    entries.push(...linear(`${block}.mlp.up_proj`, dim, inner));
    entries.push(...linear(`${block}.mlp.down_proj`, inner, dim));
  }
  entries.push(["visual.merger.ln_q.weight", [dim]]);
  entries.push(...linear("visual.merger.mlp.0", merged, merged));
  entries.push(...linear("visual.merger.mlp.2", merged, vision.outHiddenSize));
  return entries;
}

function textEntries(text: TextConfig): Array<Entry> {
  const { hiddenSize: dim, intermediateSize: inner } = text;
  const [query, keyValue] = [text.heads * text.headDim, text.kvHeads * text.headDim];
  const entries: Array<Entry> = [["model.embed_tokens.weight", [text.vocabSize, dim]]];
  for (let layer = 0; layer < text.layers; layer++) {
    const block = `model.layers.${layer}`;
    entries.push([`${block}.input_layernorm.weight`, [dim]]);
    entries.push(...linear(`${block}.self_attn.q_proj`, dim, query));
    entries.push(...linear(`${block}.self_attn.k_proj`, dim, keyValue));
    entries.push(...linear(`${block}.self_attn.v_proj`, dim, keyValue));
    entries.push([`${block}.self_attn.o_proj.weight`, [dim, query]]);
    entries.push([`${block}.post_attention_layernorm.weight`, [dim]]);
    entries.push([`${block}.mlp.gate_proj.weight`, [inner, dim]]);
    entries.push([`${block}.mlp.up_proj.weight`, [inner, dim]]);
    entries.push([`${block}.mlp.down_proj.weight`, [dim, inner]]);
  }
  entries.push(["model.norm.weight", [dim]]);
  return entries;
}
