/** Programs in `accepted/` compile; each in `refused/` is refused at the line below its comment, with the sentence it holds. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const here = import.meta.dirname;
const programs = (folder: string) => readdirSync(join(here, folder)).sort();

/** By program (`refused/wrong-order.ts`), its diagnostics as `line: text`, from one run of the compiler. */
const found = new Map<string, ReadonlyArray<string>>();

beforeAll(async () => {
  const require = createRequire(import.meta.url);
  const compiler = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const command = [compiler, "-p", join(here, "tsconfig.json"), "--pretty", "false"];
  const ran = promisify(execFile)(process.execPath, command, { cwd: here, maxBuffer: 1 << 26 });
  const { stdout } = await ran.catch((error: { stdout: string }) => error);
  for (const block of stdout.split(/\r?\n(?! )/)) {
    const [, file, line, text] =
      /^(\S+)\((\d+),\d+\): error (TS\d+: [\s\S]*)$/.exec(block.trimEnd()) ?? [];
    if (file !== undefined) found.set(file, [...(found.get(file) ?? []), `${line}: ${text}`]);
  }
});

/** What a program's comments announce, in the same form. */
function announced(file: string): ReadonlyArray<string> {
  const lines = readFileSync(join(here, file), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const first = /^\s*\/\/ (TS\d+: .*)$/.exec(line)?.[1];
    if (first === undefined) return [];
    const after = lines.slice(index + 1).map((next) => /^\s*\/\/ ( {2}.*)$/.exec(next)?.[1]);
    const more = after.slice(0, after.indexOf(undefined));
    return [`${index + more.length + 2}: ${[first, ...more].join("\n")}`];
  });
}

describe("the compiler accepts", () => {
  it("at least ten programs", () => expect(programs("accepted").length).toBeGreaterThanOrEqual(10));

  it.each(programs("accepted"))("%s", (name) => {
    expect(found.get(`accepted/${name}`) ?? []).toEqual([]);
  });
});

describe("the compiler refuses", () => {
  it("at least fifteen programs", () => {
    expect(programs("refused").length).toBeGreaterThanOrEqual(15);
  });

  it.each(programs("refused"))("%s", (name) => {
    const expected = announced(`refused/${name}`);
    expect(expected).toHaveLength(1);
    expect(found.get(`refused/${name}`)).toEqual(expected);
  });
});
