import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import {
  filesBelow,
  firstDamage,
  inventory,
  isNoSpace,
  onDisk,
  writeAtomic,
} from "../../src/runtime/files.ts";
import { temporaryDir } from "../support/runtime.ts";

describe("writeAtomic", () => {
  it("replaces the whole file and leaves nothing beside it", () => {
    const dir = temporaryDir();
    writeAtomic(join(dir, "a.json"), "long old text");
    writeAtomic(join(dir, "a.json"), "new");
    expect(fs.readFileSync(join(dir, "a.json"), "utf8")).toBe("new");
    expect(fs.readdirSync(dir)).toEqual(["a.json"]);
  });

  it("keeps the old file and cleans up when the disk is full", () => {
    const dir = temporaryDir();
    const path = join(dir, "a.json");
    writeAtomic(path, "old");
    fs.symlinkSync("/dev/full", `${path}.tmp-${process.pid}`);
    expect(() => writeAtomic(path, "new")).toThrow("ENOSPC");
    expect(fs.readFileSync(path, "utf8")).toBe("old");
    expect(fs.readdirSync(dir)).toEqual(["a.json"]);
  });
});

describe("onDisk", () => {
  it("tells a full disk from other failures, with the path", async () => {
    const dir = temporaryDir();
    const full = onDisk(dir, "a checkpoint", () => fs.writeFileSync("/dev/full", "x"));
    expect(await Effect.runPromise(Effect.flip(full))).toMatchObject({
      _tag: "StoreFull",
      message: expect.stringContaining(
        `no space left on device while writing a checkpoint to ${dir}`,
      ),
    });
    const broken = onDisk(dir, "a checkpoint", () => fs.readFileSync(join(dir, "none")));
    expect(await Effect.runPromise(Effect.flip(broken))).toMatchObject({ _tag: "StoreBroken" });
  });

  it("sees a full disk through wrapped errors", () => {
    const cause = Object.assign(new Error("write failed"), { code: "ENOSPC" });
    expect(isNoSpace(new Error("saving weights", { cause }))).toBe(true);
    expect(isNoSpace(new Error("ENOSPC: no space left on device, write"))).toBe(true);
    expect(isNoSpace(new Error("EACCES"))).toBe(false);
    expect(isNoSpace(undefined)).toBe(false);
  });
});

describe("firstDamage", () => {
  const make = () => {
    const dir = temporaryDir();
    fs.mkdirSync(join(dir, "sub"));
    fs.writeFileSync(join(dir, "sub", "a"), "aaaa");
    fs.writeFileSync(join(dir, "b"), "bb");
    return { dir, files: inventory(dir) };
  };

  it("finds nothing wrong with what was just listed", () => {
    const { dir, files } = make();
    expect(filesBelow(dir)).toEqual(["b", "sub/a"]);
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["b", 2],
      ["sub/a", 4],
    ]);
    expect(firstDamage(dir, files, "hash")).toBeUndefined();
  });

  it("names a missing, a truncated and a changed file", () => {
    const { dir, files } = make();
    fs.writeFileSync(join(dir, "b"), "bx");
    expect(firstDamage(dir, files, "size")).toBeUndefined();
    expect(firstDamage(dir, files, "hash")).toBe("b does not have its recorded hash");
    fs.writeFileSync(join(dir, "b"), "b");
    expect(firstDamage(dir, files, "size")).toBe("b has 1 bytes, not 2");
    fs.rmSync(join(dir, "b"));
    expect(firstDamage(dir, files, "size")).toBe("b is missing");
  });
});
