import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSealed, seal, sealLine, unseal, unsealLine } from "../../src/runtime/sealed.ts";
import { temporaryFolder } from "../support/folder.ts";

const value = { b: [1, -0.5, null, 'ä\n"seal"'], a: { 2: true, 1: {} }, empty: "" };

/** Every text that differs from `text` in one byte, for a few differences of each byte. */
function* flips(text: string) {
  const bytes = Buffer.from(text);
  for (const [at, byte] of bytes.entries()) {
    for (const mask of [1, 2, 16, 32, 128]) {
      bytes[at] = byte ^ mask;
      yield bytes.toString("utf8");
    }
    bytes[at] = byte;
  }
}

describe("a sealed text", () => {
  it("gives back what was sealed, and is JSON to everyone else", () => {
    expect(unseal(seal(value))).toEqual({ value, sealed: true });
    expect(JSON.parse(seal(value))).toEqual({ ...value, seal: expect.any(String) });
  });

  it("is not believed, as sealed, with any byte changed", () => {
    for (const text of flips(seal(value))) expect(unseal(text)?.sealed ?? false).toBe(false);
  });

  it("gives no other value with any byte changed", () => {
    for (const text of flips(seal(value))) {
      const found = unseal(text)?.value as Record<string, unknown> | undefined;
      if (found === undefined) continue;
      const { b, a, empty } = found;
      expect({ b, a, empty }).toEqual(value);
    }
  });

  it("is told from one of before there were seals, and from none", () => {
    const path = join(temporaryFolder(), "file.json");
    expect(readSealed(path)).toBe("missing");
    writeFileSync(path, '{"a":1}');
    expect(readSealed(path)).toEqual({ value: { a: 1 }, sealed: false });
    writeFileSync(path, seal(value).replace("true", "trux"));
    expect(readSealed(path)).toBe("damaged");
  });
});

describe("a sealed line", () => {
  const json = '{"step":3,"metrics":{"reward":0.5}}';

  it("gives back what was sealed, and older lines as they are", () => {
    expect(unsealLine(sealLine(json))).toBe(json);
    expect(JSON.parse(sealLine(json))).toMatchObject(JSON.parse(json));
    expect(unsealLine(json)).toBe(json);
  });

  it("gives nothing else with any byte changed", () => {
    for (const text of flips(sealLine(json))) {
      const found = unsealLine(text);
      if (found === undefined || found === json) continue;
      // A flip in the sum's own name leaves the line unsealed and its values whole.
      let value: unknown;
      try {
        value = JSON.parse(found);
      } catch {
        continue;
      }
      expect(value).toMatchObject(JSON.parse(json));
    }
  });
});
