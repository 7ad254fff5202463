/** Rows of VQA v2 and of what shares its form: short answers of ten people. Evals layer. */
import { brief } from "../data/turns.ts";
import { type Fields, groupsOf } from "./fields.ts";
import { said } from "./said.ts";
import type { Item } from "./suite.ts";
import { vqaForm, vqaScore } from "./vqa-answer.ts";

/** The columns that are read. */
export const vqaColumns = ["question_id", "id", "question", "image", "answers", "answer_type"];

const INSTRUCTION = "Answer the question using a single word or phrase.";
const MOST_ANSWERS = 1000;

/** A row of VQA: `answers` is a list of `{ answer }`, or of texts. */
export function vqaItem(fields: Fields): Item {
  const id = fields.text("question_id", "id");
  const question = fields.text("question");
  const people = peopleOf(fields);
  return {
    ...{ id, unit: undefined, prompt: `${question}\n${INSTRUCTION}`, promptField: "question" },
    ...fields.image("image"),
    groups: groupsOf(fields, "answer_type"),
    truth: mostGiven(people),
    judge: (response) => {
      const answer = vqaForm(said(response));
      return { answer: answer === "" ? null : answer, score: vqaScore(answer, people) };
    },
  };
}

function peopleOf({ value, note }: Fields): ReadonlyArray<string> {
  const held = value("answers");
  const texts = Array.isArray(held)
    ? held.map((one: unknown) =>
        typeof one === "object" && one !== null ? (one as { answer?: unknown }).answer : one,
      )
    : undefined;
  if (texts === undefined || texts.length === 0 || texts.length > MOST_ANSWERS) {
    note("answers", held === undefined ? "is missing" : `is no list of answers but ${brief(held)}`);
    return [];
  }
  const wrong = texts.find((one) => typeof one !== "string");
  if (wrong === undefined && texts.every((one) => one !== undefined)) return texts as Array<string>;
  note("answers", `holds an answer that is no text: ${brief(wrong)}`);
  return [];
}

function mostGiven(people: ReadonlyArray<string>): string {
  const counts = new Map<string, number>();
  for (const one of people) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}
