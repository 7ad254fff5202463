/** Counts the operations of a vision tower. Models layer. */
import type { VisionConfig } from "../../config.ts";
import { attentionFlops, type Flops, linearFlops, sumFlops } from "../../flop-counts.ts";
import type { Grid } from "../../image-patches.ts";
import { attentionGroups } from "./patches.ts";

/** What differs between towers. */
interface TowerKind {
  /** Products of an MLP: 3 where it is gated, else 2. */
  readonly mlpProducts: number;
  /** Multiplications of the projector for one token. */
  readonly projector: number;
}

/**
 * The vision tower with its projector. With N patches, g groups of L slots (padded to the largest), width d,
 * MLP width i with m products, h heads of size d/h, merge unit u, projector's multiplications p:
 *
 * `2Nwd + Σ_block (6gLd² + 4gL²d + 2Nd² + 2mNdi) + 2N/u·p`
 *
 * where w is the number of values in a patch; the terms of a block are the joint projection,
 * attention within groups, output, and MLP.
 */
export function towerFlops(
  grids: ReadonlyArray<Grid>,
  config: VisionConfig,
  { mlpProducts, projector }: TowerKind,
): Flops {
  if (grids.length === 0) return { forward: 0, backward: 0 };
  const { hiddenSize: d, intermediateSize: inner } = config;
  const patches = grids.reduce((total, [t, h, w]) => total + t * h * w, 0);
  const values = config.inChannels * config.temporalPatchSize * config.patchSize ** 2;
  const blocks = Array.from({ length: config.depth }, (_, index) => {
    const full = config.fullAttentionBlocks.includes(index);
    const { slots, squares } = slotsOf(grids, config, full ? "full" : "window");
    return sumFlops(
      linearFlops(2 * slots * d * 3 * d),
      attentionFlops(4 * squares * d),
      linearFlops(2 * patches * d * d),
      linearFlops(2 * patches * d * mlpProducts * inner),
    );
  });
  const tokens = patches / config.mergeSize ** 2;
  const embedded = 2 * patches * values * d;
  return sumFlops(
    // Pixels have no gradient, the weights alone do.
    { forward: embedded, backward: embedded },
    ...blocks,
    linearFlops(2 * tokens * projector),
  );
}

/** Slots of all groups, gL, and Σ L² over them. */
function slotsOf(grids: ReadonlyArray<Grid>, config: VisionConfig, kind: "full" | "window") {
  let groups = 0;
  let length = 0;
  for (const grid of grids) {
    const own = attentionGroups(grid, config, kind);
    groups += own.length;
    length = Math.max(length, ...own.map((group) => group.length));
  }
  return { slots: groups * length, squares: groups * length ** 2 };
}
