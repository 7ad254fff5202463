/** What the Qwen families have in common: everything but the vision tower. Models layer. */
import type { Family } from "../family.ts";
import { openImages } from "./image-reader.ts";
import { promptPositions } from "./positions.ts";
import { canonicalName, moduleName } from "./weights.ts";

export const qwen: Pick<
  Family,
  "textPrefix" | "canonicalName" | "moduleName" | "openImages" | "contentInParts" | "positions"
> = {
  textPrefix: "model",
  canonicalName,
  moduleName,
  openImages,
  contentInParts: false,
  positions: (ids, images, { tokens, vision }) => {
    const grids = images.map(({ grid }) => grid);
    return promptPositions(ids, grids, tokens.image, vision.mergeSize);
  },
};
