/** `rcpa new` as a user types it: rows of each shape, what it says, and that the file it writes passes the checks. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/new.ts";
import { shapeNames } from "../../../src/data/shape.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { problems, referenceField, writeOwnData } from "../../support/own-data.ts";
import { rcpa, tell } from "../../support/rcpa.ts";

const root = resolve(import.meta.dirname, "../../..");

/** A folder of a user's own, in which the package is installed. */
function project(): string {
  const dir = temporaryFolder();
  mkdirSync(join(dir, "node_modules"));
  symlinkSync(root, join(dir, "node_modules/rcpa"));
  writeFileSync(join(dir, "package.json"), '{ "type": "module" }');
  return dir;
}

/** Runs `rcpa new` in this process: there is no tensor in it, and starting costs more than the work. */
const make = (dir: string, ...argv: ReadonlyArray<string>) => tell(command, dir, ...argv);

/** Formatting and lint of a file, by the rules of this repository. */
function biome(dir: string, file: string): string {
  const bin = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
  copyFileSync(join(root, "biome.json"), join(dir, "biome.json"));
  const text = readFileSync(join(dir, "biome.json"), "utf8");
  const { vcs: _, $schema: __, ...rules } = JSON.parse(text);
  writeFileSync(join(dir, "biome.json"), JSON.stringify(rules));
  const argv = [bin, "check", "--error-on-warnings", file];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: dir, encoding: "utf8" });
  return `${stdout}${stderr}`;
}

const formatted = /^Checked 1 file in .* No fixes applied\.\n$/;

