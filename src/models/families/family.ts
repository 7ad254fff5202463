/** What a family of models must provide, and the families there are, by the `model_type` of their `config.json`. Models layer. */
import type * as tf from "@tensorflow/tfjs-core";
import type { Raster } from "../../core/raster.ts";
import type { VisionConfig, VlmConfig } from "../config.ts";
import type { ConfigSource } from "../config-file.ts";
import type { Flops } from "../flop-counts.ts";
import type { Grid, PatchedImage } from "../image-patches.ts";
import type { Position } from "../positions.ts";
import type { Entry } from "../shapes.ts";
import type { Slot } from "../slots.ts";
import type { Tokenizer } from "../tokenizer.ts";
import type { Canonical } from "../weight-files.ts";
import type { Weights } from "../weights.ts";
import { idefics3 } from "./idefics3/family.ts";
import { qwen25Vl } from "./qwen2_5_vl/family.ts";
import { qwen2Vl } from "./qwen2_vl/family.ts";

/** The images of prompts, as one model folder wants them. */
export interface ImageReader {
  /** One image, cut into patches. Fails: `ImageUnsuitable`. */
  readonly read: (raster: Raster) => PatchedImage;
  /** Ids of a prompt text; what stands for an image replaces its placeholder, in order. */
  readonly encode: (text: string, images: ReadonlyArray<PatchedImage>) => Array<number>;
}

/**
 * A vision tower with its projector, and how it is put in front of the text decoder.
 *
 * The decoder itself, its cache, sampling, and all counts about text are the same in every family;
 * `TextConfig` holds their differences. Device parameters named `vision.merger.*` are the projector,
 * other `vision.*` the tower, the rest is text: parts can be frozen apart.
 */
export interface Family {
  /** Fails: `ModelFolderInvalid`. */
  readonly readConfig: (source: ConfigSource) => Omit<VlmConfig, "family">;
  /** What the decoder's names begin with in a checkpoint. */
  readonly textPrefix: string;
  readonly canonicalName: Canonical;
  /** The name that a module of canonical name has in `transformers`. */
  readonly moduleName: (canonical: string) => string;
  /** Tower and projector as a checkpoint has them, in its order. */
  readonly visionShapes: (vision: VisionConfig) => ReadonlyArray<Entry>;
  /** The same as device parameters, in the order of computation. */
  readonly visionSlots: (vision: VisionConfig) => ReadonlyArray<Slot>;
  /** Fails: `ModelFolderInvalid`, also when preprocessing and `config.json` disagree. */
  readonly openImages: (dir: string, config: VlmConfig, tokenizer: Tokenizer) => ImageReader;
  /** Whether chat templates take a message's content as a list of parts only. */
  readonly contentInParts: boolean;
  /** One position a token. */
  readonly positions: (
    ids: ReadonlyArray<number>,
    images: ReadonlyArray<PatchedImage>,
    config: VlmConfig,
  ) => Array<Position>;
  /**
   * One row for each image token, in image order, [image token, outHiddenSize] float32.
   *
   * Memory: caller owns the result; call inside a tidy.
   */
  readonly visionFeatures: (
    images: ReadonlyArray<PatchedImage>,
    weights: Weights,
    vision: VisionConfig,
  ) => tf.Tensor2D;
  readonly visionFlops: (grids: ReadonlyArray<Grid>, vision: VisionConfig) => Flops;
}

/** The supported families by `model_type`. */
export const families: ReadonlyMap<string, Family> = new Map([
  ["qwen2_5_vl", qwen25Vl],
  ["qwen2_vl", qwen2Vl],
  ["idefics3", idefics3],
  ["smolvlm", idefics3],
]);

/** The family of a configuration that `readConfig` gave. */
export const familyOf = ({ family }: VlmConfig): Family => families.get(family)!;
