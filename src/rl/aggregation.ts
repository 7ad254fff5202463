/** How token losses are averaged into one number, by loss name. Layer rl. */
import type { LossKind } from "./surrogate.ts";

/** What the averages divide by; of several micro-batches together when gradients are accumulated. */
export interface Totals {
  /** Responses that count. */
  readonly rows: number;
  /** Generated tokens that count. */
  readonly tokens: number;
}

/**
 * Counts the responses and tokens of a [sample, time] mask, leaving excluded groups out.
 *
 * Add up the totals of all micro-batches of one update and pass the sum to each `policyLoss`:
 * their losses and gradients then sum to those of the whole batch at once.
 */
export function countTotals(
  mask: ArrayLike<number>,
  shape: { readonly rows: number; readonly time: number },
  excludeGroups?: ArrayLike<number>,
): Totals {
  let rows = 0;
  let tokens = 0;
  for (let row = 0; row < shape.rows; row++) {
    if (isExcluded(row, shape.rows, excludeGroups)) continue;
    rows += 1;
    for (let t = 0; t < shape.time; t++) tokens += mask[row * shape.time + t] ? 1 : 0;
  }
  return { rows, tokens };
}

/** Whether a response belongs to a group that the flags [prompt] leave out. */
export function isExcluded(row: number, rows: number, excludeGroups?: ArrayLike<number>): boolean {
  if (excludeGroups === undefined) return false;
  return Boolean(excludeGroups[Math.floor((row * excludeGroups.length) / rows)]);
}

/**
 * The factor each token's loss in one response is multiplied with before everything is summed.
 *
 * grpo, sapo: 1 / (rows · tokens of the response), so short responses weigh as much as long ones;
 * bnpo, dapo, cispo: 1 / all tokens; dr_grpo: 1 / (rows · longest allowed response), no length bias;
 * luspo: 1 / rows, so long responses weigh more.
 * bnpo and dapo differ in TRL only in accumulation, where bnpo averages each micro-batch by itself;
 * here `totals` decides.
 * Source: TRL 1.13; GRPO 2402.03300, DAPO 2503.14476, Dr. GRPO 2503.20783.
 */
export function tokenFactor(
  kind: LossKind,
  rowTokens: number,
  totals: Totals,
  maxCompletionLength: number,
): number {
  const rows = Math.max(1, totals.rows);
  switch (kind) {
    case "grpo":
    case "sapo":
      return 1 / (rows * Math.max(1, rowTokens));
    case "bnpo":
    case "dapo":
    case "cispo":
      return 1 / Math.max(1, totals.tokens);
    case "dr_grpo":
      return 1 / (rows * maxCompletionLength);
    case "luspo":
      return 1 / rows;
  }
}

/**
 * A copy of the mask [sample, time] without the responses that were cut off before their end.
 *
 * Source: DAPO 2503.14476 "overlong filtering", TRL's `mask_truncated_completions`.
 */
export function withoutTruncated(
  mask: ArrayLike<number>,
  truncated: ArrayLike<number>,
  time: number,
): Uint8Array {
  return Uint8Array.from(mask, (value, i) => (truncated[Math.floor(i / time)] ? 0 : value));
}
