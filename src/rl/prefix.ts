/** How many tokens of each reference are imposed on a group's rollouts: one prefix per group. Layer rl. */
import type { RandomStream } from "../core/seed.ts";
import type { CurriculumState } from "./curriculum.ts";
import { type DifficultyOptions, difficultyFactors } from "./difficulty.ts";

/** How a length is drawn from the constraint ratio. */
export type PrefixDraw = "jitter" | "fixed" | "binomial" | "uniform";

export interface PrefixOptions {
  /** ρ_max: largest share of a reference that is imposed. */
  readonly maxRatio: number;
  /** ρ_dead: share that a prompt keeps while its last group had no success. */
  readonly deadRatio: number;
  /** p₀: probability that a prompt goes without prefix, whatever its difficulty. */
  readonly hintDropout: number;
  readonly draw: PrefixDraw;
  /** `jitter`: largest share by which a prefix is shortened at random. */
  readonly jitter: number;
  /** `binomial`: number of equal pieces a reference is cut into. */
  readonly pieces: number;
}

export const DEFAULT_PREFIX: PrefixOptions = {
  maxRatio: 0.8,
  deadRatio: 0.4,
  hintDropout: 0.15,
  draw: "jitter",
  jitter: 0.3,
  pieces: 5,
};

/** One batch of prompts with worked references; arrays are [prompt]. */
export interface PrefixBatch {
  readonly ids: ReadonlyArray<string>;
  /** c_x of each reference. */
  readonly confidences: ArrayLike<number>;
  /** L_x, tokens with eos; 0 for a prompt without reference. */
  readonly lengths: ArrayLike<number>;
  /** Most tokens that may be imposed: see `imposableTokens`. */
  readonly imposable: ArrayLike<number>;
  /** Ascending token counts at which a prefix may end, e.g. step ends; absent: anywhere. */
  readonly cuts?: ReadonlyArray<ReadonlyArray<number>>;
}

export interface Prefixes {
  /** k_x in tokens. */
  readonly lengths: Int32Array;
  /** ρ_x before drawing, dead memory included. */
  readonly ratios: Float32Array;
  /** 1 where hint dropout took the prefix away: an unbiased sample of the prompts. */
  readonly dropped: Uint8Array;
}

/**
 * The leak guard: tokens before the final-answer span, and never eos.
 *
 * `length`: tokens of the reference with eos; `answerStart`: index of the answer's first token. Source: ours.
 */
export function imposableTokens(length: number, answerStart = length): number {
  return Math.max(0, Math.min(length - 1, answerStart));
}

/**
 * Draws the prefix of each prompt of a step.
 *
 * ρ_x = clip(ρ_max (1 − P) f_x, 0, ρ_max), f_x from CDP; jitter: k = round(ρ (L − 1)(1 − 0.3 u)) (ours);
 * fixed: k = round(ρ (L − 1)); binomial: k = (L − 1) · Binomial(pieces, ρ)/pieces (UFT 2505.16984);
 * uniform: k uniform on 0…ρ (L − 1), which mixes all stages (R3 2402.05808). A dead prompt keeps at
 * least round(ρ_dead (L − 1)); dropout (BHA 2604.07747) wins over that. Then k ≤ imposable, and
 * down to the nearest cut (up, for a dead prompt, where there is one).
 * `random` is used up alike whatever the state, so a resumed step draws the same.
 */
export function prefixLengths(
  state: CurriculumState,
  batch: PrefixBatch,
  options: PrefixOptions,
  difficulty: DifficultyOptions,
  random: RandomStream,
): Prefixes {
  const factors = factorsOf(state, batch, difficulty);
  const lengths = new Int32Array(batch.ids.length);
  const ratios = new Float32Array(batch.ids.length);
  const dropped = new Uint8Array(batch.ids.length);
  batch.ids.forEach((id, x) => {
    const chance = random.uniform();
    const draws = Array.from({ length: options.pieces }, random.uniform);
    const scheduled = clip(options.maxRatio * (1 - state.progress) * factors[x]!, options.maxRatio);
    const dead = state.dead[id] === true;
    ratios[x] = dead ? Math.max(scheduled, options.deadRatio) : scheduled;
    dropped[x] = chance < options.hintDropout ? 1 : 0;
    if (dropped[x]) return;
    const body = Math.max(0, batch.lengths[x]! - 1);
    const drawn = drawLength(scheduled, body, options, draws);
    const kept = dead ? Math.round(options.deadRatio * body) : 0;
    const limit = Math.min(batch.imposable[x]!, body);
    lengths[x] = atCut(Math.min(Math.max(drawn, kept), limit), limit, batch.cuts?.[x], dead);
  });
  return { lengths, ratios, dropped };
}

/** CDP's factors; prompts without reference have no confidence and stay out of the batch's statistics. */
function factorsOf(
  state: CurriculumState,
  { ids, confidences, lengths }: PrefixBatch,
  difficulty: DifficultyOptions,
): Float64Array {
  const worked = ids.flatMap((_, x) => (lengths[x]! > 0 ? [x] : []));
  const chosen = {
    ids: worked.map((x) => ids[x]!),
    confidences: worked.map((x) => confidences[x]!),
  };
  const factors = new Float64Array(ids.length);
  difficultyFactors(state, chosen, difficulty).forEach((factor, row) => {
    factors[worked[row]!] = factor;
  });
  return factors;
}

function drawLength(
  ratio: number,
  body: number,
  options: PrefixOptions,
  draws: ReadonlyArray<number>,
): number {
  switch (options.draw) {
    case "jitter":
      return Math.round(ratio * body * (1 - options.jitter * draws[0]!));
    case "fixed":
      return Math.round(ratio * body);
    case "binomial":
      return Math.round((body * draws.filter((u) => u < ratio).length) / options.pieces);
    case "uniform":
      return Math.floor(draws[0]! * (Math.round(ratio * body) + 1));
  }
}

function atCut(
  length: number,
  limit: number,
  cuts: ReadonlyArray<number> | undefined,
  dead: boolean,
): number {
  if (cuts === undefined || length === 0) return length;
  const above = cuts.find((cut) => cut >= length && cut <= limit);
  if (dead && above !== undefined) return above;
  return cuts.findLast((cut) => cut <= length) ?? 0;
}

const clip = (value: number, high: number) => Math.min(high, Math.max(0, value));
