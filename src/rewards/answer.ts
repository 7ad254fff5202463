/** The verifiable reward: whether the answer block holds the expected answer. Rewards layer. */
import { extractAnswer, normalizeSpace } from "./format.ts";

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

/** Whether two answers agree: as numbers when both are decimals, otherwise word by word. */
export function sameAnswer(given: string, expected: string): boolean {
  const [one, other] = [normalizeSpace(given), normalizeSpace(expected)];
  return decimal.test(one) && decimal.test(other) ? Number(one) === Number(other) : one === other;
}

/** 1 when the response ends with its only answer block and that holds the expected answer, 0 otherwise. */
export function answer(response: string, expected: string): number {
  const given = extractAnswer(response);
  return given !== undefined && sameAnswer(given, expected) ? 1 : 0;
}
