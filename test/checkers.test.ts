/** That the checkers of `npm run check` see the project: a checker that reads no file finds no fault. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");

function output(program: string, ...args: ReadonlyArray<string>): string {
  const path = join(root, "node_modules/.bin", program);
  return spawnSync(path, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }).stdout;
}

const sources = ["src", "bench", "pipelines", "test"].flatMap((folder) =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name))),
);

describe("the checkers", { timeout: 60_000 }, () => {
  it("see files at all", () => {
    expect(sources.length).toBeGreaterThan(200);
  });

  it("of types read every TypeScript file but those that must not compile", () => {
    const read = new Set(output("tsc", "--noEmit", "--listFilesOnly").split("\n"));
    const unread = sources.filter((file) => !read.has(join(root, file)));
    expect(unread.filter((file) => !file.startsWith("test/types/refused/"))).toEqual([]);
  });

  it("of style read at least as many", () => {
    const { summary } = JSON.parse(output("biome", "check", "--reporter=json", "."));
    expect(summary.changed + summary.unchanged).toBeGreaterThanOrEqual(sources.length);
  });

  it("of dead code follow every entry: what pipelines and examples export is seen to be unused", () => {
    const { issues } = JSON.parse(output("knip", "--include-entry-exports", "--reporter", "json"));
    const files = (issues as ReadonlyArray<{ file: string }>).map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining(["pipelines/pretrain-tiny.ts", "test/support/model-card.ts"]),
    );
  });
});

describe("the lockfile", () => {
  it("names the optional packages of every platform, or npm 11 refuses `npm ci`", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
    const packages = Object.entries<{ optionalDependencies?: object }>(lock.packages);
    const named = new Set(packages.map(([path]) => path.split("node_modules/").at(-1)!));
    const optional = packages.flatMap(([, one]) => Object.keys(one.optionalDependencies ?? {}));
    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => !named.has(name))).toEqual([]);
  });
});
