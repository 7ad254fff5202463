import { describe, expect, it } from "vitest";
import { withAttempts } from "../../src/dsl/attempts.ts";
import { grpo } from "../../src/dsl/phases.ts";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { numbers } from "../support/adder.ts";

describe("attempts", () => {
  it("are decoded with their defaults, of a pipeline and of one stage", () => {
    const rule = { times: 5, delaySeconds: 0.2, maximumDelaySeconds: 60, totalMinutes: null };
    const value = pipeline("p", { attempts: { retry: { Transient: { times: 5 } } } }).pipe(
      withAttempts(numbers(), { timeoutMinutes: 90 }),
      numbers(),
    );
    expect(value.issues).toEqual([]);
    expect(value.attempts).toEqual({ timeoutMinutes: null, retry: { Transient: rule } });
    expect(value.stages[0]!.attempts).toEqual({ timeoutMinutes: 90, retry: {} });
    expect(value.stages[1]!.attempts).toBeUndefined();
    expect(pipeline("p").pipe(numbers()).attempts).toEqual({ timeoutMinutes: null, retry: {} });
  });

  it("leave the stage what it is besides", () => {
    const plain = grpo({ steps: 3 });
    const { attempts, ...rest } = withAttempts(plain, { timeoutMinutes: 1 });
    expect(attempts?.timeoutMinutes).toBe(1);
    expect({ ...rest, at: undefined }).toEqual({ ...plain, at: undefined });
    expect(plain.attempts).toBeUndefined();
  });

  it("are checked all at once, with the place of the call", () => {
    const wrong = withAttempts(numbers(), {
      timeoutMinutes: -1,
      retry: { Transient: { times: 0.5 } },
    });
    expect(wrong.issues.map(({ path }) => path)).toEqual([
      "numbers.attempts.timeoutMinutes",
      "numbers.attempts.retry.Transient.times",
    ]);
    expect(wrong.issues[0]!.at?.file).toBe(import.meta.filename);
    const value = pipeline("p", { attempts: { timeoutMinutes: 0 } }).pipe(numbers());
    expect(value.issues[0]).toMatchObject({ path: "p.attempts.timeoutMinutes" });
    expect(value.issues[0]!.at?.file).toBe(import.meta.filename);
  });

  it("refuse to repeat what repeats its failure, in words", () => {
    const { issues } = withAttempts(numbers(), { retry: { Diverged: {} } });
    expect(issues[0]!.message).toContain("Diverged");
    expect(issues[0]!.message).toContain("cannot be tried again");
  });
});
