/** Whether the thoughts calculate rightly and lead to the answer given. Rewards layer. */
import { extractAnswer } from "./format.ts";

const EQUATION = /^(-?\d+(?:\.\d+)?) ([-+*/]) (-?\d+(?:\.\d+)?) = (-?\d+(?:\.\d+)?)$/;

const results: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
};

/** The right side of an equation that holds; undefined for any other text. */
function resultOf(text: string): number | undefined {
  const [, left, operator, right, result] = EQUATION.exec(text) ?? [];
  if (operator === undefined) return undefined;
  const value = results[operator]!(Number(left), Number(right));
  return Math.abs(value - Number(result)) < 1e-9 ? value : undefined;
}

/**
 * Share of the links of a calculation that hold: each `a op b = c` among the thoughts, and the last
 * result being the answer. Thoughts are separated by `;`; those without `=` are words and do not count.
 *
 * Rewarding the answer alone teaches a small model to remember answers and to fill the thoughts
 * with anything; this pays for thoughts that earn the answer. It needs no reference.
 *
 * @returns in [0, 1]; 0 without any equation
 */
export function steps(response: string): number {
  const thoughts = /<think>(.*?)<\/think>/s.exec(response)?.[1] ?? "";
  const equations = thoughts.split(";").flatMap((thought) => {
    const text = thought.trim().split(/\s+/).join(" ");
    return text.includes("=") ? [text] : [];
  });
  if (equations.length === 0) return 0;
  const held = equations.map(resultOf);
  const last = held.at(-1);
  const leads = last !== undefined && Number(extractAnswer(response)) === last;
  const holding = held.filter((value) => value !== undefined).length + (leads ? 1 : 0);
  return holding / (equations.length + 1);
}
