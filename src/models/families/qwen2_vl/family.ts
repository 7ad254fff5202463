/** Qwen2-VL: `model_type` "qwen2_vl". Models layer. */
import type { Family } from "../family.ts";
import { qwen } from "../qwen/family.ts";
import { mergerProducts } from "../qwen/merger.ts";
import { towerFlops } from "../tower/flops.ts";
import { readQwen2Config } from "./config.ts";
import { visionFeatures } from "./vision.ts";
import { visionShapes, visionSlots } from "./weights.ts";

export const qwen2Vl: Family = {
  ...qwen,
  readConfig: readQwen2Config,
  visionShapes,
  visionSlots,
  visionFeatures,
  visionFlops: (grids, vision) =>
    towerFlops(grids, vision, { mlpProducts: 2, projector: mergerProducts(vision) }),
};
