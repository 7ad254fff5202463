import { expect, it } from "vitest";
import { gatherInto, packImage, readGathered } from "../../src/data/gathered.ts";
import { loadTokenizer } from "../../src/models/tokenizer.ts";
import { readability, unreadable } from "../../src/stages/readable.ts";
import { temporaryFolder } from "../support/folder.ts";
import { goldenModels } from "../support/golden.ts";
import { folderForFile, writeModel } from "../support/learner.ts";
import { problems } from "../support/own-data.ts";

const words = loadTokenizer(writeModel(folderForFile()));

it("finds the first word that a tokenizer of words does not know", () => {
  expect(unreadable("find the area", words)).toBeUndefined();
  expect(unreadable("find the\n hypotenuse please", words)).toMatch(
    /^"hypotenuse" is not among the \d+ words/,
  );
});

it("lets a tokenizer of bytes read anything but its own marks", () => {
  const bytes = loadTokenizer(goldenModels("qwen2_5_vl")[0]!.checkpoint);
  expect(unreadable("Überraschung ☃", bytes)).toBeUndefined();
  expect(unreadable("say <|image_pad|>", bytes)).toContain("holds <|image_pad|>, which is a mark");
});

it("names a reference that no response has room for", () => {
  const dir = temporaryFolder();
  const gatherer = gatherInto(dir);
  const rows = problems(6, 2);
  rows.forEach(({ id, family, question, answer, reference, image }, index) => {
    const place = { place: `t.jsonl:${index + 1}`, image: gatherer.image(packImage(image)) };
    gatherer.row({ id, family, question, answer, ...place, ...(reference && { reference }) });
  });
  gatherer.finish(rows.map(() => "train"));
  gatherer.close();
  const lengths = rows.map(({ reference = "" }) => words.encode(reference).length + 1);
  const most = Math.max(...lengths);
  const check = (maxTokens: number) => {
    const { look, finish } = readability({
      dir: "tiny",
      processor: { tokenizer: words },
      maxTokens,
    });
    readGathered(dir, look);
    return finish;
  };
  expect(check(most)).not.toThrow();
  expect(check(most - 1)).toThrow(
    new RegExp(
      `:reference: has ${most} tokens, a response at most ${most - 1}; raise sampling.maxTokens$`,
    ),
  );
});

it("names model, row, field and word of all such texts", () => {
  const dir = temporaryFolder();
  const gatherer = gatherInto(dir);
  const [one, other] = problems(1, 1);
  const rows = [
    { ...one!, question: "find the hypotenuse" },
    { ...other!, answer: "lots" },
    { ...other!, question: "the hypotenuse" },
    { ...one!, answer: "plenty" },
  ];
  rows.forEach(({ id, family, question, answer, image }, index) => {
    const stored = gatherer.image(packImage(image));
    gatherer.row({ id, family, question, answer, place: `t.jsonl:${index + 1}`, image: stored });
  });
  gatherer.finish(["train", "test", "train", null]);
  gatherer.close();
  const { look, finish } = readability({ dir: "tiny", processor: { tokenizer: words } });
  readGathered(dir, look);
  expect(finish).toThrow(
    /texts do not fit the model tiny\n {2}t\.jsonl:1:question: "hypotenuse" .*\n {2}t\.jsonl:2:answer: "lots" .*\na model whose tokenizer .*$/,
  );
});
