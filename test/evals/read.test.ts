/** Suites in their real layouts: what is asked, what is right, and what is told of wrong rows. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ItemLine, readItems, type Suite } from "../../src/evals/read.ts";
import type { SuiteKind } from "../../src/evals/suite.ts";
import { temporaryFolder } from "../support/folder.ts";
import { png, writeParquet, writeSuites, writeTsv } from "../support/suites.ts";

const rows = (dir: string, kind: SuiteKind, name: string): Suite => ({
  ...{ kind, place: name, files: [{ path: join(dir, name), name }] },
  images: { dir, outside: false },
});

async function linesOf(suite: Suite) {
  const lines: Array<ItemLine> = [];
  for await (const line of readItems(suite)) lines.push(line);
  return lines;
}

async function itemsOf(suite: Suite) {
  return (await linesOf(suite)).map((line) => {
    if ("problems" in line) throw new Error(JSON.stringify(line.problems));
    return line.item;
  });
}

const problemsOf = async (suite: Suite) =>
  (await linesOf(suite)).flatMap((line) =>
    "problems" in line ? line.problems.map(({ place, message }) => `${place}: ${message}`) : [],
  );

describe("readItems", () => {
  it("reads MMBench: options as lines, hints, shared images, circles", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const items = await itemsOf(rows(dir, "mmbench", "mmbench.tsv"));
    expect(items.map(({ id, unit, truth }) => [id, unit, truth])).toEqual([
      ["1", "1", "A"],
      ["1000001", "1", "B"],
      ["2", "2", "C"],
    ]);
    expect(items[1]!.image).toEqual(items[0]!.image);
    expect(items[2]!.image).not.toEqual(items[0]!.image);
    expect(items[0]!.groups).toEqual({ category: "color", "l2-category": "perception" });
    expect(items[2]!.prompt).toBe(
      'A "hint"\nof two lines\nWhich color is it?\nA. a cat\nB. a dog\nC. a cow\n' +
        "Answer with the option's letter from the given choices directly.",
    );
    expect(items[2]!.judge("A cow.")).toEqual({ answer: "C", score: 1 });
    expect(items[2]!.judge("D")).toEqual({ answer: null, score: 0 });
  });

  it("reads MMStar and MathVista from Parquet", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const star = await itemsOf(rows(dir, "mmstar", "mmstar.parquet"));
    expect(star.map(({ id, truth }) => [id, truth])).toEqual([
      ["0", "A"],
      ["1", "B"],
    ]);
    expect(star[1]!.prompt).toMatch(
      /^Which one\?\nOptions: A: red.*\nAnswer with the option's letter/,
    );
    expect(star[1]!.judge("It is dark red")).toEqual({ answer: "B", score: 1 });
    expect(star[0]!.image).toHaveProperty("bytes.length");
    const math = await itemsOf(rows(dir, "mathvista", "mathvista.parquet"));
    const answers = ["(B)", "The answer is 7.", "1.23", "[1, 2]"];
    expect(math.map(({ judge }, at) => judge(answers[at]!).score)).toEqual([1, 1, 1, 1]);
    expect(math.map(({ groups }) => groups.answer_type)).toEqual([
      "text",
      "integer",
      "float",
      "list",
    ]);
  });

  it("reads POPE from lines and from Parquet, and asks once for yes or no", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const lines = await itemsOf(rows(dir, "pope", "pope.jsonl"));
    expect(lines.map(({ truth }) => truth)).toEqual(["yes", "no", "yes", "no"]);
    expect(lines[0]!.prompt).toBe("Is there a dog in the image? Please answer yes or no.");
    expect(lines[0]!.image).toEqual({ path: "COCO_val2014_000000000007.png" });
    const image = { bytes: new Uint8Array(await png(1, 2, 3)), path: null };
    writeParquet(
      join(dir, "pope.parquet"),
      {
        ...{ id: "text", question_id: "text", question: "text", answer: "text" },
        ...{ image_source: "text", image: "image", category: "text" },
      },
      [
        {
          ...{ id: "0", question_id: "1", answer: "No", image, category: "random" },
          question: "Is there a cat? Please answer yes or no.",
        },
      ],
    );
    const [item] = await itemsOf(rows(dir, "pope", "pope.parquet"));
    expect(item).toMatchObject({ id: "1", truth: "no", groups: { category: "random" } });
    expect(item!.prompt).toBe("Is there a cat? Please answer yes or no.");
    expect(item!.judge("There is no cat")).toEqual({ answer: "no", score: 1 });
  });

  it("reads VQA from the pair of its authors and from Parquet alike", async () => {
    const dir = temporaryFolder();
    await writeSuites(dir);
    const images = join(dir, "images");
    const [questions, annotations] = [join(dir, "questions.json"), join(dir, "annotations.json")];
    const pair: Suite = {
      ...{ kind: "vqa", place: "q", files: [{ path: questions, name: "questions.json" }] },
      ...{ images: { dir: images, outside: false }, pair: { questions, annotations, images } },
    };
    const items = await itemsOf(pair);
    expect(items.map(({ id, truth }) => [id, truth])).toEqual([
      ["420", "blue"],
      ["71", "red"],
    ]);
    expect(items[0]!.image).toEqual({ path: join(images, "COCO_val2014_000000000042.png") });
    expect(items[0]!.prompt).toMatch(
      /^What color is it\?\nAnswer the question using a single word/,
    );
    expect(items[0]!.judge("The Blue!")).toEqual({ answer: "blue", score: 1 });
    const people = (...answers: ReadonlyArray<string>) =>
      answers.map((answer, at) => ({ answer, answer_id: BigInt(at) }));
    writeParquet(
      join(dir, "vqa.parquet"),
      {
        question_id: "whole",
        question: "text",
        image: "image",
        answers: "answers",
        answer_type: "text",
      },
      [
        {
          ...{ question_id: 5n, question: "How many?", answer_type: "number" },
          image: { bytes: new Uint8Array(await png(1, 2, 3)), path: null },
          answers: people("2", "two", "3", "4", "5", "6", "7", "8", "9", "10"),
        },
      ],
    );
    const [one] = await itemsOf(rows(dir, "vqa", "vqa.parquet"));
    expect(one!.judge("Two").score).toBeCloseTo(0.6, 12);
    expect(one!.groups).toEqual({ answer_type: "number" });

    const text = readFileSync(questions, "utf8");
    writeFileSync(
      questions,
      text
        .replace('"image_id":42', '"image_id":43')
        .replace('"question_id":71', '"question_id":72'),
    );
    expect(await problemsOf(pair)).toEqual([
      `questions.json:1:image_id: has no image in ${images}`,
      "questions.json:2:question_id: has no annotation",
    ]);
    writeFileSync(questions, text.slice(0, -20));
    expect((await problemsOf(pair)).at(-1)).toMatch(/^questions\.json:2: ends within its list/);
    writeFileSync(annotations, "{}");
    expect((await problemsOf(pair))[0]).toMatch(
      /^questions\.json:1:question_id: has no annotation/,
    );
  });

  it("tells each wrong row with line and field, and goes on", async () => {
    const dir = temporaryFolder();
    const image = (await png(1, 1, 1)).toString("base64");
    const columns = ["index", "question", "A", "B", "answer", "image"];
    const good = { index: 1, question: "q", A: "a", B: "b", answer: "A", image };
    writeTsv(join(dir, "bad.tsv"), columns, [
      { ...good, answer: "C" },
      { ...good, B: "" },
      { ...good, image: "77" },
      { ...good, question: "" },
      { ...good, index: 6, image: "1" },
    ]);
    appendFileSync(join(dir, "bad.tsv"), "x\ty\n");
    expect(await problemsOf(rows(dir, "mmbench", "bad.tsv"))).toEqual([
      'bad.tsv:2:answer: is "C"; the options are A, B',
      "bad.tsv:3:A: has no second option beside it",
      "bad.tsv:4:image: names a row that has no image of its own",
      "bad.tsv:5:question: is missing",
      "bad.tsv:7: has 2 cells, but the first line names 6",
    ]);
    const lines = [
      { question_id: 1, image: "a.png", text: "q", label: "maybe" },
      [1],
      { question_id: 1, image: "https://x/y.png", text: "q", label: "yes" },
      { question_id: 1, image: ["a.png", "b.png"], text: { a: 1 }, label: "yes" },
      { id: 1, question: "q", answers: [{ answer: 3 }] },
    ];
    writeFileSync(join(dir, "bad.jsonl"), lines.map((row) => `${JSON.stringify(row)}\n`).join(""));
    expect(await problemsOf(rows(dir, "pope", "bad.jsonl"))).toEqual([
      'bad.jsonl:1:label: is neither yes nor no but "maybe"',
      "bad.jsonl:2: is no object but [1]",
      expect.stringMatching(/^bad\.jsonl:3:image: .* is an address/),
      'bad.jsonl:4:text: is neither a text nor a number but {"a":1}',
      "bad.jsonl:4:image: holds 2 images, not one",
      "bad.jsonl:5:label or answer: is missing",
      "bad.jsonl:5:image: is missing",
    ]);
    expect((await problemsOf(rows(dir, "vqa", "bad.jsonl"))).at(-2)).toBe(
      "bad.jsonl:5:answers: holds an answer that is no text: 3",
    );
    await expect(linesOf(rows(dir, "pope", "none.jsonl"))).rejects.toThrow("there is no such file");
  });
});
