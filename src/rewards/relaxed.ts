/** Answers read off a picture: numbers need only be near. Rewards layer. */
import { sameAnswer } from "./answer.ts";
import { extractAnswer } from "./format.ts";
import { readValue } from "./value.ts";

/** Largest relative error. */
const NEAR = 0.05;

/**
 * 1 when the answer block holds a number within 5 % of the expected one, whole numbers too, or the
 * expected answer; 0 otherwise.
 *
 * Source: relaxed accuracy of ChartQA (2203.10244). Units are left aside, as there.
 */
export function relaxed(response: string, expected: string): number {
  const given = extractAnswer(response);
  if (given === undefined) return 0;
  const [one, other] = [numberIn(given), numberIn(expected)];
  const near =
    one !== undefined && other !== undefined && Math.abs(one - other) <= NEAR * Math.abs(other);
  return near || sameAnswer(given, expected) ? 1 : 0;
}

function numberIn(text: string): number | undefined {
  const value = readValue(text.trim());
  return value.kind === "quantity" ? value.quantity.value.valueOf() : undefined;
}
