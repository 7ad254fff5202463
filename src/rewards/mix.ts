/** Weighted sums of rewards, every component kept apart for the log. Rewards layer. */
import { answer } from "./answer.ts";
import { format } from "./format.ts";

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
export const rewards = { answer, format } satisfies Readonly<Record<string, Reward>>;

export interface MixOptions<Name extends string> {
  /** The rewards behind the names. */
  readonly rewards?: Readonly<Record<Name, Reward>>;
  /**
   * Which components pay only as far as another one is earned; `{ format: "answer" }` when absent, `{}` for none.
   *
   * GRPO divides by the spread of the group: where no answer is right, 0.1 for the form alone would
   * weigh as much as a right answer does elsewhere, and push the policy to confident wrong ones.
   */
  readonly conditions?: Readonly<Partial<Record<Name, Name>>>;
}

/** Fails: with a RangeError on a name without reward, and on a weight that is negative or not finite. */
function validate(
  weights: Readonly<Record<string, number>>,
  known: Readonly<Record<string, unknown>>,
) {
  for (const [name, weight] of Object.entries(weights)) {
    if (!Object.hasOwn(known, name))
      throw new RangeError(`unknown reward "${name}", known are ${Object.keys(known).join(", ")}`);
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new RangeError(
        `the weight of reward "${name}" must be finite and at least 0, not ${weight}`,
      );
  }
}

/**
 * A scorer from weights: `mix({ answer: 1, format: 0.1 })` gives 1.1, 1 or 0.
 *
 *   total = Σ_i weight_i · component_i · component_condition(i)
 *
 * Fails: with a RangeError on an unknown name, a condition on a component that has no weight, or a
 * weight that is negative or not finite.
 */
export function mix<Name extends string = keyof typeof rewards>(
  weights: Readonly<Partial<Record<Name, number>>>,
  options: MixOptions<Name> = {},
): (response: string, expected: string) => Scored<Name> {
  const known = (options.rewards ?? rewards) as Readonly<Record<Name, Reward>>;
  validate(weights as Readonly<Record<string, number>>, known);
  const names = Object.keys(weights) as Array<Name>;
  const standard = (names as Array<string>).includes("answer") ? { format: "answer" } : {};
  const conditions = (options.conditions ?? standard) as Readonly<Partial<Record<Name, Name>>>;
  for (const condition of Object.values(conditions) as Array<Name>)
    if (!names.includes(condition))
      throw new RangeError(`reward "${condition}" is a condition but has no weight`);
  return (response, expected) => {
    const components = Object.fromEntries(
      names.map((name) => [name, known[name](response, expected)]),
    ) as Record<Name, number>;
    const paid = (name: Name) => {
      const condition = conditions[name];
      return weights[name]! * components[name] * (condition ? components[condition] : 1);
    };
    return { total: names.reduce((sum, name) => sum + paid(name), 0), components };
  };
}
