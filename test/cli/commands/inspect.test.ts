/** `rcpa inspect` as a user types it: model folders whole and damaged, rows of each shape, and wrong input. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/inspect.ts";
import { shapeNames } from "../../../src/data/shape.ts";
import { writeSafetensors } from "../../../src/models/safetensors.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { goldenModels } from "../../support/golden.ts";
import { problems, referenceField, writeOwnData } from "../../support/own-data.ts";
import { rcpa, tell } from "../../support/rcpa.ts";

const [golden] = goldenModels("qwen2_5_vl");
const sharded = goldenModels("qwen2_5_vl").find(({ name }) => name.endsWith("sharded"))!;

const json = async (dir: string, ...argv: ReadonlyArray<string>) => {
  const { code, stdout } = await tell(command, dir, ...argv, "--json");
  return { code, found: JSON.parse(stdout) };
};

describe("a model folder", { timeout: 60_000 }, () => {
  it("is shown with parameters by part, words, template and images", async () => {
    const { code, stdout, stderr } = await rcpa(temporaryFolder(), "inspect", "tiny-vlm");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\S+tiny-vlm: model of the family qwen2_5_vl, can be used here\n/);
    expect(stdout).toMatch(/^ {2}weights {4}443,328 parameters in F32$/m);
    expect(stdout).toMatch(/^ +vision tower +110,976 +25\.0 %$/m);
    expect(stdout).toMatch(/^ +output head tied to the embeddings$/m);
    expect(stdout).toMatch(/^ {2}tokenizer {2}WordLevel, 172 tokens$/m);
    expect(stdout).toMatch(/words .*triangle/s);
    expect(stdout).toMatch(/^ +"<\|vision_start\|>.*<\|assistant\|>"$/m);
    expect(stdout).toMatch(/tokens of an image by its size: 64×64 18,/);
  });

  it("gives shards, number formats and the whole of its parameters as JSON", async () => {
    const { code, found } = await json(dirname(sharded.checkpoint), "checkpoint");
    expect(code).toBe(0);
    expect(found).toMatchObject({
      ...{ kind: "model", family: "qwen2_5_vl", usable: true, problems: [] },
      text: { hidden_size: 48, vocab_size: 420 },
      tokenizer: { type: "BPE", size: 414, words: null },
    });
    const { files, parameters, parts, dtypes } = found.weights;
    expect(files).toHaveLength(2);
    expect(dtypes).toEqual({ BF16: parameters });
    const sum = (values: object) => Object.values(values).reduce((a, b) => a + b, 0);
    expect(sum(parts)).toBe(parameters);
    expect(found.chatTemplate.example).toContain("<|image_pad|>");
  });

  let dir = "";
  beforeEach(() => {
    dir = join(temporaryFolder(), "model");
    cpSync(golden!.checkpoint, dir, { recursive: true });
  });
  const edit = (file: string, change: (text: string) => string) =>
    writeFileSync(join(dir, file), change(readFileSync(join(dir, file), "utf8")));

  it("shows what is left of a damaged one, and all that is wrong with it", async () => {
    edit("tokenizer.json", (text) => text.slice(0, 100));
    writeFileSync(join(dir, "model.safetensors"), "short");
    const { code, found } = await json(dir, ".");
    expect(code).toBe(1);
    expect(found).toMatchObject({ usable: false, family: "qwen2_5_vl", tokenizer: null });
    const told = found.problems.join("\n");
    expect(told).toMatch(/model\.safetensors: header: file has 5 bytes/);
    expect(told).toMatch(/tokenizer\.json: is not valid JSON/);
  });

  it("of a family that is not supported is counted all the same", async () => {
    edit("config.json", (text) => text.replace('"qwen2_5_vl"', '"llava"'));
    const { code, found } = await json(dir, ".");
    expect(code).toBe(1);
    expect(found).toMatchObject({ family: "llava", usable: false });
    expect(found.problems.join()).toMatch(/model_type: "llava" is not supported; use qwen2_5_vl/);
    expect(found.weights.parts["text decoder"]).toBeGreaterThan(10_000);
  });

  it("with adapters tells their rank, targets and base", async () => {
    const adapter = join(dir, "adapter");
    mkdirSync(adapter);
    const settings = { peft_type: "LORA", r: 8, lora_alpha: 16, target_modules: ["q_proj"] };
    const config = { ...settings, base_model_name_or_path: "Qwen/Qwen2.5-VL-3B" };
    writeFileSync(join(adapter, "adapter_config.json"), JSON.stringify(config));
    const lora = new Map([
      ["base.q_proj.lora_A.weight", { shape: [8, 4], data: new Float32Array(32) }],
    ]);
    writeSafetensors(join(adapter, "adapter_model.safetensors"), lora);
    const text = (await tell(command, dir, ".")).stdout;
    expect(text).toMatch(
      /adapter +adapter: LORA, rank 8, alpha 16, on q_proj\n +32 parameters; of/,
    );
    rmSync(join(dir, "config.json"));
    const alone = await json(dir, "adapter");
    expect(alone.code).toBe(0);
    expect(alone.found).toMatchObject({ kind: "adapter", adapters: [{ rank: 8, alpha: 16 }] });
  });

  it("prints no control character of what it holds", async () => {
    edit("chat_template.jinja", (text) => `\u001b[2J\u0007${text}`);
    edit("config.json", (text) => text.replace('"qwen2_5_vl"', '"\\u001b[31m"'));
    const { stdout } = await tell(command, dir, ".");
    expect(stdout).toContain("\\u001b[31m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\0-\x08\x0b-\x1f]/);
  });

  it("is told by one file of weights, too", async () => {
    const whole = await tell(command, dir, "model.safetensors");
    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/^model\.safetensors: \d+,\d+ parameters in F32\n/);
    writeFileSync(join(dir, "model.safetensors"), "short");
    expect((await tell(command, dir, "model.safetensors")).code).toBe(1);
  });
});

describe("a file of rows", () => {
  it.each(shapeNames)("of the shape %s is shown with fields and examples", async (shape) => {
    const dir = temporaryFolder();
    await writeOwnData(dir, shape, problems(3, 2));
    const { code, stdout } = await tell(command, dir, "train.jsonl", "--model", "tiny-vlm");
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^train\\.jsonl: shape ${shape}\n  rows        5\n`));
    expect(stdout).toMatch(
      new RegExp(`solutions   3 \\(60 %\\), in the field ${referenceField[shape]}`),
    );
    expect(stdout).toMatch(/^ {2}images? +5 {2}(text|list of texts) +/m);
    expect(stdout.match(/^line \d$/gm)).toHaveLength(3);
    expect(stdout).toMatch(/^ {2}image {7}\d+ × \d+ pixels\n {2}question {4}\w/m);
  });

  it("names problems by file, line and field; words only for a model", async () => {
    const dir = temporaryFolder();
    await writeOwnData(dir, "easyr1", problems(1, 1));
    const file = join(dir, "train.jsonl");
    const good = readFileSync(file, "utf8");
    const row = { problem: "<image>a zebra", answer: "2", images: ["images/0.png"] };
    const bad = [row, { ...row, images: ["nope.png"] }, { answer: "2" }, [1]];
    writeFileSync(file, `${good}${bad.map((one) => JSON.stringify(one)).join("\n")}\nno json\n`);
    const { code, found } = await json(dir, "train.jsonl", "--model", "tiny-vlm");
    expect(code).toBe(1);
    const places = found.problems.map(({ place }: { place: string }) => place);
    expect(places).toEqual([
      ...["train.jsonl:3:question", "train.jsonl:4:question", "train.jsonl:4:images"],
      ...["train.jsonl:5:problem", "train.jsonl:6", "train.jsonl:7"],
    ]);
    expect(found.survey).toMatchObject({ shape: "easyr1", broken: 5 });
    const unread = await json(dir, "train.jsonl");
    expect(unread.found.problems.map(({ place }: { place: string }) => place)).not.toContain(
      "train.jsonl:3:question",
    );
  });

  it("of no known shape shows its fields, and how to name them", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "x.jsonl"), '{"frage": "wie viele?", "bild": 3}\n{"frage": null}\n');
    const { code, stdout } = await tell(command, dir, "x.jsonl");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^x\.jsonl: 2 lines, no known shape\n/);
    expect(stdout).toMatch(/^ {2}frage +1 {2}text +"wie viele\?"$/m);
    expect(stdout).toMatch(/no known shape \(.*\): their fields are frage, bild; name yours with/);
  });
});

describe("wrong input", () => {
  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["nothing", [], /which DIR or FILE\?/],
    ["two things", ["a", "b"], /one argument too many: b/],
    ["no such thing", ["nope"], /there is no folder or file nope; tiny-vlm ships/],
    ["a run", ["run"], /run is a run; `rcpa show run`/],
    ["a store", ["."], /\. is a store; `rcpa runs --out \.`/],
    ["a folder of other files", ["odd"], /odd: is no data set .* found labels\.csv/],
    ["a model for a model", ["tiny-vlm", "--model", "x"], /--model is an option of rows/],
    ["an option", ["tiny-vlm", "--jsn"], /did you mean --json\?/],
  ])("%s is told with the way out", async (_, argv, message) => {
    const dir = temporaryFolder();
    for (const folder of ["run", "runs", "stages", "odd"]) mkdirSync(join(dir, folder));
    writeFileSync(join(dir, "run/run.json"), "{}");
    writeFileSync(join(dir, "odd/labels.csv"), "");
    const { code, stderr } = await tell(command, dir, ...argv);
    expect(typeof code === "string" ? code : stderr).toMatch(message);
  });
});
