import { describe, expect, it } from "vitest";
import { importsIn } from "../../src/runtime/imports.ts";

const read = (text: string) => importsIn(text).map(({ how, specifier }) => `${how} ${specifier}`);

describe("importsIn", () => {
  it.each([
    ['import "./a.ts";', "value ./a.ts"],
    ['import a from "./a.ts";', "value ./a.ts"],
    ["import * as a from './a.ts'", "value ./a.ts"],
    ['import a, { b as from, type C } from "./a.ts";', "value ./a.ts"],
    ['import {\n  // first\n  a,\n  /* second */ b,\n} from\n  "./a.ts";', "value ./a.ts"],
    ['import data from "./a.json" with { type: "json" };', "value ./a.json"],
    ['import type from "./a.ts";', "value ./a.ts"],
    ['import type, { b } from "./a.ts";', "value ./a.ts"],
    ['import { type A } from "./a.ts";', "value ./a.ts"],
    ['import type { A } from "./a.ts";', "type ./a.ts"],
    ['import type * as a from "./a.ts";', "type ./a.ts"],
    ['import type from from "./a.ts";', "type ./a.ts"],
    ['import a = require("./a.ts");', "value ./a.ts"],
    ['export * from "./a.ts";', "value ./a.ts"],
    ['export * as a from "./a.ts";', "value ./a.ts"],
    ['export { a, type B } from "./a.ts";', "value ./a.ts"],
    ['export type { A } from "./a.ts";', "type ./a.ts"],
    ['const a = await import("./a.ts");', "value ./a.ts"],
    ["const a = await import(/* lazily */ `./a.ts`);", "value ./a.ts"],
    ['const a = import("./a.json", { with: { type: "json" } });', "value ./a.json"],
    [`const a = import(\`./worlds/\${name}.ts\`);`, "folder ./worlds/"],
    ['const a = import("./worlds/" + name);', "folder ./worlds/"],
    ['const a = require("./a.cjs");', "value ./a.cjs"],
    ['const list = [...require("./a.cjs")];', "value ./a.cjs"],
    ['const file = require.resolve("./a.cjs");', "value ./a.cjs"],
    ['new Worker(new URL("./a.ts", import.meta.url));', "asset ./a.ts"],
    ['if (a) /[/"]/.test(b); import("./a.ts");', "value ./a.ts"],
    ['const half = (a + b) / 2, x = import("./a.ts"), y = 1 / 2;', "value ./a.ts"],
    [`const t = \`a \${\`b \${import("./a.ts")}\`} "c\`;`, "value ./a.ts"],
    ['const quoted = /["\'`]/; import("./a.ts");', "value ./a.ts"],
    ["const jsx = <p>don't</p>;\nimport('./a.ts');", "value ./a.ts"],
  ])("sees in %j: %s", (text, expected) => {
    expect(read(text)).toEqual([expected]);
  });

  it.each([
    '// import "./a.ts";',
    '/* import "./a.ts"; */',
    `const text = 'import "./a.ts"';`,
    'const text = `\nimport "./a.ts";\n`;',
    'const pattern = /import "x"/;',
    'loader.import("./a.ts");',
    "import(name);",
    'export const from = "./a.ts";',
    "import.meta.url;",
    'new URL("./a.ts", base);',
    'new URL("https://example.com/import");',
  ])("sees nothing in %j", (text) => {
    expect(read(text)).toEqual([]);
  });

  it("finds its way again after a text that is not finished", () => {
    expect(read('const a = "open\nimport "./a.ts";')).toEqual(["value ./a.ts"]);
    expect(read("")).toEqual([]);
    expect(read("`${")).toEqual([]);
  });
});
