/** The README against the repository: its code compiles, its file tree is the tree, its options are the options. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import { describe, expect, it } from "vitest";
import { optionsText } from "../src/cli/args.ts";
import { typeCheck } from "../src/cli/type-check.ts";
import { modelCard, modelCardHandler } from "./support/model-card.ts";
import { runIn, temporaryDir } from "./support/runtime.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
  language: language!,
  code: code!,
}));
const snippets = blocks.filter(({ language }) => language === "ts").map(({ code }) => code);

const quotedFiles = [
  "pipelines/geometry.ts",
  "test/support/model-card.ts",
  "test/types/accepted/two-policies.ts",
];

describe("the README's code", () => {
  it.each(quotedFiles)("quotes %s", (file) => {
    const source = readFileSync(join(root, file), "utf8");
    const quoted = snippets.filter((code) => source.endsWith(code));
    expect(quoted, `no block of the README ends ${file} line by line`).toHaveLength(1);
  });

  it("compiles where it quotes nothing", { timeout: 120_000 }, async () => {
    const quoted = quotedFiles.map((file) => readFileSync(join(root, file), "utf8"));
    const own = snippets.filter((code) => !quoted.some((source) => source.endsWith(code)));
    expect(own.length).toBeGreaterThan(1);
    const dir = temporaryDir();
    for (const [index, code] of own.entries()) {
      const file = join(dir, `snippet-${index}.ts`);
      writeFileSync(file, code.replace('from "rcpa"', `from "${root}/src/index.ts"`));
      const outcome = await Effect.runPromise(Effect.result(typeCheck(file, "code", dir)));
      expect(outcome._tag === "Failure" ? outcome.failure.message : "").toBe("");
    }
  });

  it("shows a stage of one's own that works", async () => {
    const score = { accuracy: 0.5, low: 0.25, high: 0.75, correct: 2, n: 4 };
    const comparison = { before: { ...score, accuracy: 0.25 }, after: score, n: 4 };
    const evaluation = {
      ...{ domain: comparison, general: comparison, blank: score, families: {} },
      retention: { value: 2, low: 1, high: 3 },
    };
    const measured = define({
      ...{ name: "measured", version: 1, doc: "Gives a known evaluation.", engine: false },
      ...{ needs: [], gives: ["evaluation"], options: Schema.Struct({}) },
    });
    const measuredHandler = handler(measured, () => Effect.succeed({ evaluation }));
    const cards = pipeline("cards").pipe(measured(), modelCard({ title: "Four problems" }));
    const { result } = await runIn(temporaryDir(), cards, [measuredHandler, modelCardHandler]);
    const { file } = result!.artifacts.card as { file: string };
    expect(readFileSync(file, "utf8")).toBe("# Four problems\n\n0.25 → 0.5\n");
  });
});

/** Paths in the file tree; a folder ends with a slash. */
function treePaths(text: string): ReadonlyArray<string> {
  const folders: Array<string> = [];
  return text.split("\n").flatMap((line) => {
    const [, indent, first] = /^( *)(\S.*?)(?: {2,}|$)/.exec(line) ?? [];
    if (first === undefined) return [];
    const names = first.split(", ");
    if (!names.every((name) => /^[\w.-]+\/?(?:[\w.-]+\/)*$/.test(name))) return [];
    const depth = indent!.length / 2;
    folders.length = depth;
    if (names[0]!.endsWith("/")) folders[depth] = names[0]!;
    return names.map((name) => folders.slice(0, depth).join("") + name);
  });
}

function filesBelow(folder: string): ReadonlyArray<string> {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".d.mts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

describe("the README's file tree", () => {
  const tree = blocks.find(({ code }) => code.includes("\nsrc/\n"))!.code;
  const paths = treePaths(tree);

  it.each(["src", "bin", "pipelines", "docs", ".ci"])("names every file in %s", (folder) => {
    const files = filesBelow(folder);
    expect(files.length).toBeGreaterThan(0);
    const named = paths.filter((path) => path.startsWith(`${folder}/`) && !path.endsWith("/"));
    expect([...named].sort()).toEqual(files);
  });

  it("names nothing that is not there, and nothing twice", () => {
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(paths).toHaveLength(new Set(paths).size);
  });
});

describe("the README", () => {
  it("lists the options that there are", () => {
    const options = (text: string) => [...text.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    const rows = readme.split("\n").filter((line) => line.startsWith("| `--"));
    expect(rows.map((row) => options(row)[0])).toEqual([...new Set(options(optionsText))]);
  });

  it("links to files that are there", () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path!);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
