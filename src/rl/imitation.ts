/** Constrained imitation: a weighted likelihood of the imposed part of worked references. Layer rl. */
import { highEntropy } from "./entropy.ts";

/** How much each imposed token counts. */
export type ImitationStrategy = "gated" | "p(1-p)" | "entropy-top" | "luffy" | "uniform" | "none";

export interface ImitationOptions {
  readonly strategy: ImitationStrategy;
  /** Factor of the whole term. */
  readonly weight: number;
  /** `gated`: tokens already likelier than this are left alone. */
  readonly threshold: number;
  /** `entropy-top`: share of the imposed tokens that count. */
  readonly topShare: number;
  /** `luffy`: γ in f(p) = p / (p + γ). */
  readonly shape: number;
  /** Share of the reference imitated when a group had no success at all. */
  readonly rescueShare: number;
}

/** The prototype's setting: tokens under probability 0.95, rescue to 80 % of the reference. */
export const DEFAULT_IMITATION: ImitationOptions = {
  strategy: "gated",
  weight: 1,
  threshold: 0.95,
  topShare: 0.2,
  shape: 0.1,
  rescueShare: 0.8,
};

/** Factor each strategy's source uses beside it; `uniform` at 1 would be plain SFT, which harms. */
export const IMITATION_WEIGHT: Readonly<Record<ImitationStrategy, number>> = {
  gated: 1,
  "p(1-p)": 1,
  "entropy-top": 1,
  luffy: 1,
  uniform: 1e-3,
  none: 0,
};

/** Worked references under teacher forcing; token arrays are row-major [prompt, time]. */
export interface ImitationBatch {
  readonly rows: number;
  readonly time: number;
  /** log π(y*_t | x, y*_<t), nats. */
  readonly logprobs: Float32Array;
  /** [prompt]: K_x, tokens of each reference that are imitated. */
  readonly imitated: ArrayLike<number>;
  /** [prompt]: L_x, tokens of each reference with eos. */
  readonly lengths: ArrayLike<number>;
  /** [prompt]: 1 − s_x, share of the group's samples that failed. */
  readonly weights: ArrayLike<number>;
  /** [prompt, time], nats; `entropy-top` needs it. */
  readonly entropies?: Float32Array;
  /** Σ L_x over all micro-batches of the update; default that of this batch. */
  readonly totalLength?: number;
}

export interface ImitationLoss {
  readonly loss: number;
  /** With respect to `logprobs`, [prompt, time]; token weights count as constants. */
  readonly gradient: Float32Array;
  /** Σ K_x. */
  readonly tokens: number;
  /** Share of those tokens with a non-zero weight. */
  readonly activeShare: number;
}

/**
 * Constrained imitation of the first K_x tokens of each reference, once per group.
 *
 * L = −weight · Σ_x (1 − s_x) Σ_{t<K_x} stop(ω_t) log p_t / Σ_x L_x, ω by strategy.
 * Fails: RangeError when `entropy-top` lacks entropies.
 * Source: the paper names "constrained imitation" only; form and default are ours.
 */
export function imitationLoss(options: ImitationOptions, batch: ImitationBatch): ImitationLoss {
  const omega = tokenWeights(options, batch);
  const total = batch.totalLength ?? sum(batch.lengths);
  const gradient = new Float32Array(batch.rows * batch.time);
  let [loss, tokens, active] = [0, 0, 0];
  for (let row = 0; row < batch.rows; row++) {
    const factor = total > 0 ? (options.weight * batch.weights[row]!) / total : 0;
    tokens += Math.min(batch.imitated[row]!, batch.time);
    for (let t = 0; t < Math.min(batch.imitated[row]!, batch.time); t++) {
      const i = row * batch.time + t;
      const weight = factor * omega[i]!;
      if (weight === 0) continue;
      active += 1;
      loss -= weight * batch.logprobs[i]!;
      gradient[i] = -weight;
    }
  }
  return { loss, gradient, tokens, activeShare: tokens > 0 ? active / tokens : 0 };
}

/**
 * The weight ω of every token [prompt, time], 0 outside the imitated part.
 *
 * gated: [p < τ] (ours); p(1-p): CHORD 2508.11408, whose φ fades at both ends; entropy-top: the
 * token choice of Prefix-RFT 2507.01679 (its policy-gradient on them is not taken over); luffy:
 * p f'(p) = γ p / (p + γ)², the gradient of LUFFY's shaped objective 2504.14945; uniform: UFT
 * 2505.16984; none: R3 2402.05808.
 */
export function tokenWeights(options: ImitationOptions, batch: ImitationBatch): Float32Array {
  const imposed = new Uint8Array(batch.rows * batch.time).map((_, i) =>
    i % batch.time < batch.imitated[Math.floor(i / batch.time)]! ? 1 : 0,
  );
  if (options.strategy === "entropy-top") {
    if (batch.entropies === undefined) throw new RangeError("entropy-top needs entropies");
    return Float32Array.from(highEntropy(batch.entropies, imposed, options.topShare));
  }
  const weigh = WEIGHT_OF[options.strategy];
  return Float32Array.from(imposed, (on, i) =>
    on ? weigh(Math.exp(batch.logprobs[i]!), options) : 0,
  );
}

const WEIGHT_OF: Readonly<
  Record<
    Exclude<ImitationStrategy, "entropy-top">,
    (probability: number, options: ImitationOptions) => number
  >
> = {
  gated: (p, options) => (p < options.threshold ? 1 : 0),
  "p(1-p)": (p) => p * (1 - p),
  luffy: (p, options) => (options.shape * p) / (p + options.shape) ** 2,
  uniform: () => 1,
  none: () => 0,
};

/** What decides how far each reference is imitated; arrays are [prompt]. */
export interface ImitatedInput {
  /** P of the curriculum. */
  readonly progress: number;
  /** k_x, tokens imposed on the rollouts. */
  readonly prefixes: ArrayLike<number>;
  /** s_x, share of the group's samples that succeeded. */
  readonly successes: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
  /** Most tokens that may be shown: nothing of the final answer. */
  readonly imposable: ArrayLike<number>;
}

/**
 * K_x: the imposed tokens, further (up to `rescueShare` of the reference) when the group had no success.
 *
 * All 0 once P = 1, so that the full phase holds no trace of imitation. Source: ours.
 */
export function imitatedLengths(
  input: ImitatedInput,
  options: Pick<ImitationOptions, "rescueShare">,
): Int32Array {
  return Int32Array.from(input.prefixes, (prefix, x) => {
    if (input.progress >= 1) return 0;
    const rescue =
      input.successes[x] === 0 ? Math.round(options.rescueShare * (input.lengths[x]! - 1)) : 0;
    return Math.min(Math.max(prefix, rescue, 0), input.imposable[x]!);
  });
}

function sum(values: ArrayLike<number>): number {
  let result = 0;
  for (let i = 0; i < values.length; i++) result += values[i]!;
  return result;
}
