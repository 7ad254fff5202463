import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { checkSha256, sha256, unpackTarball } from "../../../src/tensor/install/archive.mjs";
import { temporaryFolder } from "../../support/folder.ts";

/** A tarball as npm packs it: one top folder, here with a nested file, an empty one and a path over 100 letters. */
function tarball(folder: string) {
  const deep = path.join("a".repeat(60), "b".repeat(60));
  mkdirSync(path.join(folder, "package", deep), { recursive: true });
  writeFileSync(path.join(folder, "package", "index.js"), "x".repeat(1000));
  writeFileSync(path.join(folder, "package", "empty"), "");
  writeFileSync(path.join(folder, "package", deep, "deep.js"), "deep");
  const file = path.join(folder, "package.tgz");
  execFileSync("tar", ["czf", file, "--format=pax", "-C", folder, "package"]);
  const hash = createHash("sha512").update(readFileSync(file)).digest("base64");
  return { file, integrity: `sha512-${hash}`, deep: path.join(deep, "deep.js") };
}

describe("sha256", () => {
  it('is the published hash of "abc"', async () => {
    const file = path.join(temporaryFolder(), "file");
    writeFileSync(file, "abc");
    expect(await sha256(file)).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("keeps the pinned file and removes any other", async () => {
    const file = path.join(temporaryFolder(), "lib.so");
    writeFileSync(file, "abc");
    await checkSha256(file, await sha256(file));
    expect(existsSync(file)).toBe(true);
    await expect(checkSha256(file, "0".repeat(64))).rejects.toThrow(/lib\.so is not the pinned/);
    expect(existsSync(file)).toBe(false);
  });
});

describe("unpackTarball", () => {
  it("gives the files of the archive less its top folder", () => {
    const folder = temporaryFolder();
    const { file, integrity, deep } = tarball(folder);
    const into = path.join(folder, "into");
    unpackTarball(file, integrity, into);
    expect(readFileSync(path.join(into, "index.js"), "utf8")).toBe("x".repeat(1000));
    expect(readFileSync(path.join(into, "empty"), "utf8")).toBe("");
    expect(readFileSync(path.join(into, deep), "utf8")).toBe("deep");
  });

  it("refuses and removes an archive whose integrity is another", () => {
    const folder = temporaryFolder();
    const { file, integrity } = tarball(folder);
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    const into = path.join(folder, "into");
    expect(() => unpackTarball(file, integrity, into)).toThrow(/not the pinned file/);
    expect(existsSync(into)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });
});
