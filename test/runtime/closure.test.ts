import * as fs from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { Project, SyntaxKind } from "ts-morph";
import { describe, expect, it } from "vitest";
import { openClosures } from "../../src/runtime/closure.ts";
import { temporaryFolder } from "../support/folder.ts";

/** Writes files into a new folder; gives the folder. */
function write(files: Readonly<Record<string, string>>): string {
  const dir = fs.realpathSync(temporaryFolder());
  for (const [path, text] of Object.entries(files)) {
    fs.mkdirSync(dirname(join(dir, path)), { recursive: true });
    fs.writeFileSync(join(dir, path), text);
  }
  return dir;
}

function closureIn(dir: string, entry = "main.ts", types = false) {
  const { files, packages } = openClosures()([join(dir, entry)], { types });
  const names = [...files].map(
    ([path, hash]) => relative(dir, path) + (hash === "absent" ? "?" : ""),
  );
  return { files: names.sort(), packages: Object.fromEntries(packages) };
}

describe("the closure of a file", () => {
  it("goes through helpers of helpers, in circles too, and past what is only a type", () => {
    const dir = write({
      "main.ts": 'import { a } from "./a.ts"; import type { T } from "./t.ts";',
      "a.ts": 'export { c } from "./lib/c.ts"; export type { U } from "./u.ts";',
      "lib/c.ts": 'import "../main.ts";',
      "t.ts": "export type T = 1;",
      "u.ts": "export type U = 1;",
      "stranger.ts": "",
    });
    expect(closureIn(dir).files).toEqual(["a.ts", "lib/c.ts", "main.ts"]);
    expect(closureIn(dir, "main.ts", true).files).toEqual([
      ...["a.ts", "lib/c.ts", "main.ts", "t.ts", "u.ts"],
    ]);
  });

  it("finds the file that a specifier means, and knows of one that is not there", () => {
    const dir = write({
      "main.ts": `
        import "./a.js"; import "./b.mjs"; import "./c"; import "./folder"; import "./view.js";
        import "./both.js"; import "./none.ts"; import "./text.txt?raw"; import data from "./d.json";`,
      ...{ "a.ts": "", "b.mts": "", "c.tsx": "", "folder/index.ts": "", "view.tsx": "" },
      ...{ "both.js": "", "both.ts": "", "text.txt": "import './stranger.ts'", "d.json": "{}" },
    });
    expect(closureIn(dir).files).toEqual([
      ...["a.ts", "b.mts", "both.js", "both.ts", "c.tsx", "d.json", "folder/index.ts", "main.ts"],
      ...["none.ts?", "text.txt", "view.tsx"],
    ]);
  });

  it("takes every source of a folder for a path made at run time, and files by their URL", () => {
    const dir = write({
      "main.ts": `import(\`./worlds/\${name}.ts\`); new Worker(new URL("./w.ts", import.meta.url));`,
      ...{ "worlds/a.ts": 'import "../help.ts"', "worlds/deep/b.ts": "", "worlds/notes.md": "" },
      ...{ "worlds/node_modules/x/x.js": "", "help.ts": "", "w.ts": "", "stranger.ts": "" },
    });
    const worlds = ["worlds/a.ts", "worlds/deep/b.ts"];
    expect(closureIn(dir).files).toEqual(["help.ts", "main.ts", "w.ts", ...worlds]);
  });

  it("takes packages by version, and those of the same workspace by their code", () => {
    const dir = write({
      "main.ts":
        'import "left"; import "@scope/right/deep.js"; import "near"; import "node:fs"; import "fs"; import "#own"; import "lost";',
      "package.json": '{"name":"user","type":"module","imports":{"#own":"./own.ts"}}',
      "own.ts": "",
      "node_modules/left/package.json": '{"version":"1.2.3"}',
      "node_modules/@scope/right/package.json": '{"version":"0.1.0"}',
      "near/package.json": '{"name":"near","main":"near.js"}',
      "near/near.js": 'require("./part.js")',
      "near/part.js": "",
    });
    fs.symlinkSync(join(dir, "near"), join(dir, "node_modules/near"));
    expect(closureIn(dir)).toEqual({
      files: ["main.ts", "near/near.js", "near/part.js", "own.ts"],
      packages: { "@scope/right": "0.1.0", left: "1.2.3", lost: "unresolved" },
    });
  });

  it("is what the compiler sees in this package", () => {
    const root = join(import.meta.dirname, "../..");
    const project = new Project({
      skipAddingFilesFromTsConfig: true,
      compilerOptions: { allowJs: true },
    });
    const wanted = new Set<string>();
    const visit = (path: string): void => {
      if (wanted.has(path)) return;
      wanted.add(path);
      const source = project.addSourceFileAtPath(path);
      const declared = [...source.getImportDeclarations(), ...source.getExportDeclarations()]
        .filter((declaration) => !declaration.isTypeOnly())
        .map((declaration) => declaration.getModuleSpecifierValue());
      const called = source
        .getDescendantsOfKind(SyntaxKind.CallExpression)
        .filter((call) => call.getExpression().getKind() === SyntaxKind.ImportKeyword)
        .map((call) => call.getArguments()[0]?.asKind(SyntaxKind.StringLiteral)?.getLiteralValue());
      for (const specifier of [...declared, ...called]) {
        if (specifier?.startsWith(".")) visit(join(dirname(path), specifier));
      }
    };
    visit(join(root, "src/stages/transition.ts"));
    const { files } = openClosures()([join(root, "src/stages/transition.ts")]);
    const [kernels, code] = [true, false].map((native) =>
      [...files.keys()].filter((path) => /\.(cc|h|wasm)$/.test(path) === native),
    );
    expect(code!.sort()).toEqual([...wanted].sort());
    // What no compiler of TypeScript sees, and what computes all the same; of WebAssembly, what was compiled.
    const fused = fs
      .readdirSync(join(root, "src/tensor/fused"))
      .filter((name) => /\.(cc|h|wasm)$/.test(name) && name !== "wasm.cc");
    expect(kernels!.map((path) => basename(path)).sort()).toEqual(fused.sort());
    expect(files.size).toBeGreaterThan(90);
  });
});