describe("rcpa new", { timeout: 120_000 }, () => {
  it.each(shapeNames)(
    "writes a pipeline for rows of the shape %s that passes the checks",
    async (shape) => {
      const dir = project();
      await writeOwnData(dir, shape, problems(20, 30));
      const { code, stdout } = await make(dir, "own", "--data", "train.jsonl", "--json");
      expect(code).toBe(0);
      const said = JSON.parse(stdout);
      expect(said).toMatchObject({
        ...{ path: "own.ts", phases: true, calculations: true, maxTokens: 24 },
        data: {
          ...{ shape, rows: 50, worked: 20, broken: 0, reference: referenceField[shape] },
          answers: { number: 50, option: 0, text: 0 },
          ownQuestions: false,
        },
      });
      expect(said.data.examples).toHaveLength(3);
      const [first] = problems(20, 30);
      expect(said.data.examples[0]).toEqual({
        ...{ file: "train.jsonl", line: 1, question: first!.question, answer: first!.answer },
        ...{ reference: first!.reference, image: { width: 48, height: 48 } },
      });
      if (shape !== "trl") return;
      expect(biome(dir, "own.ts")).toMatch(formatted);
      const checked = await rcpa(dir, "check", "own.ts");
      expect(checked).toMatchObject({ code: 0, stdout: "ok own: 7 stages\n" });
    },
  );

  it("runs what it wrote", async () => {
    const dir = project();
    mkdirSync(join(dir, "pipelines"));
    await writeOwnData(dir, "easyr1", problems(12, 12));
    const made = await make(dir, "own", "--data", "train.jsonl");
    expect(made.stdout).toContain("wrote pipelines/own.ts");
    const file = join(dir, "pipelines/own.ts");
    // The tiny general suite and pool keep this short; the file itself is run as it is otherwise.
    const text = readFileSync(file, "utf8")
      .replace('world: "scenes"', 'world: "scenes", validation: 8, test: 8')
      .replace('images: "general"', 'images: "both", pool: 8, prompts: 4')
      .replace("retention: 0.95", "retention: 0");
    writeFileSync(file, text);
    const scale = ["--steps-scale", "0.01", "--json"];
    const ran = await rcpa(dir, "run", "pipelines/own.ts", ...scale);
    expect(ran.stderr).toContain("train.jsonl: ");
    expect(ran.code, ran.stderr).toBe(0);
    const outcome = JSON.parse(ran.stdout.trim().split("\n").at(-1)!);
    expect(outcome).toMatchObject({ pipeline: "own", domain: { n: 5 }, general: { n: 8 } });
    expect(existsSync(join(dir, ".rcpa/runs"))).toBe(true);
    const again = await rcpa(dir, "run", "pipelines/own.ts", ...scale);
    expect(again.stderr).toContain("every result is stored");
  });

  it("leaves out the phases that impose references where there are none, and says why", async () => {
    const dir = project();
    await writeOwnData(dir, "trl", problems(0, 30));
    const { stdout } = await make(dir, "open", "--data", "train.jsonl");
    expect(stdout).toContain("stages  grpo, evaluate: no row has a worked solution");
    expect(readFileSync(join(dir, "open.ts"), "utf8")).not.toContain("partialConstraint");
    expect(biome(dir, "open.ts")).toMatch(formatted);
    expect(await rcpa(dir, "check", "open.ts")).toMatchObject({ code: 0 });
  });

  it("writes a pipeline of the synthetic world without rows, and for a model folder of one's own", async () => {
    const dir = project();
    symlinkSync(join(root, "test/golden/qwen2_5_vl/checkpoint"), join(dir, "vlm"));
    await writeOwnData(dir, "trl", problems(10, 10));
    const argv = ["real", "--data", "train.jsonl", "--model", "vlm", "--test", "train.jsonl"];
    expect(await make(dir, ...argv)).toMatchObject({ code: 0 });
    expect(await make(dir, "demo")).toMatchObject({ code: 0 });
    expect(readFileSync(join(dir, "real.ts"), "utf8")).toContain("instruction:");
    for (const name of ["real", "demo"]) {
      expect(biome(dir, `${name}.ts`)).toMatch(formatted);
      expect(await rcpa(dir, "check", `${name}.ts`)).toMatchObject({ code: 0 });
    }
  });

  it("names the rows to mend, words that the model cannot read among them", async () => {
    const dir = project();
    const file = await writeOwnData(dir, "easyr1", problems(5, 5));
    const lines = readFileSync(file, "utf8").trim().split("\n");
    lines[1] = lines[1]!.replace("<image>find", "<image>find hypotenuse");
    lines[3] = lines[3]!.replace("images/3.png", "images/absent.png");
    lines[4] = "{}";
    writeFileSync(file, lines.join("\n"));
    const { code, stdout } = await make(dir, "own", "--data", "train.jsonl");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "mend these first, 3 rows of train.jsonl cannot be used with tiny-vlm:",
    );
    expect(stdout).toContain('train.jsonl:2:question: "hypotenuse" is not among');
    expect(stdout).toContain('train.jsonl:4:images: there is no file "images/absent.png"');
    expect(stdout).toContain("train.jsonl:5:problem: is missing");
  });

  it("says when the project is not one of ES modules", async () => {
    const dir = project();
    expect((await make(dir, "one")).stdout).not.toContain("package.json");
    writeFileSync(join(dir, "package.json"), "{}");
    expect((await make(dir, "two")).stdout).toContain('"type": "module" into package.json');
  });

  it("never overwrites, and says how it was misused", async () => {
    const dir = project();
    writeFileSync(join(dir, "own.ts"), "mine");
    expect(await make(dir, "own")).toMatchObject({
      code: "own.ts is there already; nothing was changed",
    });
    expect(readFileSync(join(dir, "own.ts"), "utf8")).toBe("mine");
    for (const argv of [[], ["a", "b"], ["../up"], ["x", "--test", "t"], ["x", "--what"]]) {
      expect(await make(dir, ...argv)).toMatchObject({ code: expect.any(String) });
    }
    const absent = await make(dir, "x", "--data", "absent.jsonl");
    expect(absent).toMatchObject({ code: 1, stdout: "" });
    expect(absent.stderr).toContain("absent.jsonl: there is no such file");
    expect(existsSync(join(dir, "x.ts"))).toBe(false);
  });
});
