/** `rcpa eval` as a user types it: all suites by a small random model, retention, details, and wrong input. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/eval.ts";
import { fetchArguments } from "../../../src/cli/hub/reads.ts";
import { vqaForm } from "../../../src/evals/vqa-answer.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { goldenModels } from "../../support/golden.ts";
import { rcpa, tell } from "../../support/rcpa.ts";
import { writeSuites } from "../../support/suites.ts";

const [first] = goldenModels("qwen2_5_vl").map(({ checkpoint }) => checkpoint) as [string];
const short = ["--max-tokens", "6"];

const detailsIn = (dir: string, file: string) =>
  readFileSync(join(dir, file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("rcpa eval", { timeout: 120_000 }, () => {
  it("scores every suite in its own layout, as a program", async () => {
    const dir = temporaryFolder();
    const suites = await writeSuites(dir);
    const named = Object.values(suites).flatMap((suite) => ["--suite", suite]);
    const argv = ["--model", first, ...named, ...short, "--details", "all.jsonl", "--json"];
    const { code, stdout, stderr } = await rcpa(dir, "eval", ...argv);
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ model: first, against: null, maxTokens: 6, retention: null });
    const counts = found.suites.map((one: { suite: string; accuracy: { n: number } }) => [
      ...[one.suite, one.accuracy.n],
    ]);
    expect(counts).toEqual([
      ...[
        ["mmbench", 2],
        ["mmstar", 2],
        ["mathvista", 4],
        ["pope", 4],
        ["vqa", 2],
      ],
    ]);
    for (const { accuracy, retention } of found.suites) {
      expect(accuracy.low).toBeLessThanOrEqual(accuracy.value);
      expect(accuracy.high).toBeGreaterThanOrEqual(accuracy.value);
      expect(retention).toBeNull();
    }
    const [mmbench, , mathvista, pope] = found.suites;
    expect(mmbench.measures.rows.n).toBe(3);
    expect(Object.keys(mathvista.groups.answer_type)).toEqual(["float", "integer", "list", "text"]);
    expect(Object.keys(pope.measures)).toEqual(["precision", "recall", "f1", "yes"]);
    const details = detailsIn(dir, "all.jsonl");
    expect(details).toHaveLength(15);
    expect(details[1]).toMatchObject({
      ...{ suite: "mmbench", model: first, file: "mmbench.tsv", line: 3, id: "1000001" },
      ...{ truth: "B", groups: { category: "color" } },
    });
    const right = details.filter(({ suite }) => suite === "pope").map(({ score }) => score);
    expect(pope.accuracy.value).toBe(right.reduce((a, b) => a + b, 0) / 4);
  });

  it("asks a base the same and gives retention, in a table", async () => {
    const dir = temporaryFolder();
    const suites = await writeSuites(dir);
    const ask = ["--model", first, "--suite", suites.vqa!, ...short];
    const once = await tell(command, dir, ...ask, "--details", "one.jsonl");
    expect(once.stdout).toMatch(/^ +score +n\nvqa +0\.000 \[0\.000, 0\.000\] +2\n/);
    // People who answer what the model says to the first question.
    const [said] = detailsIn(dir, "one.jsonl").map(({ response }) => vqaForm(response));
    const annotations = readFileSync(join(dir, "annotations.json"), "utf8");
    writeFileSync(
      join(dir, "annotations.json"),
      annotations.replaceAll('"blue"', JSON.stringify(said)),
    );
    const { code, stdout } = await tell(command, dir, ...ask, "--against", first);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +base +model +retention +n\n/);
    expect(stdout).toMatch(/^vqa +(0\.500 \[0\.000, 1\.000\]) +\1 +1\.000 \[1\.000, 1\.000\] +2$/m);
    expect(stdout).toMatch(/^mean retention 1\.000$/m);
    const limited = await tell(command, dir, ...ask, "--limit", "1", "--json");
    expect(JSON.parse(limited.stdout).suites[0].accuracy).toMatchObject({ value: 1, n: 1 });
  });

  it("gives the same whatever stands beside a question", async () => {
    const dir = temporaryFolder();
    const { pope } = await writeSuites(dir);
    const rows = readFileSync(join(dir, "pope.jsonl"), "utf8");
    const many = Array.from({ length: 6 }, (_, at) =>
      rows.replaceAll("dog", "dog ".repeat(at + 1)),
    );
    writeFileSync(join(dir, "pope.jsonl"), many.join(""));
    const ask = ["--model", first, "--suite", pope!, ...short];
    await tell(command, dir, ...ask, "--details", "many.jsonl");
    await tell(command, dir, ...ask, "--limit", "3", "--details", "few.jsonl");
    const [all, few] = ["many.jsonl", "few.jsonl"].map((file) => detailsIn(dir, file));
    expect(all).toHaveLength(24);
    expect(all!.slice(0, 3)).toEqual(few);
  });
});

describe("wrong input", () => {
  const model = ["--model", first];
  const pope = ["--suite", "pope=pope.jsonl,images"];

  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["no model", pope, /which model\?/],
    ["no suite", model, /which suite\? --suite NAME=PATH; NAME: mmbench/],
    ["no such base", [...model, ...pope, "--against", "x"], /--against: there is no folder x/],
    ["an unknown suite", [...model, "--suite", "mme=x"], /no suite "mme"/],
    ["a bare file", [...model, "pope.jsonl"], /suites go after --suite/],
    ["a misspelt option", [...model, "--suit", "x"], /did you mean --suite\?/],
    ["no rows", [...model, ...pope, "--limit", "0"], /--limit takes a whole number from 1/],
    ["no room", [...model, ...pope, "--max-tokens", "0"], /--max-tokens takes a whole number/],
    ["a file that is there", [...model, ...pope, "--details", "pope.jsonl"], /is there already/],
  ])("%s is told with the way out", async (_, argv, message) => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const { code, stdout } = await tell(command, dir, ...argv);
    expect(code).toMatch(message);
    expect(stdout).toBe("");
  });

  it("names every wrong row before anything is computed", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    writeFileSync(join(dir, "images/broken.png"), "\x89PNG\r\n\x1a\n", "latin1");
    const row = { question_id: 1, text: "Is there a dog?", label: "yes" };
    const rows = [
      { ...row, image: "COCO_val2014_000000000007.png", label: "perhaps" },
      { ...row, image: "none.png" },
      { ...row, image: "../pope.jsonl" },
      { ...row, image: "broken.png" },
      { ...row, image: "COCO_val2014_000000000007.png", text: "<|image_pad|>?" },
    ];
    writeFileSync(join(dir, "pope.jsonl"), rows.map((one) => `${JSON.stringify(one)}\n`).join(""));
    const { code, stderr, stdout } = await tell(command, dir, ...model, ...pope);
    expect([code, stdout]).toEqual([1, ""]);
    const starts = [
      ...[":1:label: is neither yes nor no", ":2:image: there is no file", ":3:image: "],
      ...[":4:image: ", ":5:text: holds <|image_pad|>, which is a mark"],
    ];
    for (const start of starts) expect(stderr).toContain(`\n  pope.jsonl${start}`);
    writeFileSync(join(dir, "pope.jsonl"), "");
    expect(await tell(command, dir, ...model, ...pope)).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining("holds no question") },
    });
  });

  it("says that the shipped model cannot read English", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const { code, stderr } = await tell(command, dir, "--model", "tiny-vlm", ...pope);
    expect(code).toBe(1);
    expect(stderr).toMatch(/pope\.jsonl:1:text: "Is" is not among the 172 words and marks/);
  });

  it("takes names on the Hub behind the suite's name as data sets", async () => {
    const before = process.env.HF_HUB_OFFLINE;
    process.env.HF_HUB_OFFLINE = "1";
    const argv = ["--suite", "pope=hf://no-such/suite", "--suite=vqa=hf://datasets/no-such/other"];
    const told = await fetchArguments(argv);
    if (before === undefined) delete process.env.HF_HUB_OFFLINE;
    else process.env.HF_HUB_OFFLINE = before;
    expect(told).toMatch(/^hf:\/\/datasets\/no-such\/suite@main: is not in the cache/);
    expect(told).toMatch(/^hf:\/\/datasets\/no-such\/other@main: is not in the cache/m);
  });
});
