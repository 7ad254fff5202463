import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkFormat } from "../../src/runtime/format.ts";
import { temporaryFolder } from "../support/folder.ts";

/** A store whose mark has this text; gives what its opening throws. */
function opening(text?: string) {
  const root = temporaryFolder();
  if (text !== undefined) fs.writeFileSync(join(root, "format.json"), text);
  return { root, open: () => checkFormat(root) };
}

describe("the format of a store", () => {
  it("is marked in a new one, and known again", () => {
    const { root, open } = opening();
    open();
    const mark = fs.readFileSync(join(root, "format.json"), "utf8");
    expect(JSON.parse(mark)).toMatchObject({ format: 2 });
    open();
    expect(fs.readFileSync(join(root, "format.json"), "utf8")).toBe(mark);
  });

  it("is raised from 1, whose mark has no seal", () => {
    const { root, open } = opening('{"format":1}');
    open();
    expect(JSON.parse(fs.readFileSync(join(root, "format.json"), "utf8")).format).toBe(2);
  });

  it("is refused when it is newer", () => {
    expect(opening('{"format":7}').open).toThrow(
      "this store was made by a newer version of rcpa, in format 7, this version reads 2; choose another folder with --out",
    );
  });

  it.each(["", "{", "{}", "[]", '{"format":"1"}', '{"format":2}'])("is refused as %j", (text) => {
    expect(opening(text).open).toThrow("format.json is damaged, so nothing here is used");
  });

  it("is refused with any byte of its mark changed", () => {
    const { root, open } = opening();
    open();
    const path = join(root, "format.json");
    const mark = fs.readFileSync(path);
    for (const [at, byte] of mark.entries()) {
      for (const mask of [1, 3, 128]) {
        mark[at] = byte ^ mask;
        fs.writeFileSync(path, mark);
        expect(open).toThrow(/damaged|was made/);
      }
      mark[at] = byte;
    }
  });
});
