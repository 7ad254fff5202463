/** The policy objective of group-relative RL: value and gradient from per-token log-probabilities. Layer rl. */
import { countTotals, isExcluded, type Totals, tokenFactor } from "./aggregation.ts";
import { type KlEstimator, klTerm } from "./kl.ts";
import { type RatioLevel, type SurrogateOptions, surrogate } from "./surrogate.ts";

export interface PolicyLossOptions extends SurrogateOptions {
  readonly level: RatioLevel;
  /** Weight β of the KL penalty towards the reference policy. */
  readonly beta: number;
  readonly klEstimator: KlEstimator;
  /** Nats beyond which k3's exponential goes on along its tangent; absent: never (TRL). */
  readonly klExponentLimit?: number;
  /** Whether the KL penalty is weighted with the importance ratio; default no. */
  readonly klImportance?: boolean;
}

/** TRL's clip range with DAPO's higher upper bound, its token average, and a weak k3 penalty. */
export const DEFAULT_POLICY_LOSS: PolicyLossOptions = {
  kind: "dapo",
  level: "token",
  epsilonLow: 0.2,
  epsilonHigh: 0.28,
  beta: 0.02,
  klEstimator: "k3",
  klExponentLimit: 5,
};

/** What distinguishes each named loss, with its usual clip range (DAPO 2503.14476, GSPO 2507.18071 §5.1). */
export const NAMED_LOSSES = {
  grpo: { kind: "grpo", level: "token", epsilonLow: 0.2, epsilonHigh: 0.2 },
  bnpo: { kind: "bnpo", level: "token", epsilonLow: 0.2, epsilonHigh: 0.2 },
  dr_grpo: { kind: "dr_grpo", level: "token", epsilonLow: 0.2, epsilonHigh: 0.2 },
  dapo: { kind: "dapo", level: "token", epsilonLow: 0.2, epsilonHigh: 0.28 },
  gspo: { kind: "grpo", level: "sequence", epsilonLow: 3e-4, epsilonHigh: 4e-4 },
  cispo: { kind: "cispo", level: "token", epsilonLow: 0.2, epsilonHigh: 5 },
  sapo: { kind: "sapo", level: "token", epsilonLow: 0.2, epsilonHigh: 0.2 },
  luspo: { kind: "luspo", level: "sequence", epsilonLow: 3e-4, epsilonHigh: 4e-4 },
} as const satisfies Record<string, Partial<PolicyLossOptions>>;

/** A batch of responses; token arrays are row-major [sample, time], nats. */
export interface PolicyBatch {
  readonly rows: number;
  readonly time: number;
  /** Of the policy being trained. */
  readonly logprobs: Float32Array;
  /** Of the policy that sampled; pass `logprobs` itself when it is the same (ratio 1). */
  readonly oldLogprobs: Float32Array;
  /** Of the frozen reference; needed when β ≠ 0, otherwise only measured. */
  readonly referenceLogprobs?: Float32Array;
  /** 1 on generated tokens up to and with eos; 0 on imposed tokens and padding. */
  readonly mask: ArrayLike<number>;
  /** [sample]. */
  readonly advantages: Float32Array;
  /** Longest response that could be generated, tokens (dr_grpo). */
  readonly maxCompletionLength: number;
  /** [prompt]: 1 for groups that leave numerator and denominator, e.g. those without spread. */
  readonly excludeGroups?: ArrayLike<number>;
  /** [sample, time]: 0 where the reward term (not the penalty) is switched off, e.g. at low entropy. */
  readonly surrogateMask?: ArrayLike<number>;
  /** Counts over all micro-batches of the update; default those of this batch. */
  readonly totals?: Totals;
}

export interface PolicyLoss {
  readonly loss: number;
  /** Of the loss with respect to `logprobs`, [sample, time]; exactly 0 wherever the mask is 0. */
  readonly gradient: Float32Array;
  readonly stats: PolicyStats;
}

/** Means over the tokens that counted; 0 when none did. */
export interface PolicyStats {
  /** Estimated KL to the reference, nats per token; 0 without a reference. */
  readonly kl: number;
  /** Share of tokens held by the clip. */
  readonly clipFraction: number;
  /** Mean importance ratio. */
  readonly meanRatio: number;
  readonly tokens: number;
}

/**
 * Loss of a batch of responses and its analytic gradient with respect to their log-probabilities.
 *
 * L = Σ_i Σ_t f_i m_it (surrogate(w_it, A_i) + β kl_it), f by aggregation, w = π / π_old per token or
 * its geometric mean over the response. Computed in float64, gradient in float32.
 * Fails: RangeError when array lengths disagree, or β ≠ 0 without reference.
 * Source: equal to TRL 1.13 `GRPOTrainer._compute_loss`; the exclusion of groups is ours (DAPO's
 * dynamic sampling without the resampling).
 */
