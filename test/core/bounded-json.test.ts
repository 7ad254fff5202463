import { expect, it } from "vitest";
import { parseBounded } from "../../src/core/bounded-json.ts";

it("gives the value of a text", () => {
  expect(parseBounded('{"a": [1, "[[[["]}')).toEqual({ value: { a: [1, "[[[["] } });
});

it("refuses what is nested too deep before parsing it", () => {
  const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
  expect(parseBounded(nested(32))).toHaveProperty("value");
  expect(parseBounded(nested(33))).toEqual({ problem: "is nested more than 32 levels deep" });
  expect(parseBounded("[".repeat(5_000_000))).toHaveProperty("problem");
});

it("counts no brackets in strings, escaped quotes included", () => {
  const text = JSON.stringify({ a: `"${"[{".repeat(100)}\\`, b: Array(40).fill([1]) });
  expect(parseBounded(text)).toEqual({ value: JSON.parse(text) });
});

it("says what is wrong without repeating a long text", () => {
  const { problem } = parseBounded(`{"a": ${"x".repeat(10_000)}}`) as { problem: string };
  expect(problem).toMatch(/^is not valid JSON: /);
  expect(problem.length).toBeLessThan(160);
});
