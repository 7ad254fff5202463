/** Names and shapes of the vision weights of Idefics3 and SmolVLM, on disk and on the device. Models layer. */
import type { VisionConfig } from "../../config.ts";
import { type Entry, linearShapes, normShapes } from "../../shapes.ts";
import { gainAndShift, type Slot, weight, weightAndBias } from "../../slots.ts";

const TOWER = "model.vision_model";
const CONNECTOR = "model.connector.modality_projection.proj";
const PROJECTIONS = ["q_proj", "k_proj", "v_proj"] as const;

/**
 * The canonical name of a weight: `model.vision_model.*`, `model.connector.*`, `model.text_model.*`,
 * `lm_head.weight`; undefined for stored tables of positions and angles, which are computed.
 */
export function canonicalName(name: string): string | undefined {
  if (/(^|\.)(rotary_emb\.inv_freq|embeddings\.position_ids)$/.test(name)) return undefined;
  return name
    .replace(/^model\.lm_head\./, "lm_head.")
    .replace(/^(vision_model|connector|text_model)\./, "model.$1.");
}

/** Tower and connector. */
export function visionShapes(vision: VisionConfig): Array<Entry> {
  const { hiddenSize: dim, intermediateSize: inner, patchSize: side } = vision;
  const embeddings = `${TOWER}.embeddings`;
  const entries: Array<Entry> = [
    [`${embeddings}.patch_embedding.weight`, [dim, vision.inChannels, side, side]],
    [`${embeddings}.patch_embedding.bias`, [dim]],
    [`${embeddings}.position_embedding.weight`, [vision.learnedPositions ** 2, dim]],
  ];
  for (let layer = 0; layer < vision.depth; layer++) {
    const block = `${TOWER}.encoder.layers.${layer}`;
    entries.push(...normShapes(`${block}.layer_norm1`, dim));
    for (const name of [...PROJECTIONS, "out_proj"]) {
      entries.push(...linearShapes(`${block}.self_attn.${name}`, dim, dim));
    }
    entries.push(...normShapes(`${block}.layer_norm2`, dim));
    entries.push(...linearShapes(`${block}.mlp.fc1`, dim, inner));
    entries.push(...linearShapes(`${block}.mlp.fc2`, inner, dim));
  }
  entries.push(...normShapes(`${TOWER}.post_layernorm`, dim));
  const merged = dim * vision.mergeSize ** 2;
  entries.push([`${CONNECTOR}.weight`, [vision.outHiddenSize, merged]]);
  return entries;
}

function block(index: number): ReadonlyArray<Slot> {
  const [to, from] = [`vision.${index}`, `${TOWER}.encoder.layers.${index}`];
  const projections = PROJECTIONS.map((name) => `${from}.self_attn.${name}`);
  return [
    ...gainAndShift(`${to}.norm1`, `${from}.layer_norm1`),
    ...weightAndBias(`${to}.qkv`, projections),
    ...weightAndBias(`${to}.out`, [`${from}.self_attn.out_proj`]),
    ...gainAndShift(`${to}.norm2`, `${from}.layer_norm2`),
    ...weightAndBias(`${to}.up`, [`${from}.mlp.fc1`]),
    ...weightAndBias(`${to}.down`, [`${from}.mlp.fc2`]),
  ];
}

/** The same as device parameters, in the order of computation. */
export function visionSlots({ depth }: VisionConfig): ReadonlyArray<Slot> {
  const embeddings = `${TOWER}.embeddings`;
  return [
    { name: "vision.patch", kind: "patch", sources: [`${embeddings}.patch_embedding.weight`] },
    { name: "vision.patch.bias", kind: "vector", sources: [`${embeddings}.patch_embedding.bias`] },
    {
      name: "vision.positions",
      kind: "table",
      sources: [`${embeddings}.position_embedding.weight`],
    },
    ...Array.from({ length: depth }, (_, index) => block(index)).flat(),
    ...gainAndShift("vision.norm", `${TOWER}.post_layernorm`),
    weight("vision.merger.out", CONNECTOR),
  ];
}
