import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { type ImageSource, imageBytes, imageSources } from "../../src/data/image-source.ts";
import { temporaryFolder } from "../support/folder.ts";

const png = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
  .png()
  .toBuffer();
const base64 = png.toString("base64");

describe("imageSources", () => {
  it.each([
    ["a path", "images/1.png", { path: "images/1.png" }],
    ["an object with a path", { bytes: null, path: "1.png" }, { path: "1.png" }],
    ["base64", base64, { bytes: png }],
    ["a data URI", `data:image/png;base64,${base64}`, { bytes: png }],
    ["an object with base64", { bytes: base64, path: null }, { bytes: png }],
    ["an object with numbers", { bytes: [...png] }, { bytes: png }],
    ["a buffer as Node writes it", { bytes: png.toJSON() }, { bytes: png }],
  ])("reads %s", (_, value, source) => {
    const [one, ...more] = imageSources([value]) as ReadonlyArray<ImageSource>;
    expect(more).toEqual([]);
    if ("bytes" in source) {
      expect(Buffer.from((one as { bytes: Uint8Array }).bytes)).toEqual(png);
    } else expect(one).toEqual(source);
  });

  it("reads one value as a list of one", () => {
    expect(imageSources("1.png")).toEqual([{ path: "1.png" }]);
    expect(imageSources([])).toEqual([]);
  });

  it.each([
    ["https://host/1.png", "is an address"],
    ["data:text/html,hi", "data URI without base64 image"],
    ["data:image/png;base64,####", "does not decode"],
    [7, "is no image"],
    [{}, "is no image"],
    ["", "neither a path nor base64"],
    ["a\0b", "neither a path nor base64"],
    ["a".repeat(5000), "neither a path nor base64"],
  ])("refuses %j", (value, problem) => {
    expect((imageSources(value) as { problem: string }).problem).toContain(problem);
  });
});

describe("imageBytes", () => {
  function folder() {
    const root = temporaryFolder();
    const dir = join(root, "data");
    mkdirSync(dir);
    writeFileSync(join(root, "secret.png"), png);
    writeFileSync(join(dir, "own.png"), png);
    writeFileSync(join(dir, "words.png"), "no image");
    symlinkSync(join(root, "secret.png"), join(dir, "link.png"));
    mkdirSync(join(dir, "folder.png"));
    writeFileSync(join(dir, "huge.png"), png);
    truncateSync(join(dir, "huge.png"), 2 ** 26 + 1);
    return { root, dir };
  }

  it("reads files of its folder", () => {
    const { dir } = folder();
    const read = imageBytes({ path: "own.png" }, { dir, outside: false });
    expect(Buffer.from((read as { bytes: Uint8Array }).bytes)).toEqual(png);
  });

  it.each([
    ["../secret.png", "leads out of"],
    ["link.png", "leads out of"],
    ["absent.png", "there is no file"],
    ["folder.png", "is not a file"],
    ["huge.png", "is larger than"],
    ["words.png", "is no image in PNG"],
  ])("refuses %j", (path, problem) => {
    const { dir } = folder();
    expect(imageBytes({ path }, { dir, outside: false })).toEqual({
      problem: expect.stringContaining(problem),
    });
  });

  it("follows paths outside when allowed", () => {
    const { dir, root } = folder();
    for (const path of ["../secret.png", "link.png", join(root, "secret.png")]) {
      expect(imageBytes({ path }, { dir, outside: true })).toHaveProperty("bytes");
      expect(imageBytes({ path }, { dir, outside: false })).toHaveProperty("problem");
    }
  });

  it("refuses drawings, which could refer to other files", () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');
    expect(imageBytes({ bytes: svg }, { dir: ".", outside: false })).toHaveProperty("problem");
  });
});
