import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { appendStep, readSteps, rewindSteps } from "../../src/runtime/steps.ts";
import { temporaryDir } from "../support/runtime.ts";

const line = (loop: number, step: number) => ({ loop, step, metrics: { reward: step / 8 } });

describe("step metrics", () => {
  it("come back as written, without a torn last line, and with what is not a number", () => {
    const path = join(temporaryDir(), "steps.jsonl");
    const odd = { loop: 0, step: 2, metrics: { loss: Number.NaN, top: Number.POSITIVE_INFINITY } };
    appendStep(path, line(0, 1));
    appendStep(path, odd);
    fs.appendFileSync(path, '{"loop":0,"st');
    expect(readSteps(path)).toEqual([line(0, 1), odd]);
  });

  it("are rewound to a step, and later loops with them", () => {
    const path = join(temporaryDir(), "steps.jsonl");
    for (const [loop, step] of [
      [0, 1],
      [0, 2],
      [1, 1],
      [1, 2],
      [2, 1],
    ] as const) {
      appendStep(path, line(loop, step));
    }
    rewindSteps(path, 1, 1);
    expect(readSteps(path)).toEqual([line(0, 1), line(0, 2), line(1, 1)]);
    rewindSteps(path, 0, 0);
    expect(readSteps(path)).toEqual([]);
  });
});
