/** Prepares prompts for a model folder: messages and images to token ids and patches. Models layer. */
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { Raster } from "../core/raster.ts";
import { loadChatTemplate, type Message } from "./chat-template.ts";
import { readConfig, type VlmConfig } from "./config.ts";
import {
  type ImagePatches,
  type ImageProcessorConfig,
  processImage,
  readImageProcessorConfig,
} from "./image-processor.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

/** A prompt ready for the model: one image token id per merged patch, images in prompt order. */
export interface EncodedPrompt {
  readonly ids: Array<number>;
  readonly images: ReadonlyArray<ImagePatches>;
}

/** Tokenizer, chat template and image preprocessing of one model folder. */
export interface Processor {
  readonly tokenizer: Tokenizer;
  /** The prompt text, one placeholder per image, the assistant's turn opened. */
  readonly render: (messages: ReadonlyArray<Message>) => string;
  /** Fails: `ImageCountMismatch`, `ImageUnsuitable`, `ModelFolderInvalid` (template). */
  readonly encodePrompt: (
    messages: ReadonlyArray<Message>,
    images: ReadonlyArray<Raster>,
  ) => EncodedPrompt;
}

/** The messages have another number of image placeholders than there are images. */
export class ImageCountMismatch extends Schema.TaggedError<ImageCountMismatch>()(
  "ImageCountMismatch",
  { placeholders: Schema.Number, images: Schema.Number, message: Schema.String },
) {}

/**
 * The processor of a model folder.
 *
 * Fails: `ModelFolderInvalid`, also when preprocessing and `config.json` disagree on patch sizes.
 */
export function loadProcessor(dir: string): Processor {
  const config = readConfig(dir);
  const imageConfig = readImageProcessorConfig(dir);
  checkPatchSizes(dir, config, imageConfig);
  const tokenizer = loadTokenizer(dir);
  const template = loadChatTemplate(dir);
  const render = (messages: ReadonlyArray<Message>) => template(messages);
  return {
    tokenizer,
    render,
    encodePrompt: (messages, rasters) => {
      const ids = tokenizer.encode(render(messages));
      checkCount(ids.filter((id) => id === config.tokens.image).length, rasters.length);
      const images = rasters.map((raster) => processImage(raster, imageConfig));
      return { ids: expandImages(ids, config, images), images };
    },
  };
}

function expandImages(
  ids: ReadonlyArray<number>,
  config: VlmConfig,
  images: ReadonlyArray<ImagePatches>,
): Array<number> {
  const remaining = images.values();
  return ids.flatMap((id) => {
    if (id !== config.tokens.image) return [id];
    const [time, height, width] = remaining.next().value!.grid;
    return new Array<number>((time * height * width) / config.vision.mergeSize ** 2).fill(id);
  });
}

function checkCount(placeholders: number, images: number) {
  if (placeholders === images) return;
  const message = `the prompt has ${placeholders} image placeholder(s) but ${images} image(s) are given`;
  throw new ImageCountMismatch({ placeholders, images, message });
}

function checkPatchSizes(dir: string, { vision }: VlmConfig, images: ImageProcessorConfig) {
  const pairs = [
    ["patch_size", images.patchSize, vision.patchSize],
    ["temporal_patch_size", images.temporalPatchSize, vision.temporalPatchSize],
    ["merge_size", images.mergeSize, vision.mergeSize],
  ] as const;
  for (const [field, found, expected] of pairs) {
    if (found !== expected) {
      const path = join(dir, "preprocessor_config.json");
      throw folderInvalid(path, field, `${found}, but config.json says ${expected}`);
    }
  }
}
