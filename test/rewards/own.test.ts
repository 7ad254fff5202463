import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import {
  OwnRewards,
  type OwnSettings,
  type RewardBatch,
  type RewardFunction,
  scoreOwn,
} from "../../src/rewards/own.ts";

const batch: RewardBatch = {
  prompts: ["what color?", "what shape?", "how many?"],
  completions: ["<answer> red </answer>", "<answer> circle </answer>", "<answer> 3 </answer>"],
  continuations: ["red </answer>", "<answer> circle </answer>", "3 </answer>"],
  answers: ["red", "square", "3"],
  references: [undefined, undefined, "<answer> 3 </answer>"],
  families: ["color", "shape", "count"],
  images: Array(3).fill({ width: 1, height: 1, data: new Uint8Array(3) }),
};

const run = (rewards: Record<string, RewardFunction>, own: Partial<OwnSettings> = {}) =>
  Effect.runPromise(
    Effect.result(
      scoreOwn(Object.keys(rewards), batch, { seconds: 10, errors: "fail", ...own }),
    ).pipe(Effect.provideService(OwnRewards, rewards)),
  );
const failed = async (...parameters: Parameters<typeof run>) => {
  const result = await run(...parameters);
  if (result._tag === "Success") throw new Error(`gave ${JSON.stringify(result.success)}`);
  return result.failure;
};

describe("rewards of one's own", () => {
  it("get columns and give a score for each response, at once or later", async () => {
    const result = await run({
      brief: ({ completions }) => completions.map((text) => 1 / text.length),
      right: async ({ completions, answers }) =>
        completions.map((text, i) => (text.includes(answers[i]!) ? 1 : null)),
    });
    const brief = batch.completions.map((text) => 1 / text.length);
    expect(result).toMatchObject({
      success: {
        measured: [
          { brief: brief[0], right: 1 },
          { brief: brief[1], right: null },
          { brief: brief[2], right: 1 },
        ],
        failures: { brief: 0, right: 0 },
      },
    });
  });

  it("that throw end the stage with the name, the prompt and the response they threw at", async () => {
    const touchy: RewardFunction = ({ completions }) =>
      completions.map((text) => {
        if (text.includes("circle")) throw new TypeError("no circles");
        return 1;
      });
    const error = await failed({ touchy });
    expect(error).toMatchObject({ _tag: "RewardFailed", reward: "touchy", prompt: "what shape?" });
    expect(error.message).toBe(
      'reward "touchy" threw TypeError: no circles; prompt "what shape?", ' +
        'response "<answer> circle </answer>"',
    );
    expect(await run({ touchy }, { errors: "zero" })).toMatchObject({
      success: { measured: [{ touchy: 1 }, { touchy: 0 }, { touchy: 1 }], failures: { touchy: 1 } },
    });
  });

  it("that reject, or fail only on the batch as a whole, are blamed as well", async () => {
    const rejecting = async () => Promise.reject(new Error("offline"));
    expect((await failed({ rejecting })).message).toMatch(/"rejecting" threw Error: offline/);
    const odd = async () => Promise.reject(Object.create(null));
    expect((await failed({ odd })).message).toMatch(/"odd" threw \[Object: null prototype\] \{\}/);
    const whole: RewardFunction = ({ prompts }) => {
      if (prompts.length > 1) throw new Error("too many");
      return [0.5];
    };
    expect((await failed({ whole })).message).toMatch(/"whole" threw Error: too many/);
    expect(await run({ whole }, { errors: "zero" })).toMatchObject({
      success: {
        measured: [{ whole: 0.5 }, { whole: 0.5 }, { whole: 0.5 }],
        failures: { whole: 0 },
      },
    });
  });

  it("that are late are told so by their signal, and end the stage or earn 0", async () => {
    let aborted = 0;
    const late: RewardFunction = (_, signal) => {
      signal.addEventListener("abort", () => aborted++);
      return new Promise(() => {});
    };
    const error = await failed({ late }, { seconds: 0.02 });
    expect(error.message).toMatch(/^reward "late" took longer than 0.02 s; prompt "what color\?"/);
    expect(await run({ late }, { seconds: 0.02, errors: "zero" })).toMatchObject({
      success: { measured: [{ late: 0 }, { late: 0 }, { late: 0 }], failures: { late: 3 } },
    });
    expect(aborted).toBe(2);
  });

  it.each([
    ["no array of scores", 5],
    ["2 scores for 3 responses", [1, 2]],
    ["NaN as a score", [1, Number.NaN, 1]],
    ["undefined as a score", [1, 1, undefined]],
    ["1 as a score", [1, "1", 1]],
  ])("that give %s are refused", async (problem, scores) => {
    const odd = (({ prompts }: RewardBatch) =>
      prompts.length > 1 || !Array.isArray(scores) ? scores : [scores[1]]) as RewardFunction;
    expect((await failed({ odd })).message).toContain(problem);
  });

  it("that nobody gave are named", async () => {
    const error = await Effect.runPromise(
      Effect.flip(scoreOwn(["missing"], batch, { seconds: 1, errors: "zero" })),
    );
    expect(error.message).toMatch(/^reward "missing" was not given to run\(\)/);
  });
});
