/** The features of images: through the vision tower, or as they were before where nothing can change them. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { lap } from "../core/laps.ts";
import { offTape } from "../tensor/gradient.ts";
import { scoped } from "../tensor/memory.ts";
import type { VlmConfig } from "./config.ts";
import { familyOf } from "./families/family.ts";
import type { PatchedImage } from "./image-patches.ts";
import type { Weights } from "./weights.ts";

/** Features [token × width] by image, of one vision tower that stays as it is; held as long as the images are. */
export type KnownFeatures = WeakMap<PatchedImage, Float32Array>;

/**
 * One row for each image token, in image order, [image token, outHiddenSize] float32.
 *
 * @param known given where nothing will ever change the tower: an image is run through it once, and nothing of that is
 *   kept for a gradient
 * Memory: caller owns the result; call inside a tidy. What is known is kept on the host.
 */
export function imageFeatures(
  images: ReadonlyArray<PatchedImage>,
  weights: Weights,
  config: VlmConfig,
  known?: KnownFeatures,
): tf.Tensor2D {
  const { visionFeatures } = familyOf(config);
  const run = (some: ReadonlyArray<PatchedImage>) =>
    lap("vision", () => visionFeatures(some, weights, config.vision));
  if (known === undefined) return run(images);
  for (const image of images) {
    // One by one: what an image gives must not depend, not even by rounding, on the others that came with it.
    if (known.has(image)) continue;
    const made = offTape(() => onHost(() => run([image])));
    known.set(image, made);
  }
  const own = images.map((image) => known.get(image)!);
  const values = new Float32Array(own.reduce((sum, { length }) => sum + length, 0));
  let first = 0;
  for (const rows of own) {
    values.set(rows, first);
    first += rows.length;
  }
  return tf.tensor2d(values, [values.length / config.text.hiddenSize, config.text.hiddenSize]);
}

function onHost(make: () => tf.Tensor2D): Float32Array {
  const made = scoped(make);
  const values = Float32Array.from(made.dataSync<"float32">());
  made.dispose();
  return values;
}
