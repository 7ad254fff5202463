/** Idefics3, `model_type` "idefics3", and SmolVLM, "smolvlm", which is the same. Models layer. */
import type { Family } from "../family.ts";
import { towerFlops } from "../tower/flops.ts";
import { readIdefics3Config } from "./config.ts";
import { openImages } from "./image-reader.ts";
import { visionFeatures } from "./vision.ts";
import { canonicalName, visionShapes, visionSlots } from "./weights.ts";

export const idefics3: Family = {
  readConfig: readIdefics3Config,
  textPrefix: "model.text_model",
  canonicalName,
  moduleName: (canonical) => canonical,
  visionShapes,
  visionSlots,
  openImages,
  contentInParts: true,
  positions: (ids) => ids.map((_, index) => [index, index, index]),
  visionFeatures,
  visionFlops: (grids, vision) =>
    towerFlops(grids, vision, {
      mlpProducts: 2,
      projector: vision.mergeSize ** 2 * vision.hiddenSize * vision.outHiddenSize,
    }),
};
