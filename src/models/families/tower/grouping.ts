/** Which patches attend to which, laid out for the device. Models layer. */
import { type RotaryTable, rotaryTable } from "../../../tensor/ops/rotary.ts";
import { type Mask, paddingMask } from "../../../tensor/ops/self-attention.ts";
import type { VisionConfig } from "../../config.ts";
import type { PatchedImage } from "../../image-patches.ts";
import { attentionGroups, patchAngles, patchCoordinates } from "./patches.ts";

/** Equal groups of slots, the shorter ones padded. */
export interface Grouping {
  readonly groups: number;
  readonly length: number;
  /** Patch of each slot, −1 for padding; undefined when slots are the patches in order. */
  readonly slots: Int32Array | undefined;
  /** Slot of each patch, the inverse of `slots`. */
  readonly places: Int32Array | undefined;
  /** Undefined where positions are learned. */
  readonly rotary: RotaryTable | undefined;
  readonly mask: Mask;
}

/**
 * Groups the patches of some images: by frame or tile, or by windows of them.
 *
 * Memory: caller owns the tensors; call inside a tidy.
 */
export function grouping(
  images: ReadonlyArray<PatchedImage>,
  config: VisionConfig,
  kind: "full" | "window",
): Grouping {
  const members: Array<Array<number>> = [];
  const coordinates: Array<readonly [number, number]> = [];
  for (const { grid } of images) {
    const first = coordinates.length;
    for (const group of attentionGroups(grid, config, kind)) {
      members.push(group.map((patch) => patch + first));
    }
    coordinates.push(...patchCoordinates(grid, config.mergeSize));
  }
  const length = Math.max(...members.map((group) => group.length));
  const slots = new Int32Array(members.length * length).fill(-1);
  const places = new Int32Array(coordinates.length);
  members.forEach((group, row) => {
    group.forEach((patch, column) => {
      slots[row * length + column] = patch;
      places[patch] = row * length + column;
    });
  });
  const inOrder = slots.every((patch, slot) => patch === slot);
  const turned = Array.from(slots, (patch) => coordinates[patch] ?? ([0, 0] as const));
  return {
    groups: members.length,
    length,
    slots: inOrder ? undefined : slots,
    places: inOrder ? undefined : places,
    rotary:
      config.learnedPositions > 0
        ? undefined
        : rotaryTable(patchAngles(turned, config), slots.length),
    mask: slots.includes(-1)
      ? paddingMask(
          Int32Array.from(members, (group) => group.length),
          length,
        )
      : { causal: false },
  };
}
