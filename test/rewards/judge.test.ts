import { expect, it } from "vitest";
import { grpo } from "../../src/dsl/phases.ts";
import type { Reward } from "../../src/dsl/training.ts";
import { DEFAULT_JUDGE, isRight, judgeOf } from "../../src/rewards/judge.ts";

const say = (answer: string) => `<answer> ${answer} </answer>`;
const judge = (reward: Partial<Reward>) =>
  judgeOf(grpo({ reward }).options.reward as unknown as Reward);

it("counts as right what the reward pays for", () => {
  expect(judge({})).toEqual(DEFAULT_JUDGE);
  expect(judge({ text: 1, relaxed: 1 })).toEqual(DEFAULT_JUDGE);
  expect(judge({ answer: 0, text: 1 })).toEqual({ ...DEFAULT_JUDGE, by: "text" });
  expect(judge({ answer: 0, relaxed: 1, tolerance: 0.01 })).toEqual({
    ...DEFAULT_JUDGE,
    by: "relaxed",
    tolerance: 0.01,
  });
  for (const overlap of [{ rougeL: 1 }, { bleu: 1 }, { cider: 1 }]) {
    expect(judge({ answer: 0, ...overlap })).toEqual({ ...DEFAULT_JUDGE, by: "rougeL" });
  }
  expect(judge({ answer: 0, repetition: 1 })).toEqual(DEFAULT_JUDGE);
});

it("judges by the answer, by words, or by nearness", () => {
  const all = (given: string, expected: string, tolerance = 1e-6) =>
    (["answer", "text", "relaxed"] as const).filter((by) =>
      isRight(say(given), expected, { by, tolerance, least: 0.5 }),
    );
  expect(all("70", "70")).toEqual(["answer", "text", "relaxed"]);
  expect(all("1/2", "0.5")).toEqual(["answer", "relaxed"]);
  expect(all("the red one", "a red one")).toEqual(["text"]);
  expect(all("12.3", "12.35")).toEqual(["relaxed"]);
  expect(all("12.3", "12.35", 0.01)).toEqual(["answer", "relaxed"]);
  expect(all("7", "70")).toEqual([]);
});

it("judges texts by the words in common, of an answer block or of all that is said", () => {
  const right = (response: string, least: number) =>
    isRight(response, "a red dog runs", { ...DEFAULT_JUDGE, by: "rougeL", least });
  expect(right("a red dog", 0.8)).toBe(true);
  expect(right("a red dog", 0.9)).toBe(false);
  expect(right(`<think> a red dog runs </think> ${say("a cat")}`, 0.5)).toBe(false);
  expect(right(`<think> a cat </think> ${say("A red dog runs.")}`, 1)).toBe(true);
});
