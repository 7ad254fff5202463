import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { rename } from "../../src/dsl/rename.ts";
import { define } from "../../src/dsl/stage.ts";
import { handler } from "../../src/runtime/handler.ts";
import { isComplete, type PlanOptions, renderPlan } from "../../src/runtime/plan.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { temporaryFolder } from "../support/folder.ts";
import { planIn, runIn } from "../support/runtime.ts";

declare module "rcpa" {
  interface Artifacts {
    few: { readonly file: string };
    second: { readonly dir: string };
  }
}

const sums = pipeline("sums").pipe(numbers({ count: 7 }), add({ steps: 40 }));
const fresh = (...ids: ReadonlyArray<string>): PlanOptions => ({ fresh: (id) => ids.includes(id) });
const started = (events: ReadonlyArray<object>) =>
  events.flatMap((event) => ("stage" in event && "attempt" in event ? [event.stage] : []));

describe("a fresh stage", () => {
  const again = (root: string, options: PlanOptions, handlers = adderHandlers) =>
    runIn(root, sums, handlers, undefined, options);

  it("runs although it is stored, and leaves what follows when it comes out the same", async () => {
    const root = temporaryFolder();
    await runIn(root, sums, adderHandlers);
    const text = renderPlan(await planIn(root, sums, "code", fresh("numbers")));
    expect(text).toContain("numbers  run      asked for by --fresh");
    expect(text).toContain("add      stored   nothing to do if numbers comes out as it was");
    const { events } = await again(root, fresh("numbers"));
    expect(started(events)).toEqual(["numbers"]);
    expect(started((await again(root, fresh("add"))).events)).toEqual(["add"]);
  });

  it("takes what follows along when it comes out differently", async () => {
    const root = temporaryFolder();
    const sumIn = (artifacts: object = {}) => {
      const { policy } = artifacts as { readonly policy: { readonly dir: string } };
      return fs.readFileSync(join(policy.dir, "sum.json"), "utf8");
    };
    const before = sumIn((await runIn(root, sums, adderHandlers)).result?.artifacts);
    const others = handler(numbers, ({ artifact }) =>
      Effect.sync(() => {
        const file = artifact("numbers.json");
        fs.writeFileSync(file, "[1,2,3]");
        return { numbers: { file } };
      }),
    );
    const { events, result } = await again(root, fresh("numbers"), [others, adderHandlers[1]!]);
    expect(started(events)).toEqual(["numbers", "add"]);
    expect(JSON.stringify(events)).toContain("its input numbers came out differently");
    expect(sumIn(result?.artifacts)).not.toBe(before);
    expect(started((await again(root, {})).events)).toEqual([]);
  });

  it("starts over, checkpoints or not", async () => {
    const root = temporaryFolder();
    await runIn(root, sums, adderHandlers, (event, stop) => {
      if (event._tag === "StageProgress" && event.step === 17) Effect.runSync(stop.request);
    });
    const { events } = await again(root, fresh("add"));
    expect(events.map(({ _tag }) => _tag)).not.toContain("StageResumed");
  });
});

describe("a checkpoint made from other inputs", () => {
  it("is passed over", async () => {
    const root = temporaryFolder();
    await runIn(root, sums, adderHandlers, (event, stop) => {
      if (event._tag === "StageProgress" && event.step === 17) Effect.runSync(stop.request);
    });
    const others = handler(numbers, ({ artifact }) =>
      Effect.sync(() => {
        const file = artifact("numbers.json");
        fs.writeFileSync(file, "[4,5]");
        return { numbers: { file } };
      }),
    );
    const changed = [others, adderHandlers[1]!];
    const { events } = await runIn(root, sums, changed, undefined, fresh("numbers"));
    expect(JSON.stringify(events)).toContain("its input numbers came out differently since");
    expect(events.map(({ _tag }) => _tag)).not.toContain("StageResumed");
  });
});

