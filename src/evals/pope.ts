/** Rows of POPE: whether an object is in the picture. Evals layer. */
import { brief } from "../data/turns.ts";
import { type Fields, groupsOf } from "./fields.ts";
import type { Item } from "./suite.ts";
import { yesOrNo } from "./yes-no.ts";

/** The columns that are read, of the JSONL (`text`, `label`) and of the Hub's Parquet (`question`, `answer`). */
export const popeColumns = [
  ...["question_id", "id", "image", "text", "label", "question", "answer", "category"],
];

const INSTRUCTION = "Please answer yes or no.";

/** A row of POPE. */
export function popeItem(fields: Fields): Item {
  const { text, value, note } = fields;
  const promptField = value("text") === undefined ? "question" : "text";
  const id = text("question_id", "id");
  const question = text("text", "question");
  const truthField = value("label") === undefined ? "answer" : "label";
  const truth = text("label", "answer").toLowerCase();
  if (truth !== "" && truth !== "yes" && truth !== "no") {
    note(truthField, `is neither yes nor no but ${brief(truth)}`);
  }
  const asked = question.toLowerCase().endsWith(INSTRUCTION.toLowerCase());
  return {
    // The three samplings of POPE number their questions alike.
    ...{ id, unit: undefined, promptField, truth },
    prompt: asked ? question : `${question} ${INSTRUCTION}`,
    ...fields.image("image"),
    groups: groupsOf(fields, "category"),
    judge: (response) => {
      const answer = yesOrNo(response) ?? null;
      return { answer, score: answer === truth ? 1 : 0 };
    },
  };
}