export function policyLoss(options: PolicyLossOptions, batch: PolicyBatch): PolicyLoss {
  assertShapes(options, batch);
  const totals = batch.totals ?? countTotals(batch.mask, batch, batch.excludeGroups);
  const gradient = new Float32Array(batch.rows * batch.time);
  const sums = { loss: 0, kl: 0, clipped: 0, ratio: 0, tokens: 0 };
  for (let row = 0; row < batch.rows; row++) {
    if (isExcluded(row, batch.rows, batch.excludeGroups)) continue;
    addResponse(options, batch, totals, row, gradient, sums);
  }
  const tokens = Math.max(1, sums.tokens);
  return {
    loss: sums.loss,
    gradient,
    stats: {
      kl: sums.kl / tokens,
      clipFraction: sums.clipped / tokens,
      meanRatio: sums.ratio / tokens,
      tokens: sums.tokens,
    },
  };
}

interface Sums {
  loss: number;
  kl: number;
  clipped: number;
  ratio: number;
  tokens: number;
}

const NO_KL = { value: 0, derivative: 0 };

function addResponse(
  options: PolicyLossOptions,
  batch: PolicyBatch,
  totals: Totals,
  row: number,
  gradient: Float32Array,
  sums: Sums,
): void {
  const positions = activePositions(batch, row);
  if (positions.length === 0) return;
  const factor = tokenFactor(options.kind, positions.length, totals, batch.maxCompletionLength);
  const advantage = batch.advantages[row]!;
  const shared = options.level === "sequence" ? meanLogRatio(batch, positions) : undefined;
  let bySharedLogRatio = 0;
  for (const t of positions) {
    const logprob = batch.logprobs[t]!;
    const ratio = Math.exp(shared ?? logprob - batch.oldLogprobs[t]!);
    const term = surrogate(options, ratio, advantage, logprob);
    const on = batch.surrogateMask === undefined || batch.surrogateMask[t] ? 1 : 0;
    const reference = batch.referenceLogprobs?.[t];
    const kl =
      reference === undefined
        ? NO_KL
        : klTerm(options.klEstimator, logprob, reference, options.klExponentLimit);
    const klWeight = options.beta * (options.klImportance ? ratio : 1);
    const byLogRatio = on * term.byLogRatio + (options.klImportance ? klWeight * kl.value : 0);
    gradient[t] = factor * (on * term.byLogprob + klWeight * kl.derivative);
    if (shared === undefined) gradient[t]! += factor * byLogRatio;
    else bySharedLogRatio += factor * byLogRatio;
    sums.loss += factor * (on * term.value + klWeight * kl.value);
    sums.kl += kl.value;
    sums.clipped += term.clipped ? 1 : 0;
    sums.ratio += ratio;
  }
  sums.tokens += positions.length;
  if (shared === undefined) return;
  for (const t of positions) gradient[t]! += bySharedLogRatio / positions.length;
}

function activePositions(batch: PolicyBatch, row: number): ReadonlyArray<number> {
  const positions: Array<number> = [];
  for (let t = row * batch.time; t < (row + 1) * batch.time; t++) {
    if (batch.mask[t]) positions.push(t);
  }
  return positions;
}

function meanLogRatio(batch: PolicyBatch, positions: ReadonlyArray<number>): number {
  let sum = 0;
  for (const t of positions) sum += batch.logprobs[t]! - batch.oldLogprobs[t]!;
  return sum / positions.length;
}

function assertShapes(options: PolicyLossOptions, batch: PolicyBatch): void {
  const size = batch.rows * batch.time;
  const expected: ReadonlyArray<[string, ArrayLike<number> | undefined, number]> = [
    ["logprobs", batch.logprobs, size],
    ["oldLogprobs", batch.oldLogprobs, size],
    ["referenceLogprobs", batch.referenceLogprobs, size],
    ["mask", batch.mask, size],
    ["surrogateMask", batch.surrogateMask, size],
    ["advantages", batch.advantages, batch.rows],
  ];
  for (const [name, array, length] of expected) {
    if (array !== undefined && array.length !== length) {
      throw new RangeError(`${name} has ${array.length} values, expected ${length}`);
    }
  }
  if (options.beta !== 0 && batch.referenceLogprobs === undefined) {
    throw new RangeError("beta is not 0, so referenceLogprobs are needed");
  }
  if (batch.excludeGroups !== undefined && batch.rows % batch.excludeGroups.length !== 0) {
    throw new RangeError(
      `${batch.rows} rows are not ${batch.excludeGroups.length} groups of one size`,
    );
  }
}
