import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Random from "effect/Random";
import * as TestClock from "effect/testing/TestClock";
import { describe, expect, it } from "vitest";
import { OutOfMemory, TimedOut, Transient } from "../../src/runtime/errors.ts";
import { type Retry, type RetryPolicy, retrying } from "../../src/runtime/retry.ts";

type Failure = Transient | TimedOut | OutOfMemory;
const busy = () => new Transient({ detail: "busy" });

/** Fails with each error in turn, each attempt taking `seconds`, on a clock of its own. */
async function trial(
  errors: ReadonlyArray<Failure>,
  policies: ReadonlyArray<RetryPolicy>,
  seconds = 0,
) {
  const retries: Array<Retry> = [];
  const attempt = (number: number) =>
    Effect.andThen(
      Effect.sleep(`${seconds} seconds`),
      number <= errors.length ? Effect.fail(errors[number - 1]!) : Effect.succeed(number),
    );
  const work = retrying(policies, attempt, (_, retry) => Effect.sync(() => retries.push(retry)));
  const program = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(Random.withSeed(work, "retry"));
    yield* TestClock.adjust("10 days");
    return yield* Effect.exit(Fiber.join(fiber));
  });
  const exit = await Effect.runPromise(Effect.provide(program, TestClock.layer()));
  return { value: Exit.isSuccess(exit) ? exit.value : undefined, retries };
}

const delays = ({ retries }: { retries: ReadonlyArray<Retry> }) =>
  retries.map(({ delaySeconds }) => delaySeconds);

describe("retrying", () => {
  it("waits twice as long each time, give or take a fifth, up to the longest wait", async () => {
    const rule = { times: 6, delaySeconds: 1, maximumDelaySeconds: 10 };
    const run = await trial(Array.from({ length: 6 }, busy), [{ Transient: rule }]);
    expect(run.value).toBe(7);
    expect(run.retries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6]);
    [1, 2, 4, 8, 10, 10].forEach((middle, at) => {
      expect(delays(run)[at]! / middle).toBeGreaterThan(0.8 - 1e-9);
      expect(delays(run)[at]! / middle).toBeLessThan(1.2 + 1e-9);
    });
    expect(new Set(delays(run).map((delay, at) => delay / [1, 2, 4, 8, 10, 10][at]!)).size).toBe(6);
  });

  it("gives up when the times are used up, and never tries a tag that nobody names", async () => {
    const twice = await trial([busy(), busy(), busy()], [{ Transient: { times: 2 } }]);
    expect(twice).toMatchObject({ value: undefined, retries: [{ attempt: 1 }, { attempt: 2 }] });
    const late = new TimedOut({ stage: "s", limitMinutes: 1 });
    expect(await trial([late], [])).toEqual({ value: undefined, retries: [] });
    expect((await trial([late], [{ TimedOut: {} }])).value).toBe(2);
  });

  it("counts each tag by itself, and lets later policies come before earlier ones", async () => {
    const late = new TimedOut({ stage: "s", limitMinutes: 1 });
    const policy = { Transient: { times: 1 }, TimedOut: { times: 1 } };
    expect((await trial([busy(), late], [policy])).value).toBe(3);
    expect((await trial([busy()], [policy, { Transient: { times: 0 } }])).value).toBeUndefined();
    expect((await trial([busy()], [{ Transient: { times: 0 } }, policy])).value).toBe(2);
  });

  it("begins no retry after the total time", async () => {
    const rule = { times: 100, delaySeconds: 0, totalMinutes: 5 };
    const run = await trial(Array.from({ length: 100 }, busy), [{ Transient: rule }], 60);
    // Failures at minutes 1, 2, …: the clock of the rule starts with the first.
    expect(run).toMatchObject({ value: undefined });
    expect(run.retries).toHaveLength(6);
  });

  it("tries again at once after a lack of memory, but not once nothing can be halved", async () => {
    const lack = (final?: boolean) =>
      new OutOfMemory({ detail: "OOM", ...(final === undefined ? {} : { final }) });
    expect(delays(await trial([lack(), lack()], []))).toEqual([0, 0]);
    const last = await trial([lack(), lack(true)], [{ OutOfMemory: { times: 50 } }]);
    expect(last).toMatchObject({ value: undefined, retries: [{ attempt: 1 }] });
  });
});
