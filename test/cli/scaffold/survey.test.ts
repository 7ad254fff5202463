import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { survey } from "../../../src/cli/scaffold/survey.ts";
import { targetOf } from "../../../src/cli/scaffold/target.ts";
import { loadTokenizer } from "../../../src/models/tokenizer.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { goldenModels } from "../../support/golden.ts";
import { problems, writeOwnData } from "../../support/own-data.ts";

const tokenizer = loadTokenizer(goldenModels("qwen2_5_vl")[0]!.checkpoint);

/** Rows with images of their own and the given further fields. */
async function surveyOf(rows: ReadonlyArray<object>) {
  const dir = temporaryFolder();
  const file = await writeOwnData(dir, "trl", problems(1, rows.length - 1));
  const lines = rows.map((row, index) => JSON.stringify({ image: `images/${index}.png`, ...row }));
  writeFileSync(join(dir, "train.jsonl"), lines.join("\n"));
  return survey(targetOf(file), tokenizer);
}

it("tells kinds of answers apart", async () => {
  const answers = ["8", "1,000", "-3.5", "$30$", "B", "(C)", "a red circle", "8 cm"];
  const rows = answers.map((answer, index) => ({ prompt: `question ${index}`, answer }));
  expect((await surveyOf(rows)).answers).toEqual({ number: 4, option: 2, text: 2 });
});

it("finds the field with explanations and takes no repeated answer for one", async () => {
  const rows = (why: string, solution: string) =>
    Array.from({ length: 30 }, (_, index) => ({
      ...{ prompt: `question ${index}`, answer: "8", solution, explanation: why },
    }));
  const explained = await surveyOf(rows("twice four is eight, so the answer is 8", "8 cm"));
  expect(explained).toMatchObject({ reference: "explanation", worked: 30, calculated: 0 });
  expect(explained.ownQuestions).toBe(true);
  expect(await surveyOf(rows("", "8 cm"))).toMatchObject({ reference: undefined, worked: 0 });
});