describe("a result too large to hash at each hit", () => {
  const large = define({
    ...{ name: "large", version: 1, doc: "Writes a file of mostly nothing.", engine: false },
    ...{ needs: [], gives: ["numbers"], options: Schema.Struct({}) },
  });
  const largeHandler = handler(large, ({ artifact }) =>
    Effect.sync(() => {
      const file = artifact("numbers.json");
      fs.writeFileSync(file, "[1,2,3]");
      fs.writeFileSync(artifact("weights.bin"), "");
      fs.truncateSync(artifact("weights.bin"), 257 * 1024 ** 2);
      return { numbers: { file } };
    }),
  );
  const handlers = [largeHandler, adderHandlers[1]!];
  const alone = pipeline("alone").pipe(large());
  const used = (steps: number) => pipeline("used").pipe(large(), add({ steps }));

  it("is hashed when a stage that runs takes it, and when asked to verify", async () => {
    const root = temporaryFolder();
    const { plan } = await runIn(root, used(3), handlers);
    const file = join(root, "stages", plan.stages[0]!.key, "out/weights.bin");
    const handle = fs.openSync(file, "r+");
    fs.writeSync(handle, "x", 1000);
    fs.closeSync(handle);
    const action = async (...parameters: Parameters<typeof planIn>) =>
      (await planIn(...parameters)).stages[0]!.action;
    expect(await action(root, alone)).toMatchObject({ _tag: "Hit", verified: false });
    expect(await action(root, used(3))).toMatchObject({ _tag: "Hit" });
    const why = "its stored result is damaged: weights.bin does not have its recorded hash";
    expect(await action(root, used(4))).toMatchObject({ _tag: "Run", why });
    const verified = await action(root, alone, "code", { verify: true });
    expect(verified).toMatchObject({ _tag: "Run", why });
  });
});

const sumOf = (artifacts: Readonly<Record<string, unknown>> = {}) => {
  const { dir } = artifacts.policy as { readonly dir: string };
  return JSON.parse(fs.readFileSync(join(dir, "sum.json"), "utf8")).total as number;
};

describe("renamed artifacts", () => {
  const both = pipeline("both").pipe(
    numbers({ count: 7 }),
    add({ steps: 12 }),
    rename(numbers({ count: 3 }), { numbers: "few" }),
    rename(add({ steps: 12 }), { policy: "second" }),
    rename(add({ steps: 12 }), { numbers: "few", policy: "second" }),
  );

  it("are handed to and taken from handlers under their own names", async () => {
    const root = temporaryFolder();
    const { plan, result } = await runIn(root, both, adderHandlers);
    const ids = ["numbers", "add", "numbers@few", "add@second", "add@few+second"];
    expect(plan.stages.map(({ id }) => id)).toEqual(ids);
    expect(Object.keys(result!.artifacts)).toEqual(["numbers", "policy", "few", "second"]);
    const { policy, second } = result!.artifacts;
    expect(second).not.toEqual(policy);
    expect(sumOf({ policy: second })).not.toBe(sumOf({ policy }));
    const few = JSON.parse(
      fs.readFileSync((result!.artifacts.few as { file: string }).file, "utf8"),
    );
    expect(few).toEqual([0, 1, 2]);
    const again = await runIn(root, both, []);
    expect(isComplete(again.plan)).toBe(true);
    expect(again.result?.artifacts).toEqual(result?.artifacts);
  });

  it("leave the keys of other stages alone", async () => {
    const root = temporaryFolder();
    const keys = async (of: typeof both) => (await planIn(root, of)).stages.map(({ key }) => key);
    expect((await keys(both)).slice(0, 2)).toEqual(
      await keys(pipeline("sums").pipe(numbers({ count: 7 }), add({ steps: 12 }))),
    );
    expect(new Set(await keys(both)).size).toBe(5);
  });

  it("and a second use change the key, since randomness is drawn under the id", async () => {
    const root = temporaryFolder();
    const alone = pipeline("alone").pipe(numbers({ count: 7 }), add({ steps: 12 }));
    const after = pipeline("after").pipe(
      numbers({ count: 7 }),
      add({ steps: 3 }),
      add({ steps: 12 }),
    );
    const [first, second] = [await planIn(root, alone), await planIn(root, after)];
    expect(second.stages[2]!.id).toBe("add-2");
    expect(second.stages[2]!.fingerprint.inputs).toEqual(first.stages[1]!.fingerprint.inputs);
    expect(second.stages[2]!.key).not.toBe(first.stages[1]!.key);
  });

  it("change the key when the same stage takes other artifacts of the same giver", async () => {
    const nothing = Schema.Struct({});
    const about = { version: 1, doc: "For the test.", options: nothing } as const;
    const pair = define({ ...about, name: "pair", needs: [], gives: ["policy", "reference"] });
    const compare = define({
      ...about,
      name: "compare",
      needs: ["policy", "reference"],
      gives: [],
    });
    const swapped = rename(compare(), { policy: "reference", reference: "policy" });
    const { stages } = await planIn(
      temporaryFolder(),
      pipeline("pairs").pipe(pair(), compare(), swapped),
    );
    expect(stages[2]!.fingerprint.inputs).toEqual(stages[1]!.fingerprint.inputs);
    expect(stages[2]!.key).not.toBe(stages[1]!.key);
  });
});
