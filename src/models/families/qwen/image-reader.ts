/** Images in a Qwen prompt: a placeholder becomes one image token per merged patch. Models layer. */
import { join } from "node:path";
import type { VlmConfig } from "../../config.ts";
import type { Cut, PatchedImage } from "../../image-patches.ts";
import { folderInvalid } from "../../model-folder-invalid.ts";
import type { Tokenizer } from "../../tokenizer.ts";
import type { ImageReader } from "../family.ts";
import { processImage, readImageProcessorConfig } from "./image-processor.ts";

/** Fails: `ModelFolderInvalid`, also when preprocessing and `config.json` disagree on patch sizes. */
export function openImages(dir: string, config: VlmConfig, tokenizer: Tokenizer): ImageReader {
  const settings = readImageProcessorConfig(dir);
  checkPatchSizes(dir, config, settings);
  return {
    read: (raster) => processImage(raster, settings),
    encode: (text, images) => expandImages(tokenizer.encode(text), config, images),
  };
}

function expandImages(
  ids: ReadonlyArray<number>,
  config: VlmConfig,
  images: ReadonlyArray<PatchedImage>,
): Array<number> {
  const remaining = images.values();
  return ids.flatMap((id) => {
    if (id !== config.tokens.image) return [id];
    const [time, height, width] = remaining.next().value!.grid;
    return new Array<number>((time * height * width) / config.vision.mergeSize ** 2).fill(id);
  });
}

function checkPatchSizes(dir: string, { vision }: VlmConfig, images: Cut) {
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
