/** Rows of MMBench and MMStar: questions with lettered options. Evals layer. */
import { chosenLetter, lettered, type Option } from "./choice.ts";
import { type Fields, groupsOf } from "./fields.ts";
import type { Item } from "./suite.ts";

const INSTRUCTION = "Answer with the option's letter from the given choices directly.";
const letters = [..."ABCDEFGHIJ"];
/** MMBench asks a question again with its options in another order under its index plus this, once or more. */
const CIRCLE = 1_000_000;

/** The columns of MMBench's TSV that are read. */
export const mmbenchColumns = [
  ...["index", "hint", "question", ...letters, "answer", "image"],
  ...["category", "l2-category", "L2-category"],
];

/** A row of MMBench. Rows that ask one question in several orders are one unit. */
export function mmbenchItem(fields: Fields): Item {
  const { text, optional, note } = fields;
  const id = text("index");
  const options = letters.flatMap((letter): ReadonlyArray<Option> => {
    const own = optional(letter);
    return own === undefined || own === "" ? [] : [{ letter, text: own }];
  });
  if (options.length < 2) note("A", "has no second option beside it");
  const hint = optional("hint");
  const question = text("question");
  const lines = options.map(({ letter, text: own }) => `${letter}. ${own}`);
  const index = Number(id);
  return {
    id,
    unit: Number.isSafeInteger(index) && index >= 0 ? `${index % CIRCLE}` : undefined,
    prompt: [...(hint ? [hint] : []), question, ...lines, INSTRUCTION].join("\n"),
    promptField: "question",
    ...fields.image("image"),
    groups: groupsOf(fields, "category", "l2-category", "L2-category"),
    ...judgedByLetter(fields, options),
  };
}

/** The columns of MMStar that are read. */
export const mmstarColumns = ["index", "question", "image", "answer", "category", "l2_category"];

/** A row of MMStar, whose options stand in the question's text: `Options: A: …, B: …`. */
export function mmstarItem(fields: Fields): Item {
  const id = fields.text("index");
  const question = fields.text("question");
  return {
    ...{ id, unit: undefined, prompt: `${question}\n${INSTRUCTION}`, promptField: "question" },
    ...fields.image("image"),
    groups: groupsOf(fields, "category", "l2_category"),
    ...judgedByLetter(fields, optionsIn(question)),
  };
}

/** The options that a question lists; letters A to D with unknown texts when it lists none in order. */
export function optionsIn(question: string): ReadonlyArray<Option> {
  const list = /options:([\s\S]*)$/i.exec(question)?.[1] ?? "";
  const parts = [...list.matchAll(/(?:^|[\s,;])\(?([A-J])(?:[:.]|\))\s*/g)];
  const texts = parts.map(({ 0: mark, index }, at) =>
    list.slice(index + mark.length, parts[at + 1]?.index).replace(/[\s,;]+$/, ""),
  );
  const inOrder = parts.every(([, letter], at) => letter === letters[at]);
  return parts.length > 1 && inOrder ? lettered(texts) : lettered(["", "", "", ""]);
}

function judgedByLetter({ text, note }: Fields, options: ReadonlyArray<Option>) {
  const truth = text("answer").toUpperCase();
  if (truth !== "" && !options.some(({ letter }) => letter === truth)) {
    const known = options.map(({ letter }) => letter).join(", ");
    note("answer", `is ${JSON.stringify(truth.slice(0, 40))}; the options are ${known}`);
  }
  const judge: Item["judge"] = (response) => {
    const answer = chosenLetter(response, options) ?? null;
    return { answer, score: answer === truth ? 1 : 0 };
  };
  return { truth, judge };
}
