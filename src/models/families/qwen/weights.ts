/** Names and shapes that the Qwen families' weights share. Models layer. */
import type { VisionConfig } from "../../config.ts";
import { type Entry, linearShapes } from "../../shapes.ts";
import { type Slot, weightAndBias } from "../../slots.ts";

/**
 * The canonical name of a weight: `visual.*`, `model.*`, `lm_head.weight`; undefined for stored
 * rotary tables, which are computed.
 *
 * Releases of `transformers` have written `model.visual.*`, `model.language_model.*`,
 * `language_model.model.*`, and names without the `model.` prefix.
 */
export function canonicalName(name: string): string | undefined {
  if (/(^|\.)rotary_(pos_)?emb\.inv_freq$/.test(name)) return undefined;
  return name
    .replace(/^(model\.)?(language_model\.)?lm_head\./, "lm_head.")
    .replace(/^(model\.)?visual\./, "visual.")
    .replace(/^(model\.)?language_model\.(model\.)?/, "model.")
    .replace(/^(layers|embed_tokens|norm)\./, "model.$1.");
}

/** The name that a module of canonical name has in `transformers` since 4.52. */
export const moduleName = (canonical: string): string =>
  canonical.startsWith("visual.")
    ? `model.${canonical}`
    : canonical.replace(/^model\./, "model.language_model.");

/** The patch embedding. */
export function patchShape(vision: VisionConfig): Entry {
  const { hiddenSize: dim, inChannels, temporalPatchSize: frames, patchSize: side } = vision;
  return ["visual.patch_embed.proj.weight", [dim, inChannels, frames, side, side]];
}

/** The products of the merger. */
export function mergerShapes({ hiddenSize, mergeSize, outHiddenSize }: VisionConfig): Array<Entry> {
  const merged = hiddenSize * mergeSize ** 2;
  return [
    ...linearShapes("visual.merger.mlp.0", merged, merged),
    ...linearShapes("visual.merger.mlp.2", merged, outHiddenSize),
  ];
}

/** The patch embedding on the device. */
export const patchSlot: Slot = {
  name: "vision.patch",
  kind: "patch",
  sources: ["visual.patch_embed.proj.weight"],
};

/** The products of the merger on the device. */
export const mergerSlots: ReadonlyArray<Slot> = [
  ...weightAndBias("vision.merger.hidden", ["visual.merger.mlp.0"]),
  ...weightAndBias("vision.merger.out", ["visual.merger.mlp.2"]),
];
