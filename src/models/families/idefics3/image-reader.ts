/** Images in an Idefics3 or SmolVLM prompt: a placeholder becomes its tiles, row by row, and the whole image. Models layer. */
import { join } from "node:path";
import type { VlmConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import { folderInvalid } from "../../model-folder-invalid.ts";
import type { Tokenizer } from "../../tokenizer.ts";
import type { ImageReader } from "../family.ts";
import { cutTiles, readTileSettings, type TileSettings } from "./tiles.ts";

const PLACEHOLDER = "<image>";
const BORDER = "<fake_token_around_image>";
const WHOLE = "<global-img>";

/** Fails: `ModelFolderInvalid`, also when preprocessing and `config.json` disagree on the size of a tile. */
export function openImages(dir: string, config: VlmConfig, tokenizer: Tokenizer): ImageReader {
  const settings = readTileSettings(dir);
  checkTile(dir, config, settings);
  checkTokens(dir, config, tokenizer);
  return {
    read: (raster) => cutTiles(raster, settings, config.vision),
    encode: (text, images) => {
      const remaining = images.values();
      const expanded = text.replaceAll(PLACEHOLDER, () =>
        imageText(remaining.next().value!, config.vision.mergeSize),
      );
      return tokenizer.encode(expanded);
    },
  };
}

/**
 * What stands for an image.
 *
 * Source: transformers `Idefics3Processor.replace_image_token`.
 */
function imageText({ grid, tiles }: PatchedImage, mergeSize: number): string {
  const features = PLACEHOLDER.repeat((grid[1] * grid[2]) / mergeSize ** 2);
  const whole = `${BORDER}${WHOLE}${features}${BORDER}`;
  if (tiles === undefined) return whole;
  const [rows, columns] = tiles;
  const lines = Array.from({ length: rows }, (_, row) => {
    const names = Array.from({ length: columns }, (_, i) => `<row_${row + 1}_col_${i + 1}>`);
    return names.map((name) => `${BORDER}${name}${features}`).join("");
  });
  return `${lines.join("\n")}\n\n${whole}`;
}

function checkTile(dir: string, { vision }: VlmConfig, { tile }: TileSettings) {
  const { patchSize, mergeSize } = vision;
  const found = Math.floor(tile / patchSize);
  if (found > 0 && found % mergeSize === 0) return;
  const problem = `${tile} pixels are ${found} patches of ${patchSize}, no multiple of scale_factor ${mergeSize}`;
  throw folderInvalid(join(dir, "preprocessor_config.json"), "max_image_size", problem);
}

function checkTokens(dir: string, { tokens }: VlmConfig, tokenizer: Tokenizer) {
  const [id] = tokenizer.encode(PLACEHOLDER);
  if (id === tokens.image) return;
  const problem = `${tokens.image} is not the id of ${PLACEHOLDER}, which is ${id}`;
  throw folderInvalid(join(dir, "config.json"), "image_token_id", problem);
}
