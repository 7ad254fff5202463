/** Qwen2.5-VL: `model_type` "qwen2_5_vl". Models layer. */
import type { Family } from "../family.ts";
import { qwen } from "../qwen/family.ts";
import { mergerProducts } from "../qwen/merger.ts";
import { towerFlops } from "../tower/flops.ts";
import { readQwen25Config } from "./config.ts";
import { visionFeatures } from "./vision.ts";
import { visionShapes, visionSlots } from "./weights.ts";

export const qwen25Vl: Family = {
  ...qwen,
  readConfig: readQwen25Config,
  visionShapes,
  visionSlots,
  visionFeatures,
  visionFlops: (grids, vision) =>
    towerFlops(grids, vision, { mlpProducts: 3, projector: mergerProducts(vision) }),
};
