import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { collect, type GcOptions } from "../../src/runtime/gc.ts";
import { hold } from "../../src/runtime/lock.ts";
import { isComplete } from "../../src/runtime/plan.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { planIn, runIn, temporaryDir } from "../support/runtime.ts";

const sums = (steps: number) => pipeline("sums").pipe(numbers({ count: 7 }), add({ steps }));

const gc = (root: string, options?: GcOptions) => Effect.runPromise(collect(root, options));
const tree = (dir: string) => fs.readdirSync(dir, { recursive: true }).sort();

/** A store with two runs that share a stage; gives the folder of the run of five steps. */
async function store() {
  const root = temporaryDir();
  const { result, plan } = await runIn(root, sums(5), adderHandlers);
  await runIn(root, sums(6), adderHandlers);
  const keys = plan.stages.map(({ key }) => key);
  return { root, runDir: result!.runDir, add: join(root, "stages", keys[1]!), keys };
}

describe("gc", () => {
  it("leaves everything that a run refers to", async () => {
    const { root } = await store();
    const before = tree(root);
    const report = await gc(root);
    expect(report).toMatchObject({ removed: [], locked: [], kept: { stages: 3 }, refused: [] });
    expect(tree(root)).toEqual(before);
  });

  it("deletes results no run refers to any more, with their size, and no others", async () => {
    const { root, runDir, keys } = await store();
    fs.rmSync(runDir, { recursive: true });
    const dry = await gc(root, { dryRun: true });
    expect(dry.removed).toEqual([
      { path: join("stages", keys[1]!), why: "no run refers to it", bytes: expect.any(Number) },
    ]);
    expect(dry.removed[0]!.bytes).toBeGreaterThan(500);
    expect((await gc(root)).removed).toEqual(dry.removed);
    expect(isComplete(await planIn(root, sums(6)))).toBe(true);
    expect((await planIn(root, sums(5))).stages.map(({ action }) => action._tag)).toEqual([
      "Hit",
      "Run",
    ]);
  });

  it("counts old runs as gone when told to, but keeps their records", async () => {
    const { root, runDir, keys } = await store();
    const old = new Date(Date.now() - 10 * 86_400_000);
    for (const name of ["run.json", "events.jsonl", "."])
      fs.utimesSync(join(runDir, name), old, old);
    expect((await gc(root, { keepDays: 11 })).removed).toEqual([]);
    const { removed } = await gc(root, { keepDays: 9 });
    expect(removed).toMatchObject([
      { path: join("stages", keys[1]!), why: "no run of the last 9 days refers to it" },
    ]);
    expect(fs.existsSync(join(runDir, "run.json"))).toBe(true);
  });

  it("deletes what interrupted processes left, and checkpoints of what is finished", async () => {
    const { root, runDir, add: dir } = await store();
    fs.mkdirSync(join(dir, "checkpoints/0-00000005/state"), { recursive: true });
    fs.mkdirSync(join(dir, "out.tmp"));
    fs.mkdirSync(join(root, "stages/.gone-1-add-0123456789abcdef"));
    for (const path of [join(dir, "LOCK.new-7"), join(dir, "result.json.tmp-7")]) {
      fs.writeFileSync(path, "x");
    }
    fs.writeFileSync(join(runDir, "run.json.tmp-7"), "x");
    const { removed } = await gc(root);
    expect(removed.map(({ path }) => path.split("/").at(-1))).toEqual([
      ".gone-1-add-0123456789abcdef",
      "LOCK.new-7",
      "out.tmp",
      "result.json.tmp-7",
      "checkpoints",
      "run.json.tmp-7",
    ]);
    expect(isComplete(await planIn(root, sums(5)))).toBe(true);
    expect((await gc(root)).removed).toEqual([]);
  });

  it("keeps the checkpoints that an interrupted run goes on from", async () => {
    const root = temporaryDir();
    await runIn(root, sums(40), adderHandlers, (event, stop) => {
      if (event._tag === "StageProgress" && event.step === 17) Effect.runSync(stop.request);
    });
    await gc(root);
    const { action } = (await planIn(root, sums(40))).stages[1]!;
    expect(action).toMatchObject({ _tag: "Resume", step: 17 });
  });

  it("never touches a locked stage", async () => {
    const { root, runDir, add: dir } = await store();
    fs.rmSync(runDir, { recursive: true });
    const held = Effect.andThen(
      hold(join(dir, "LOCK")),
      Effect.promise(() => gc(root)),
    );
    const { removed, locked } = await Effect.runPromise(Effect.scoped(held));
    expect(removed).toEqual([]);
    expect(locked).toEqual([dir.slice(root.length + 1)]);
    expect(fs.existsSync(join(dir, "result.json"))).toBe(true);
    expect((await gc(root)).removed).toHaveLength(1);
  });

  it("protects what a run that goes on refers to, whatever its age", async () => {
    const { root, runDir } = await store();
    const lock = join(runDir, "LOCK");
    const held = Effect.andThen(
      hold(lock),
      Effect.promise(() => gc(root, { keepDays: 0 })),
    );
    await Effect.runPromise(Effect.scoped(held));
    expect(isComplete(await planIn(root, sums(5)))).toBe(true);
  });

  it("touches no stage while a run does not tell what it refers to", async () => {
    const { root, runDir } = await store();
    fs.truncateSync(join(runDir, "run.json"), 20);
    const { removed, refused } = await gc(root);
    expect(removed).toEqual([]);
    expect(refused).toEqual([expect.stringMatching(/^runs\/.*: run\.json is damaged$/)]);
  });
});
