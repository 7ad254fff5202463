import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { cpuWheel } from "../../../src/tensor/install/releases.mjs";
import { fetchCpuLibrary, once } from "../../../src/tensor/install/steps.mjs";
import { temporaryFolder } from "../../support/folder.ts";

describe("once", () => {
  it("leaves nothing under the final name when the fill fails, and fills from empty the next time", async () => {
    const folder = temporaryFolder();
    const target = path.join(folder, "library");
    const broken = once(target, async (partial) => {
      writeFileSync(path.join(partial, "half"), "half");
      throw new Error("no space left");
    });
    await expect(broken).rejects.toThrow("no space left");
    expect(readdirSync(folder)).toEqual([]);

    // What a killed process leaves: the partial folder is still there.
    mkdirSync(`${target}.partial`);
    writeFileSync(path.join(`${target}.partial`, "half"), "half");
    await once(target, async (partial) => writeFileSync(path.join(partial, "whole"), "whole"));
    expect(readdirSync(target)).toEqual(["whole"]);
    expect(readdirSync(folder)).toEqual(["library"]);
  });

  it("does not do again what was done", async () => {
    const target = path.join(temporaryFolder(), "library");
    let fills = 0;
    const fill = async () => {
      fills++;
    };
    await once(target, fill);
    await once(target, fill);
    expect(fills).toBe(1);
  });
});

describe("fetchCpuLibrary", () => {
  it("refuses a truncated wheel and removes it, so that the next attempt fetches it anew", async () => {
    const home = temporaryFolder();
    const wheel = path.join(home, "wheel", cpuWheel.file);
    mkdirSync(path.dirname(wheel));
    writeFileSync(wheel, "the first bytes of a wheel");
    await expect(fetchCpuLibrary(home, () => {})).rejects.toThrow(/not the pinned file/);
    expect(existsSync(wheel)).toBe(false);
    expect(existsSync(path.join(home, "library"))).toBe(false);
  });
});
