/** Programs in `accepted/` compile; each in `refused/` is refused at the line below its comment, with the sentence it holds. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Pipeline } from "rcpa";
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

/** Problems of the pipeline that a program exports, as `code stage missing`; undefined when it exports none. */
async function problems(file: string): Promise<ReadonlyArray<string> | undefined> {
  const { default: value } = (await import(join(here, file))) as { default?: Partial<Pipeline> };
  return value?.issues?.map(({ code, path, message }) => {
    const [, missing] = /^(?:needs|relies on) (\S+?),? /.exec(message) ?? [];
    return `${code} ${path.replace(/@.*/, "")} ${missing ?? message}`;
  });
}

describe("the check at definition time", () => {
  const outside = ["untyped-options.ts", "widened-options.ts"];
  const others = programs("accepted").filter((name) => !outside.includes(name));

  it.each(others)("accepts %s", async (name) => {
    expect((await problems(`accepted/${name}`)) ?? []).toEqual([]);
  });

  it("decides what types do not tell", async () => {
    expect(await problems("accepted/widened-options.ts")).toEqual([
      "MissingFact sft dataset.reference",
    ]);
  });

  const flows = programs("refused").flatMap((name) => {
    const [text] = announced(`refused/${name}`);
    const [, kind, stage, missing] = /'(Missing\w+)<"(\w+)", ([^,]+),/.exec(text ?? "") ?? [];
    if (kind === undefined) return [];
    const keys = missing!.split(" | ").map((key) => key.replaceAll('"', ""));
    return [{ name, expected: keys.map((key) => `${kind} ${stage} ${key}`) }];
  });

  it("has programs to refuse", () => expect(flows.length).toBeGreaterThanOrEqual(8));

  it.each(flows)("refuses $name as the compiler does", async ({ name, expected }) => {
    const found = await problems(`refused/${name}`);
    expect(found).toEqual(expect.arrayContaining(expected));
  });
});
