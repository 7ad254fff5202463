/** Names and shapes of the vision weights of Qwen2.5-VL, on disk and on the device. Models layer. */
import type { VisionConfig } from "../../config.ts";
import { type Entry, linearShapes } from "../../shapes.ts";
import { gain, type Slot, weightAndBias } from "../../slots.ts";
import { mergerShapes, mergerSlots, patchShape, patchSlot } from "../qwen/weights.ts";

/** The vision tower and its merger, `visual.*`. */
export function visionShapes(vision: VisionConfig): Array<Entry> {
  const { hiddenSize: dim, intermediateSize: inner } = vision;
  const entries: Array<Entry> = [patchShape(vision)];
  for (let layer = 0; layer < vision.depth; layer++) {
    const block = `visual.blocks.${layer}`;
    entries.push([`${block}.norm1.weight`, [dim]], [`${block}.norm2.weight`, [dim]]);
    entries.push(...linearShapes(`${block}.attn.qkv`, dim, 3 * dim));
    entries.push(...linearShapes(`${block}.attn.proj`, dim, dim));
    entries.push(...linearShapes(`${block}.mlp.gate_proj`, dim, inner));
    entries.push(...linearShapes(`${block}.mlp.up_proj`, dim, inner));
    entries.push(...linearShapes(`${block}.mlp.down_proj`, inner, dim));
  }
  entries.push(["visual.merger.ln_q.weight", [dim]]);
  entries.push(...mergerShapes(vision));
  return entries;
}

function block(index: number): ReadonlyArray<Slot> {
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

/** The same as device parameters, in the order of computation. */
export function visionSlots({ depth }: VisionConfig): ReadonlyArray<Slot> {
  return [
    patchSlot,
    ...Array.from({ length: depth }, (_, index) => block(index)).flat(),
    gain("vision.merger.norm", "visual.merger.ln_q"),
    ...mergerSlots,
  ];
}
