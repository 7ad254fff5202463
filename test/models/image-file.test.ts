/** Image files decode to RGB as Pillow's `convert("RGB")` does; bad ones fail by name. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { ImageUnreadable, readImage } from "../../src/models/image-file.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-image-file-"));
afterAll(() => rmSync(dir, { recursive: true }));

const pixels = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => (i * 37) % 256);
const raw = { width: 2, height: 3, channels: 4 } as const;
const png = () => sharp(pixels, { raw }).png().toBuffer();

describe("readImage", () => {
  it("drops alpha without blending, from a path and from bytes", async () => {
    const path = join(dir, "alpha.png");
    writeFileSync(path, await png());
    const data = Uint8Array.from([...pixels].filter((_, i) => i % 4 !== 3));
    expect(await readImage(path)).toEqual({ width: 2, height: 3, data });
    expect(await readImage(await png())).toEqual({ width: 2, height: 3, data });
  });

  it("spreads grey to three channels and expands palettes", async () => {
    const grey = { width: 2, height: 1, channels: 1 } as const;
    const bytes = await sharp(Uint8Array.of(7, 250), { raw: grey })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    expect((await readImage(bytes)).data).toEqual(Uint8Array.of(7, 7, 7, 250, 250, 250));
    const red = { create: { width: 2, height: 2, channels: 3, background: "#f00" } } as const;
    const palette = await sharp(red).png({ palette: true }).toBuffer();
    expect((await readImage(palette)).data.subarray(0, 3)).toEqual(Uint8Array.of(255, 0, 0));
  });

  it("does not turn pictures by their EXIF orientation", async () => {
    const bytes = await sharp(pixels, { raw })
      .removeAlpha()
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await readImage(bytes)).toMatchObject({ width: 2, height: 3 });
  });

  it("names a missing file, a file of something else, and a truncated one", async () => {
    await expect(readImage(join(dir, "absent.png"))).rejects.toThrow(ImageUnreadable);
    const path = join(dir, "broken.png");
    const noisy = { width: 64, height: 64, channels: 3 } as const;
    const whole = await sharp(
      Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i) % 251),
      { raw: noisy },
    )
      .png()
      .toBuffer();
    for (const content of ["not an image", whole.subarray(0, whole.length / 2), ""]) {
      writeFileSync(path, content);
      await expect(readImage(path)).rejects.toMatchObject({
        path,
        message: expect.stringContaining(path),
      });
    }
    await expect(readImage(readFileSync(path))).rejects.toMatchObject({ path: "(bytes)" });
  });

  it("refuses more pixels than allowed before decoding them", async () => {
    await expect(readImage(await png(), { maxPixels: 5 })).rejects.toThrow(/pixel limit/);
    expect(await readImage(await png(), { maxPixels: 6 })).toMatchObject({ width: 2 });
  });
});
