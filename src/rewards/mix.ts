/** Weighted sums of rewards, every component kept apart for the log. Rewards layer. */
import { answer } from "./answer.ts";
import { format } from "./format.ts";
import { steps } from "./steps.ts";

/** Scores a whole response text against the expected answer, in [0, 1]. */
export type Reward = (response: string, expected: string) => number;

/** What a response earned. */
export interface Scored<Name extends string = string> {
  /** `Σ weight · component`, in units of the weights. */
  readonly total: number;
  /** Every component by itself, in [0, 1], weights and conditions left aside. */
  readonly components: Readonly<Record<Name, number>>;
}

/** The rewards known by name. */
export const rewards = { answer, format, steps } satisfies Readonly<Record<string, Reward>>;

export interface MixOptions<Name extends string> {
  /**
   * Which components pay only as far as another one is earned; `format` and `steps` by `answer` when absent, `{}` for none.
   *
   * GRPO divides by the spread of the group: where no answer is right, 0.1 for the form alone would
   * weigh as much as a right answer does elsewhere, and push the policy to confident wrong ones.
   */
  readonly conditions?: Readonly<Partial<Record<NoInfer<Name>, NoInfer<Name>>>>;
}

/** Rewards of one's own behind the names. */
export interface OwnRewards<Name extends string> {
  readonly rewards: Readonly<Record<NoInfer<Name>, Reward>>;
}

function validate(
  weights: Readonly<Record<string, number>>,
  known: Readonly<Record<string, Reward>>,
  conditions: Readonly<Partial<Record<string, string>>>,
): void {
  for (const [name, weight] of Object.entries(weights)) {
    if (!Object.hasOwn(known, name))
      throw new RangeError(`unknown reward "${name}", known are ${Object.keys(known).join(", ")}`);
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new RangeError(`reward "${name}" needs a finite weight of at least 0, not ${weight}`);
  }
  for (const name of Object.entries(conditions).flat())
    if (name !== undefined && !Object.hasOwn(weights, name))
      throw new RangeError(`reward "${name}" is part of a condition but has no weight`);
}

/**
 * A scorer from weights: `mix({ answer: 1, format: 0.1 })` gives 1.1, 1 or 0.
 *
 *   total = Σ_i weight_i · component_i · component_condition(i)
 *
 * Fails: with a RangeError on an unknown name, a condition about a component without weight, or a
 * weight that is negative or not finite.
 */
export function mix<Name extends keyof typeof rewards>(
  weights: Readonly<Record<Name, number>>,
  options?: MixOptions<Name>,
): (response: string, expected: string) => Scored<Name>;
export function mix<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  options: MixOptions<Name> & OwnRewards<Name>,
): (response: string, expected: string) => Scored<Name>;
export function mix(
  weights: Readonly<Record<string, number>>,
  options: MixOptions<string> & Partial<OwnRewards<string>> = {},
): (response: string, expected: string) => Scored {
  const known: Readonly<Record<string, Reward>> = options.rewards ?? rewards;
  const names = Object.keys(weights);
  const shaping = names.filter((name) => name === "format" || name === "steps");
  const usual = names.includes("answer") ? shaping.map((name) => [name, "answer"]) : [];
  const conditions: Readonly<Partial<Record<string, string>>> =
    options.conditions ?? Object.fromEntries(usual);
  validate(weights, known, conditions);
  return (response, expected) => {
    const components = Object.fromEntries(
      names.map((name) => [name, known[name]!(response, expected)]),
    );
    const paid = (name: string) => {
      const condition = conditions[name];
      return weights[name]! * components[name]! * (condition ? components[condition]! : 1);
    };
    return { total: names.reduce((sum, name) => sum + paid(name), 0), components };
  };
}
