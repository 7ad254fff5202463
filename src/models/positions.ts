/** Positions of tokens, turned into rotations on the host. Models layer. */
import { type RotaryTable, rotaryRows } from "../tensor/ops/rotary.ts";
import type { TextConfig } from "./config.ts";

/** One position for each of time, height and width. */
export type Position = readonly [number, number, number];

/** Cosines and sines of whole positions from 0 on, [position, headDim / 2]; grown as positions are asked for. */
interface Turns {
  readonly axes: Uint8Array;
  readonly frequencies: Float64Array;
  cos: Float32Array;
  sin: Float32Array;
}

// Positions repeat from step to step, and a cosine costs more than the kernel that uses it.
const turnsOf = new WeakMap<TextConfig, Turns>();

/**
 * Rotations of tokens: frequency i turns by the axis whose section holds i.
 *
 * @param positions whole numbers from 0 on, [token, 3]: time, height and width
 * Memory: caller owns the tensors.
 */
export function textRotary(positions: Int32Array, config: TextConfig): RotaryTable {
  const rows = positions.length / 3;
  const half = config.headDim / 2;
  const most = positions.reduce((max, position) => Math.max(max, position), 0);
  const { axes, cos, sin } = turnsUpTo(most, config);
  const [rowCos, rowSin] = [new Float32Array(rows * half * 2), new Float32Array(rows * half * 2)];
  for (let row = 0, at = 0; row < rows; row++, at += half) {
    for (let i = 0; i < half; i++, at++) {
      const from = positions[row * 3 + axes[i]!]! * half + i;
      rowCos[at] = rowCos[at + half] = cos[from]!;
      rowSin[at] = rowSin[at + half] = sin[from]!;
    }
  }
  return rotaryRows(rowCos, rowSin, rows);
}

function turnsUpTo(most: number, config: TextConfig): Turns {
  const half = config.headDim / 2;
  const turns = turnsOf.get(config) ?? newTurns(config);
  const known = turns.cos.length / half;
  if (most < known) return turns;
  const count = Math.max(64, 2 ** Math.ceil(Math.log2(most + 1)));
  const [cos, sin] = [new Float32Array(count * half), new Float32Array(count * half)];
  cos.set(turns.cos);
  sin.set(turns.sin);
  for (let position = known; position < count; position++) {
    for (let i = 0; i < half; i++) {
      const angle = position * turns.frequencies[i]!;
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const grown = { ...turns, cos, sin };
  turnsOf.set(config, grown);
  return grown;
}

function newTurns({ headDim, mropeSection, ropeTheta }: TextConfig): Turns {
  const half = headDim / 2;
  const [time, height] = mropeSection;
  return {
    axes: Uint8Array.from({ length: half }, (_, i) => (i < time ? 0 : i < time + height ? 1 : 2)),
    frequencies: Float64Array.from({ length: half }, (_, i) => ropeTheta ** (-i / half)),
    cos: new Float32Array(0),
    sin: new Float32Array(0),
  };
}
