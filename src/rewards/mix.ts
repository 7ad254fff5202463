/** Weighted sums of rewards, every component kept apart for the log. Rewards layer. */
import type { Completion } from "./completion.ts";
import { type Reward, TASK } from "./components.ts";

/** What a response earned. */
export interface Scored {
  /** `Σ weight · component`, in units of the weights. */
  readonly total: number;
  /** Every component with weight by itself, weights and conditions left aside. */
  readonly components: Readonly<Record<string, number>>;
  /** How far the task was done, in [0, 1]: the answer's component, or without its weight the mean of those that count. */
  readonly success: number;
}

export interface MixOptions {
  /**
   * Which components pay only as far as another one is earned; `format` and `steps` by `answer` when absent, `{}` for none.
   *
   * GRPO divides by the spread of the group: where no answer is right, 0.1 for the form alone would
   * weigh as much as a right answer does elsewhere, and push the policy to confident wrong ones.
   */
  readonly conditions?: Readonly<Partial<Record<string, string>>>;
  /** Names of components that are measured elsewhere and handed to the scorer. */
  readonly measured?: ReadonlyArray<string>;
}

/** Components measured elsewhere; null where one does not apply: it pays nothing and is not logged. */
export type Measured = Readonly<Record<string, number | null>>;

function validate(
  weights: Readonly<Record<string, number>>,
  known: ReadonlyArray<string>,
  conditions: Readonly<Partial<Record<string, string>>>,
): void {
  for (const [name, weight] of Object.entries(weights)) {
    if (!known.includes(name))
      throw new RangeError(`unknown reward "${name}", known are ${known.join(", ")}`);
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new RangeError(`reward "${name}" needs a finite weight of at least 0, not ${weight}`);
  }
  for (const name of Object.entries(conditions).flat())
    if (name !== undefined && !Object.hasOwn(weights, name))
      throw new RangeError(`reward "${name}" is part of a condition but has no weight`);
}

/**
 * A scorer from weights: `mix({ answer: 1, format: 0.1 }, rewards)` gives 1.1, 1 or 0.
 *
 *   total = Σ_i weight_i · component_i · component_condition(i)
 *
 * A component without weight is not computed, unless another one is conditioned on it.
 * Fails: with a RangeError on an unknown name, a condition about a component without weight, or a
 * weight that is negative or not finite.
 */
export function mix(
  weights: Readonly<Record<string, number>>,
  rewards: Readonly<Record<string, Reward>>,
  options: MixOptions = {},
): (completion: Completion, measured?: Measured) => Scored {
  const shaping = ["format", "steps"].filter((name) => Object.hasOwn(weights, name));
  const usual = Object.hasOwn(weights, "answer") ? shaping.map((name) => [name, "answer"]) : [];
  const conditions: Readonly<Partial<Record<string, string>>> =
    options.conditions ?? Object.fromEntries(usual);
  const elsewhere = options.measured ?? [];
  validate(weights, [...Object.keys(rewards), ...elsewhere], conditions);
  const paying = Object.keys(weights).filter((name) => weights[name]! > 0);
  const asked = paying.flatMap((name) => [name, conditions[name]]);
  const names = Object.keys(weights).filter((name) => asked.includes(name));
  return (completion, measured = {}) => {
    const all = names.map(
      (name) =>
        [
          name,
          elsewhere.includes(name) ? (measured[name] ?? null) : rewards[name]!(completion),
        ] as const,
    );
    const components = Object.fromEntries(
      all.filter((one) => one[1] !== null),
    ) as Scored["components"];
    const paid = (name: string) => {
      const condition = conditions[name];
      const part = components[name] ?? 0;
      return weights[name]! * part * (condition ? (components[condition] ?? 0) : 1);
    };
    const total = names.reduce((sum, name) => sum + paid(name), 0);
    return { total, components, success: successOf(components, weights, elsewhere) };
  };
}

function successOf(
  components: Scored["components"],
  weights: Readonly<Record<string, number>>,
  own: ReadonlyArray<string>,
): number {
  if (weights.answer! > 0) return components.answer!;
  const counting = Object.keys(components).filter(
    (name) => weights[name]! > 0 && (TASK.has(name) || own.includes(name)),
  );
  const weight = counting.reduce((sum, name) => sum + weights[name]!, 0);
  if (weight === 0) return components.answer ?? 0;
  const earned = counting.reduce((sum, name) => sum + weights[name]! * components[name]!, 0);
  return Math.min(1, Math.max(0, earned / weight));
}
