/** `rcpa export` as a user types it, on a run that trained a model and on runs that did not. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { data, model, pipeline, sft } from "rcpa";
import { beforeAll, describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/export.ts";
import { readModelFolder } from "../../../src/models/folder.ts";
import { readRun } from "../../../src/runtime/history.ts";
import { interrupted } from "../../support/past-runs.ts";
import { rcpa, tell } from "../../support/rcpa.ts";
import { temporaryDir } from "../../support/runtime.ts";
import { runStages } from "../../support/stages.ts";

const out = temporaryDir();
const domain = { world: "geometry", worked: 4, answerOnly: 4, validation: 7, test: 7 } as const;
const general = { world: "scenes", validation: 7, test: 7 } as const;

beforeAll(async () => {
  const batch = { prompts: 2, anchor: { weight: 0 } };
  await runStages(
    out,
    pipeline("taught").pipe(
      model(),
      data({ domain, general }),
      sft({ steps: 1, ...batch }),
      sft({ steps: 2, ...batch }),
    ),
  );
}, 120_000);

const exported = (...argv: ReadonlyArray<string>) =>
  tell(command, out, "latest", ...argv, "--out", out);
const weightsOf = (stage: string) => {
  const { dir } = readRun("latest", out).stages.find(({ id }) => id === stage)!;
  return readFileSync(join(dir, "out/policy/model.safetensors"));
};

describe("rcpa export", { timeout: 120_000 }, () => {
  it("writes the last stage's model, which the other commands take", async () => {
    const { code, stdout, stderr } = await rcpa(
      out,
      ...["export", "latest", "--to", "taught", "--out", "."],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^taught: model of sft-2, run \S+; 443,328 parameters, 1\.8 MB\n/);
    expect(stdout).toMatch(/^ {2}model\.safetensors$/m);
    const dir = join(out, "taught");
    expect(readFileSync(join(dir, "model.safetensors"))).toEqual(weightsOf("sft-2"));
    expect(readdirSync(dir)).not.toContain("optimizer.safetensors");
    expect(readModelFolder(dir).config.family).toBe("qwen2_5_vl");
    const again = await exported("--to", "taught");
    expect(again.code).toMatch(/holds a model already; --replace replaces it/);
  });

  it("writes a named stage's model in place of another", async () => {
    await exported("--to", "one");
    const { code, stdout } = await exported(
      ...["--to", "one", "--stage", "sft", "--replace", "--json"],
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ stage: "sft", format: "merged", to: join(out, "one"), parameters: 443_328 },
      files: expect.arrayContaining(["config.json", "model.safetensors", "tokenizer.json"]),
    });
    expect(readFileSync(join(out, "one/model.safetensors"))).toEqual(weightsOf("sft"));
    expect(weightsOf("sft")).not.toEqual(weightsOf("sft-2"));
  });

  it("says that a run without adapter has none", async () => {
    const { code, stderr } = await exported("--to", "adapter", "--format", "peft");
    expect(code).toBe(1);
    expect(stderr).toMatch(/it has no adapter; --format merged gives all weights/);
    expect(existsSync(join(out, "adapter"))).toBe(false);
  });
});

describe("wrong input", () => {
  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["no run", [], /which RUN\?/],
    ["no target", ["latest"], /where to\? --to DIR/],
    ["two runs", ["latest", "more", "--to", "x"], /one argument too many: more/],
    ["a format", ["latest", "--to", "x", "--format", "onnx"], /formats: merged, peft/],
    ["an option", ["latest", "--too", "x"], /did you mean --to\?/],
    ["a file", ["latest", "--to", "taken/notes.txt"], /taken\/notes\.txt is a file/],
    ["a folder of other things", ["latest", "--to", "taken"], /no model folder; it is left alone/],
  ])("%s is told with the way out", async (_, argv, message) => {
    mkdirSync(join(out, "taken"), { recursive: true });
    writeFileSync(join(out, "taken/notes.txt"), "mine");
    const { code } = await tell(command, out, ...argv);
    expect(code).toMatch(message);
    expect(readdirSync(join(out, "taken"))).toEqual(["notes.txt"]);
  });

  it("a run or stage that is not there is named, with what is", async () => {
    const run = await tell(command, out, "2019", "--to", "x", "--out", out);
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no run "2019" .*nearest/),
    });
    const stage = await exported("--to", "x", "--stage", "grpo");
    expect(stage.code).toBe(2);
    expect(stage.stderr).toMatch(/has no stage grpo; models: model, sft, sft-2/);
    const modelless = await exported("--to", "x", "--stage", "data");
    expect(modelless.code).toBe(1);
    expect(modelless.stderr).toMatch(/the stage data of the run \S+ gave no model; models: model,/);
  });

  it("a run that gave no model says so", async () => {
    const other = temporaryDir();
    await interrupted(other);
    const none = await tell(command, other, "latest", "--to", "x", "--out", other);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/no stage of the run \S+ gave a model; its state is interrupted/);
  });
});
