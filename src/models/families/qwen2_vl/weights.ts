/** Names and shapes of the vision weights of Qwen2-VL, on disk and on the device. Models layer. */
import type { VisionConfig } from "../../config.ts";
import { type Entry, linearShapes, normShapes } from "../../shapes.ts";
import { gainAndShift, type Slot, weightAndBias } from "../../slots.ts";
import { mergerShapes, mergerSlots, patchShape, patchSlot } from "../qwen/weights.ts";

/** The vision tower and its merger, `visual.*`. */
export function visionShapes(vision: VisionConfig): Array<Entry> {
  const { hiddenSize: dim, intermediateSize: inner } = vision;
  const entries: Array<Entry> = [patchShape(vision)];
  for (let layer = 0; layer < vision.depth; layer++) {
    const block = `visual.blocks.${layer}`;
    entries.push(...normShapes(`${block}.norm1`, dim), ...normShapes(`${block}.norm2`, dim));
    entries.push(...linearShapes(`${block}.attn.qkv`, dim, 3 * dim));
    entries.push(...linearShapes(`${block}.attn.proj`, dim, dim));
    entries.push(...linearShapes(`${block}.mlp.fc1`, dim, inner));
    entries.push(...linearShapes(`${block}.mlp.fc2`, inner, dim));
  }
  entries.push(...normShapes("visual.merger.ln_q", dim));
  entries.push(...mergerShapes(vision));
  return entries;
}

function block(index: number): ReadonlyArray<Slot> {
  const [to, from] = [`vision.${index}`, `visual.blocks.${index}`];
  return [
    ...gainAndShift(`${to}.norm1`, `${from}.norm1`),
    ...weightAndBias(`${to}.qkv`, [`${from}.attn.qkv`]),
    ...weightAndBias(`${to}.out`, [`${from}.attn.proj`]),
    ...gainAndShift(`${to}.norm2`, `${from}.norm2`),
    ...weightAndBias(`${to}.up`, [`${from}.mlp.fc1`]),
    ...weightAndBias(`${to}.down`, [`${from}.mlp.fc2`]),
  ];
}

/** The same as device parameters, in the order of computation. */
export function visionSlots({ depth }: VisionConfig): ReadonlyArray<Slot> {
  return [
    patchSlot,
    ...Array.from({ length: depth }, (_, index) => block(index)).flat(),
    ...gainAndShift("vision.merger.norm", "visual.merger.ln_q"),
    ...mergerSlots,
  ];
}
