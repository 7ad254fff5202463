import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openClosures } from "../../src/runtime/closure.ts";
import {
  closureHash,
  codeOf,
  contentHash,
  localClosure,
  treeHash,
} from "../../src/runtime/code.ts";
import { temporaryDir } from "../support/runtime.ts";

const project = () => {
  const dir = temporaryDir();
  fs.mkdirSync(join(dir, "cli"));
  fs.writeFileSync(
    join(dir, "main.ts"),
    'import { a } from "./a.ts";\nconst b = import("./b.ts");',
  );
  fs.writeFileSync(join(dir, "a.ts"), 'export { c as a } from "./c.ts";\nimport "./main.ts";');
  fs.writeFileSync(join(dir, "b.ts"), "export {};");
  fs.writeFileSync(join(dir, "c.ts"), "export const c = 1;");
  fs.writeFileSync(join(dir, "other.ts"), "");
  fs.writeFileSync(join(dir, "cli", "show.ts"), "");
  return dir;
};
const names = (paths: ReadonlyArray<string>) => paths.map((path) => path.split("/").at(-1));

describe("contentHash", () => {
  it("follows the content of a file or folder, and tells when there is nothing", () => {
    const dir = project();
    const before = contentHash(dir);
    expect(contentHash(project())).toBe(before);
    fs.appendFileSync(join(dir, "cli", "show.ts"), " ");
    expect(contentHash(dir)).not.toBe(before);
    expect(contentHash(join(dir, "a.ts"))).toBe(contentHash(join(project(), "a.ts")));
    expect(contentHash(join(dir, "none"))).toBe("absent");
  });
});

describe("code hashes", () => {
  it("follow the local imports of a file, also in circles", () => {
    const dir = project();
    expect(names(localClosure(join(dir, "main.ts")))).toEqual(["a.ts", "b.ts", "c.ts", "main.ts"]);
  });

  it("change with a helper of a helper and not with a stranger", () => {
    const dir = project();
    const before = closureHash(join(dir, "main.ts"));
    fs.writeFileSync(join(dir, "other.ts"), "changed");
    expect(closureHash(join(dir, "main.ts"))).toBe(before);
    fs.writeFileSync(join(dir, "c.ts"), "export const c = 2;");
    expect(closureHash(join(dir, "main.ts"))).not.toBe(before);
  });

  it("tell each file by its path from the package it belongs to, wherever that lies", () => {
    const [here, there] = [project(), project()];
    for (const dir of [here, there]) fs.writeFileSync(join(dir, "package.json"), "{}");
    const code = (dir: string) =>
      codeOf([join(dir, "cli/../b.ts"), join(dir, "a.ts")], openClosures());
    expect(Object.keys(code(here).files)).toEqual(["a.ts", "b.ts", "c.ts", "main.ts"]);
    expect(code(here)).toEqual(code(there));
    fs.appendFileSync(join(there, "c.ts"), " ");
    const { "c.ts": mine, ...others } = code(there).files;
    expect(code(here).files).toEqual({ ...others, "c.ts": expect.not.stringContaining(mine!) });
  });

  it("cover a whole tree except the named folders and other kinds of files", () => {
    const dir = project();
    const before = treeHash(dir, ["cli"]);
    fs.writeFileSync(join(dir, "cli", "show.ts"), "changed");
    fs.writeFileSync(join(dir, "notes.md"), "changed");
    expect(treeHash(dir, ["cli"])).toBe(before);
    fs.renameSync(join(dir, "other.ts"), join(dir, "another.ts"));
    expect(treeHash(dir, ["cli"])).not.toBe(before);
  });
});
