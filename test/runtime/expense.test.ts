import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import { describe, expect, it } from "vitest";
import { minus, openBill, plus } from "../../src/runtime/expense.ts";
import { spentOn } from "../../src/runtime/steps.ts";
import { runIn, temporaryDir } from "../support/runtime.ts";

const of = (cpuSeconds: number, flops: number) => ({ cpuSeconds, flops });

describe("a bill", () => {
  it("tells what was spent around the loops from what was spent in them", () => {
    let now = of(10, 100);
    const bill = openBill(() => now);
    now = plus(now, of(0.5, 5));
    bill.spend(of(2, 20));
    now = plus(now, of(2, 20));
    now = plus(now, of(0.25, 1));
    expect(bill.around()).toEqual(of(0.75, 6));
    expect(minus(now, of(10, 100))).toEqual(of(2.75, 26));
  });
});

const work = define({
  ...{ name: "work", version: 1, doc: "Burns a little time.", needs: [], gives: ["policy"] },
  options: Schema.Struct({ steps: Schema.Int }),
  engine: false,
});

const burn = (seconds: number) => {
  const { user, system } = process.cpuUsage();
  const spent = () => {
    const now = process.cpuUsage();
    return (now.user + now.system - user - system) / 1e6;
  };
  while (spent() < seconds);
};

const workHandler = handler(work, (context) =>
  Effect.gen(function* () {
    burn(0.02);
    yield* context.loop<object, never, never>({
      ...{ total: context.options.steps, checkpointEvery: 100, start: Effect.succeed({}) },
      restore: () => Effect.succeed({}),
      step: () =>
        Effect.sync(() => {
          burn(0.01);
          return {};
        }),
      save: () => Effect.void,
    });
    return { policy: { dir: context.outDir } };
  }),
);

describe("a stage", () => {
  it("records what it has cost, the steps of an interrupted attempt once", async () => {
    const root = temporaryDir();
    const whole = pipeline("burning").pipe(work({ steps: 6 }));
    const cut = await runIn(root, whole, [workHandler], (event, stop) => {
      if (event._tag === "StageProgress" && event.step === 4) Effect.runSync(stop.request);
    });
    const dir = join(root, "stages", cut.plan.stages[0]!.key);
    const first = spentOn(join(dir, "steps.jsonl"));
    expect(first.cpuSeconds).toBeGreaterThanOrEqual(0.04);
    await runIn(root, whole, [workHandler]);
    const all = spentOn(join(dir, "steps.jsonl"));
    expect(all.cpuSeconds - first.cpuSeconds).toBeGreaterThanOrEqual(0.02);
    const { spent } = JSON.parse(readFileSync(join(dir, "result.json"), "utf8"));
    expect(spent.cpuSeconds - all.cpuSeconds).toBeGreaterThanOrEqual(0.02);
    expect(spent.flops).toBe(0);
  });
});
