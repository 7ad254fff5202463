/** Rows of MathVista: options, or numbers and lists in free form. Evals layer. */

import { editDistance } from "../core/spelling.ts";
import { brief } from "../data/turns.ts";
import { chosenLetter, lettered } from "./choice.ts";
import { type Fields, groupsOf } from "./fields.ts";
import { numberSaid, numbersSaid, rounded, sameNumber } from "./number-answer.ts";
import { plainWords, said } from "./said.ts";
import type { Item } from "./suite.ts";

/** The columns that are read. */
export const mathvistaColumns = [
  ...["pid", "question", "image", "decoded_image", "choices", "unit", "precision", "answer"],
  ...["question_type", "answer_type", "query"],
];

/**
 * A row of MathVista.
 *
 * The program of MathVista (2310.02255) lets a language model find the answer in the response; here
 * rules do, so scores are not those of its leaderboard. What is compared then follows it: an option
 * that is near in spelling counts as chosen, whole numbers are cut, others rounded to `precision`.
 */
export function mathvistaItem(fields: Fields): Item {
  const { text, optional, note } = fields;
  const id = text("pid");
  const question = text("question");
  const truth = text("answer");
  const type = text("answer_type");
  const choices = choicesOf(fields);
  const multiple = text("question_type") === "multi_choice";
  if (multiple && choices.length === 0)
    note("choices", "is empty, but the question is multi_choice");
  const precision = optional("precision");
  const judge = multiple ? byChoice(choices, truth) : byType(type, truth, precision);
  if (judge === undefined) note("answer", `is ${brief(truth)}, which is no ${type}`);
  const unit = optional("unit");
  const asked = `Question: ${question}${unit ? ` (Unit: ${unit})` : ""}`;
  const options = lettered(choices).map(({ letter, text: own }) => `(${letter}) ${own}`);
  const own = [asked, ...(options.length > 0 ? ["Choices:", ...options] : [])].join("\n");
  return {
    ...{ id, unit: undefined, promptField: "question", truth },
    prompt: optional("query") || `${instruction(multiple, type)}\n${own}`,
    ...fields.image("decoded_image", "image"),
    groups: groupsOf(fields, "answer_type", "question_type"),
    judge: judge ?? (() => ({ answer: null, score: 0 })),
  };
}

/** There are so many letters. */
const MOST_CHOICES = 26;
/** Spellings are compared sign by sign. */
const LONGEST_CHOICE = 2000;

function choicesOf({ value, note }: Fields): ReadonlyArray<string> {
  const held = value("choices") ?? [];
  const isList = Array.isArray(held) && held.every((one) => typeof one === "string");
  if (!isList) note("choices", `is no list of texts but ${brief(held)}`);
  else if (held.length > MOST_CHOICES) note("choices", `holds more than ${MOST_CHOICES} texts`);
  else if (held.every((one) => one.length <= LONGEST_CHOICE)) return held;
  else note("choices", `holds a text of more than ${LONGEST_CHOICE} characters`);
  return [];
}

/** What is asked for when a row has no `query` of its own. */
function instruction(multiple: boolean, type: string): string {
  if (multiple) return "Hint: Give the letter of the correct option at the end, e.g., A, B, C, D.";
  const kinds: Readonly<Record<string, string>> = {
    integer: "a whole number",
    float: "a decimal number",
    list: "a list like [1, 2, 3]",
  };
  return `Hint: Give ${kinds[type] ?? "the answer in few words"} at the end.`;
}

type Judge = Item["judge"];

function byChoice(choices: ReadonlyArray<string>, truth: string): Judge {
  const options = lettered(choices);
  return (response) => {
    const letter = chosenLetter(response, options) ?? nearest(said(response), options);
    const text = options.find((option) => option.letter === letter)?.text;
    return { answer: text ?? null, score: text !== undefined && text.trim() === truth ? 1 : 0 };
  };
}

/** The option whose spelling is nearest to a short answer; long ones are no answers but reasoning. */
function nearest(answer: string, options: ReturnType<typeof lettered>): string | undefined {
  const longest = Math.max(0, ...options.map(({ text }) => text.length));
  if (answer === "" || answer.length > 2 * longest + 10) return undefined;
  const near = options.map(({ letter, text }) => ({ letter, edits: editDistance(answer, text) }));
  return near.sort((a, b) => a.edits - b.edits)[0]?.letter;
}

/** Undefined when the truth is not of its own type. */
function byType(type: string, truth: string, precision: string | undefined): Judge | undefined {
  if (type === "list") {
    const wanted = numbersSaid(truth);
    if (wanted === undefined) return undefined;
    return (response) => {
      const given = numbersSaid(response);
      const same =
        given?.length === wanted.length && given.every((one, at) => sameNumber(one, wanted[at]!));
      return { answer: given === undefined ? null : `[${given.join(", ")}]`, score: same ? 1 : 0 };
    };
  }
  if (type !== "integer" && type !== "float") return byWords(truth);
  const wanted = truth === "" ? Number.NaN : Number(truth);
  if (!Number.isFinite(wanted)) return undefined;
  const stated = Number(precision ?? /\.(\d+)$/.exec(truth)?.[1]?.length ?? 0);
  const decimals = Number.isFinite(stated) ? stated : 0;
  return (response) => {
    const given = numberSaid(response);
    if (given === undefined) return { answer: null, score: 0 };
    const value = type === "integer" ? Math.trunc(given) : rounded(given, decimals);
    return { answer: `${value}`, score: sameNumber(value, wanted) ? 1 : 0 };
  };
}

function byWords(truth: string): Judge {
  const wanted = plainWords(truth);
  return (response) => {
    const given = plainWords(said(response));
    return { answer: given === "" ? null : given, score: given !== "" && given === wanted ? 1 : 0 };
  };
}
