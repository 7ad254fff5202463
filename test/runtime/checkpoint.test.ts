import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { newest, save } from "../../src/runtime/checkpoint.ts";
import { temporaryDir } from "../support/runtime.ts";

const keep = (root: string, step: number, text = `state ${step}`, loop = 0) =>
  Effect.runPromise(
    save(root, loop, step, (dir) =>
      Effect.sync(() => fs.writeFileSync(join(dir, "state.txt"), text)),
    ),
  );
const look = (root: string, loop = 0) => Effect.runPromise(newest(root, loop));
const read = (dir: string) => fs.readFileSync(join(dir, "state.txt"), "utf8");

describe("checkpoints", () => {
  it("gives back the newest, and keeps the last two", async () => {
    const root = temporaryDir();
    for (const step of [5, 10, 15]) await keep(root, step);
    const { checkpoint, ignored } = await look(root);
    expect(checkpoint?.step).toBe(15);
    expect(read(checkpoint!.dir)).toBe("state 15");
    expect(ignored).toEqual([]);
    expect(fs.readdirSync(root)).toEqual(["0-00000010", "0-00000015"]);
  });

  it("keeps loops of one stage apart", async () => {
    const root = temporaryDir();
    await keep(root, 50, "first", 0);
    await keep(root, 2, "second", 1);
    expect((await look(root, 0)).checkpoint?.step).toBe(50);
    expect((await look(root, 1)).checkpoint?.step).toBe(2);
    expect((await look(root, 2)).checkpoint).toBeUndefined();
  });

  it.each([
    ["truncated", (file: string) => fs.truncateSync(file, 3), "has 3 bytes, not 8"],
    ["changed", (file: string) => fs.writeFileSync(file, "state 1X"), "recorded hash"],
    ["lost", (file: string) => fs.rmSync(file), "is missing"],
  ])("passes over a checkpoint with a %s file, and says so", async (_what, damage, reason) => {
    const root = temporaryDir();
    await keep(root, 10);
    await keep(root, 15);
    damage(join(root, "0-00000015", "state", "state.txt"));
    const { checkpoint, ignored } = await look(root);
    expect(checkpoint?.step).toBe(10);
    expect(ignored).toHaveLength(1);
    expect(ignored[0]).toContain("checkpoint at step 15 ignored: state.txt");
    expect(ignored[0]).toContain(reason);
  });

  it("passes over a folder that was never renamed or has no manifest", async () => {
    const root = temporaryDir();
    await keep(root, 10);
    fs.cpSync(join(root, "0-00000010"), join(root, "0-00000020.tmp"), { recursive: true });
    fs.mkdirSync(join(root, "0-00000030", "state"), { recursive: true });
    const { checkpoint, ignored } = await look(root);
    expect(checkpoint?.step).toBe(10);
    expect(ignored).toEqual(["checkpoint at step 30 ignored: its manifest.json is missing"]);
  });

  it("fails with one clear error on a full disk and leaves the older one in place", async () => {
    const root = temporaryDir();
    await keep(root, 10);
    const full = save(root, 0, 20, () => Effect.sync(() => fs.writeFileSync("/dev/full", "x")));
    expect(await Effect.runPromise(Effect.flip(full))).toMatchObject({
      _tag: "StoreFull",
      path: root,
      during: "a checkpoint",
    });
    expect(fs.readdirSync(root)).toEqual(["0-00000010"]);
  });

  it("replaces a damaged checkpoint of the same step", async () => {
    const root = temporaryDir();
    await keep(root, 10);
    fs.truncateSync(join(root, "0-00000010", "state", "state.txt"), 0);
    await keep(root, 10);
    expect(read((await look(root)).checkpoint!.dir)).toBe("state 10");
  });
});
