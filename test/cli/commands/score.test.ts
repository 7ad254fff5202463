/** `rcpa score` as a user types it: the numbers of `transformers`, and what it says to wrong input. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Scored } from "../../../src/cli/cases/score-case.ts";
import { command } from "../../../src/cli/commands/score.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { goldenModels } from "../../support/golden.ts";
import { problems, writeOwnData } from "../../support/own-data.ts";
import { rcpa, tell } from "../../support/rcpa.ts";

const golden = goldenModels("qwen2_5_vl");

function writeLines(dir: string, rows: ReadonlyArray<unknown>): string {
  const lines = rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row)));
  writeFileSync(join(dir, "cases.jsonl"), lines.map((line) => `${line}\n`).join(""));
  return "cases.jsonl";
}

const scored = (stdout: string): ReadonlyArray<Scored> =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("rcpa score", { timeout: 120_000 }, () => {
  it.each(golden)("gives the log-probabilities of $name", async (model) => {
    const { checkpoint, cases, reference } = model;
    const dir = temporaryFolder();
    // Half of the completions as text, half as ids.
    const rows = cases.map(({ messages, completion, completionIds, index }) => ({
      ...{ id: `case-${index}`, messages },
      ...(index % 2 === 0 ? { completion } : { completion_ids: completionIds }),
    }));
    const argv = ["--cases", writeLines(dir, rows), "--images", dirname(checkpoint), "--json"];
    const told = await rcpa(dir, "score", "--model", checkpoint, ...argv);
    expect(told.stderr).toBe("");
    expect(told.code).toBe(0);
    const found = scored(told.stdout);
    expect(found).toHaveLength(cases.length);
    const numbers = reference();
    for (const [index, one] of found.entries()) {
      const { completionIds, promptIds } = cases[index]!;
      expect(one).toMatchObject({ line: index + 1, id: `case-${index}`, ids: completionIds });
      expect(one.promptTokens).toBe(promptIds.length);
      expectAllClose(one.logprobs, numbers.get(`${index}.completion_logprobs`)!.data, 1e-3);
      expect(one.sum).toBe(one.logprobs.reduce((a, b) => a + b, 0));
      expect(one.mean).toBe(one.sum / one.ids.length);
      expect(one.tokens.join("")).toBe(cases[index]!.completion);
    }
  });

  it("scores the shipped model's own rows, readable, with the end token when asked", async () => {
    const dir = temporaryFolder();
    const [example] = problems(1, 0);
    await writeOwnData(dir, "trl", [example!]);
    const prompt = `<image>\n${example!.question}`;
    const turns = [
      { role: "user", content: prompt },
      { role: "assistant", content: example!.reference! },
    ];
    const base64 = readFileSync(join(dir, "images/0.png")).toString("base64");
    const cases = writeLines(dir, [
      { prompt, image: "images/0.png", completion: example!.reference },
      { messages: turns, images: [base64] },
    ]);
    const { code, stdout } = await tell(
      command,
      dir,
      ...["--model", "tiny-vlm", "--cases", cases, "--end"],
    );
    expect(code).toBe(0);
    const [first, second] = stdout.split("\n\n");
    expect(first).toMatch(/^line 1: \d+ tokens after \d+ of prompt\n {2}token +id +log p +p\n/);
    expect(first).toMatch(/^ {2}"<think>" +\d+ +-?\d+\.\d{4} +\d\.\d{4}$/m);
    expect(first).toMatch(/^ {2}"<\|eos\|>" /m);
    expect(first).toMatch(/^ {2}sum -\d.*, mean -\d.*, perplexity \d/m);
    expect(second!.replace("line 2", "line 1")).toBe(first);
    expect(stdout).toMatch(/^2 cases, \d+ tokens, mean -\d+\.\d{4}; \w/m);
  });
});

describe("wrong input", () => {
  const question = "describe the image";

  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["no model", [], /which model\? .* tiny-vlm/],
    ["a misspelt option", ["--modle", "x"], /no option --modle; did you mean --model\?/],
    ["no such folder", ["--model", "tiny"], /there is no folder tiny/],
    ["a folder without config", ["--model", "."], /no model folder: it has no config\.json/],
    ["a file as model", ["--model", "cases.jsonl"], /is a file; name the folder/],
    ["no cases", ["--model", "tiny-vlm"], /which cases\?/],
    ["no such file", ["--model", "tiny-vlm", "--cases", "x"], /there is no file x/],
    ["a folder as cases", ["--model", "tiny-vlm", "--cases", "."], /is no file/],
    ["a bare file", ["--model", "tiny-vlm", "cases.jsonl"], /cases go after --cases/],
    ["no value", ["--model", "tiny-vlm", "--cases", "--json"], /--cases needs a value/],
    [
      "no such engine",
      ["--model", "tiny-vlm", "--cases", "cases.jsonl", "--engine", "tpu"],
      /there is no engine "tpu"; engines: auto,/,
    ],
  ])("%s is told with the way out", async (_, argv, message) => {
    const dir = temporaryFolder();
    writeLines(dir, []);
    const { code, stdout } = await tell(command, dir, ...argv);
    expect(code).toMatch(message);
    expect(stdout).toBe("");
  });

  it("names every wrong case by line and field before anything is computed", async () => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "not.png"), "text");
    const rows: ReadonlyArray<readonly [unknown, string]> = [
      ["not json", ":1: is not valid JSON"],
      [[1], ":2: is no object"],
      [{ prompt: question }, ":3:completion or completion_ids: is missing"],
      [{ completion: "2" }, ":4:prompt or messages: is missing"],
      [{ prompt: 3, completion: "2" }, ":5:prompt: is neither a text nor a list"],
      [{ prompt: question, completion_ids: [1, -2] }, ":6:completion_ids: is no list of token ids"],
      [{ prompt: question, completion_ids: [999] }, ":7:completion_ids: has the token id 999; the"],
      [{ prompt: `<image>${question}`, completion: "2" }, ":8:prompt: has places for 1 image(s)"],
      [{ prompt: question, image: "../x.png", completion: "2" }, ":9:image: there is no file"],
      [{ prompt: question, image: "/etc/hostname", completion: "2" }, ":10:image: "],
      [
        { prompt: question, images: ["not.png"], completion: "2" },
        ':11:images: "not.png" is no im',
      ],
      [{ prompt: question, completion: "zebra" }, ':12:completion: "zebra" is not among'],
      [{ prompt: "hello", completion: "2" }, ':13:prompt: "hello" is not among'],
      [{ prompt: "<|image_pad|>", completion: "2" }, ":14:prompt: holds <|image_pad|>, which is a"],
      [
        { messages: [{ role: "robot", content: "a" }], completion: "2" },
        ":15:messages: has a mess",
      ],
      [{ prompt: question, messages: [], completion: "2" }, ":16:messages: stands beside prompt"],
      [{ id: {}, prompt: question, completion: "" }, ":17:id: is neither"],
    ];
    const cases = writeLines(
      dir,
      rows.map(([row]) => row),
    );
    const { code, stderr, stdout } = await tell(
      command,
      dir,
      ...["--model", "tiny-vlm", "--cases", cases],
    );
    expect(code).toBe(1);
    expect(stdout).toBe("");
    for (const [, start] of rows) expect(stderr).toContain(`\n  cases.jsonl${start}`);
  });

  it("says that a file holds no case, and that a model folder is damaged", async () => {
    const dir = temporaryFolder();
    const empty = await tell(command, dir, "--model", "tiny-vlm", "--cases", writeLines(dir, []));
    expect(empty).toMatchObject({ code: 1, stderr: expect.stringContaining("holds no case") });
    cpSync(golden[0]!.checkpoint, join(dir, "model"), { recursive: true });
    const weights = join(dir, "model/model.safetensors");
    writeFileSync(weights, readFileSync(weights).subarray(0, 1000));
    const cases = writeLines(dir, [{ prompt: "Why?", completion: "So." }]);
    const damaged = await tell(command, dir, "--model", "model", "--cases", cases);
    expect(damaged.code).toBe(1);
    expect(damaged.stderr).toMatch(/^rcpa: \S+model\.safetensors: header: declares/);
  });
});
