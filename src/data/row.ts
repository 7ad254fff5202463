/** One row of a user's file as a question with image, answer and, where there is one, a worked reference. Data layer. */
import { type ImageSource, imageSources } from "./image-source.ts";
import type { Layout } from "./shape.ts";
import { brief, type Exchange, imageTag, isProblem, readExchange, readResponse } from "./turns.ts";
import {
  oneSpace,
  plainAnswer,
  readWorked,
  statedAnswer,
  thoughtsOf,
  workedText,
} from "./worked-text.ts";

/** What a row holds. */
export interface Row {
  readonly question: string;
  readonly answer: string;
  /** In the form `<think> … </think> <answer> … </answer>`, or where references are plain the answer itself. */
  readonly reference: string | undefined;
  /** What the reference itself gives as its answer, where it does. */
  readonly stated: string | undefined;
  readonly image: ImageSource;
  /** The field that holds the image. */
  readonly imageField: string;
  readonly family: string | undefined;
}

/** What is wrong with a row, and in which of its fields. */
export interface RowProblem {
  readonly field: string;
  readonly message: string;
  /** Nothing is wrong with the field but that it is empty or absent. */
  readonly gap?: true;
}

type Fields = Readonly<Record<string, unknown>>;
type Found = { readonly field: string; readonly value: unknown };

const tag = /<\/?(?:think|answer)>/;
const MAX_TEXT = 2 ** 16;
const MAX_ANSWER = 1000;
/** A response without answer block counts as the answer itself up to this length. */
const MAX_BARE_ANSWER = 120;

/** Reads one parsed line; every problem of the row at once. */
export function readRow(value: unknown, layout: Layout): Row | ReadonlyArray<RowProblem> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ field: "", message: `is no object but ${brief(value)}` }];
  }
  const row = value as Fields;
  const problems: Array<RowProblem> = [];
  const note = (field: string, message: string) => {
    problems.push({ field, message });
    return undefined;
  };
  const lack = (field: string, message: string) => {
    problems.push({ field, message, gap: true });
    return undefined;
  };
  const asked = question(row, layout, note);
  const image = asked && imageOf(row, layout, asked, { note, lack });
  const text = image && withoutTag(asked!, note);
  const solved = solution(row, layout, asked?.exchange, { note, lack });
  const family = familyOf(row, layout, note);
  if (problems.length > 0 || !image || text === undefined || !solved) return problems;
  return { question: text, ...solved, ...image, family };
}

type Note = (field: string, message: string) => undefined;
/** Says what is wrong, or what is not there. */
type Say = { readonly note: Note; readonly lack: Note };
type Asked = { readonly field: string; readonly exchange: Exchange };

/** The first of the named fields that holds something. */
function find(row: Fields, names: ReadonlyArray<string>): Found | undefined {
  const field = names.find((name) => Object.hasOwn(row, name) && row[name] != null);
  return field === undefined ? undefined : { field, value: row[field] };
}

/** Whether a field is there without content: blank, or an image of neither bytes nor path. */
function isBlank(value: unknown): boolean {
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  if (typeof value !== "object" || value === null) return value == null;
  return Object.values(value).every((part) => part === null);
}

function question(row: Fields, layout: Layout, note: Note): Asked | undefined {
  const found = find(row, layout.question);
  if (found === undefined) {
    const { ask } = layout;
    if (ask === undefined) return note(layout.question.join(" or "), "is missing");
    return { field: "ask", exchange: { question: ask, response: undefined, images: [] } };
  }
  const exchange = readExchange(found.value);
  if (isProblem(exchange)) return note(found.field, exchange.problem);
  const bare = exchange.question.replaceAll(imageTag, "").trim();
  if (bare === "") return note(found.field, "holds no question");
  if (bare.length > MAX_TEXT) return note(found.field, `is longer than ${MAX_TEXT} characters`);
  return { field: found.field, exchange };
}

function imageOf(row: Fields, layout: Layout, { field, exchange }: Asked, { note, lack }: Say) {
  const found = find(row, layout.image);
  const imageField = found?.field ?? (exchange.images.length > 0 ? field : layout.image[0]!);
  if (isBlank(found?.value) && exchange.images.length === 0) {
    const tags = exchange.question.split(imageTag).length - 1;
    if (tags === 0) return lack(imageField, "holds 0 images; an example has exactly one");
  }
  const sources = imageSources(found?.value ?? exchange.images);
  if (!Array.isArray(sources)) return note(imageField, (sources as { problem: string }).problem);
  const tags = exchange.question.split(imageTag).length - 1;
  if (tags > 0 && tags !== sources.length) {
    return note(
      field,
      `has ${tags} ${imageTag} tag(s), but the row has ${sources.length} image(s)`,
    );
  }
  if (sources.length !== 1) {
    return note(imageField, `holds ${sources.length} images; an example has exactly one`);
  }
  return { image: sources[0] as ImageSource, imageField };
}

/** The question without its image tag, which may open or close it: the image always comes first. */
function withoutTag({ field, exchange }: Asked, note: Note): string | undefined {
  const text = exchange.question.trim();
  const bare = text.startsWith(imageTag)
    ? text.slice(imageTag.length)
    : text.endsWith(imageTag)
      ? text.slice(0, -imageTag.length)
      : text;
  if (!bare.includes(imageTag)) return bare.trim();
  return note(field, `has ${imageTag} inside the text; it must open or close it`);
}

function solution(row: Fields, layout: Layout, exchange: Exchange | undefined, say: Say) {
  const { note, lack } = say;
  const texts = responses(row, layout, exchange, note);
  if (texts === undefined) return undefined;
  if (layout.plain) return plainSolution(texts, layout, say);
  const answer = answerOf(texts);
  if (answer === undefined) {
    const names = [...new Set([...layout.answer, ...layout.response])];
    const where = names.length === 0 ? layout.question[0]! : names.join(" or ");
    const due = layout.answerNamed
      ? texts.filter(({ field }) => layout.answer.includes(field))
      : texts;
    const tell = due.every(({ text }) => isBlank(text)) ? lack : note;
    return tell(
      where,
      "holds no answer that can be checked: neither a short text nor <answer> nor \\boxed{}",
    );
  }
  if (answer.length > MAX_ANSWER) return note("answer", `is longer than ${MAX_ANSWER} characters`);
  if (tag.test(answer)) return note("answer", `has tags in it: ${brief(answer)}`);
  return { answer, ...referenceOf(texts, layout.reference, answer, note) };
}

/** A plain text is the reference where the field is named, and in any case the answer. */
function plainSolution(
  texts: ReadonlyArray<Response>,
  { reference, answer: [own = "answer"] }: Layout,
  { note, lack }: Say,
) {
  const named = texts.find(({ field }) => field === reference);
  const found = [named, ...texts].find((one) => one !== undefined && !isBlank(one.text));
  const field = found?.field ?? reference ?? own;
  if (found === undefined) return lack(field, "holds no text");
  const answer = oneSpace(found.text);
  if (answer.length > MAX_TEXT) return note(field, `is longer than ${MAX_TEXT} characters`);
  if (tag.test(answer)) return note(field, `has tags in it, but references are plain`);
  return { answer, reference: found === named ? answer : undefined, stated: undefined };
}

/** A text that may hold answer or solution. */
interface Response {
  readonly field: string;
  readonly text: string;
  /** Counts as the answer itself when it states none. */
  readonly bare: boolean;
}

/** The texts that may hold answer or solution, the answer's own field first. */
function responses(row: Fields, layout: Layout, exchange: Exchange | undefined, note: Note) {
  const texts: Array<Response> = [];
  const mayBeBare = (text: string) => !layout.answerNamed && !isLong(text);
  const own = find(row, layout.answer);
  if (own !== undefined) {
    const { field, value } = own;
    if (typeof value !== "string" && !(typeof value === "number" && Number.isFinite(value))) {
      return note(field, `is neither a text nor a number but ${brief(value)}`);
    }
    texts.push({ field, text: String(value), bare: true });
  }
  const asked = layout.question[0]!;
  // A reference among the question's own messages is the assistant's turn.
  const mapped = layout.reference === asked ? [] : [layout.reference ?? []].flat();
  for (const name of new Set([...layout.response, ...mapped])) {
    const found = find(row, [name]);
    if (found === undefined) continue;
    const text = readResponse(typeof found.value === "number" ? `${found.value}` : found.value);
    if (isProblem(text)) return note(name, text.problem);
    texts.push({ field: name, text, bare: mayBeBare(text) });
  }
  if (exchange?.response !== undefined) {
    texts.push({ field: asked, text: exchange.response, bare: mayBeBare(exchange.response) });
  }
  return texts;
}

const isLong = (text: string): boolean =>
  text.trim().length > MAX_BARE_ANSWER || text.trim().includes("\n");

function answerOf(texts: ReadonlyArray<Response>): string | undefined {
  for (const { text, bare } of texts) {
    const answer = bare ? plainAnswer(text) : statedAnswer(text);
    if (answer !== undefined && answer !== "") return answer;
  }
  return undefined;
}

/** The worked solution: the named field's text, or without one the first in the full form. */
function referenceOf(
  texts: ReadonlyArray<Response>,
  named: string | undefined,
  answer: string,
  note: Note,
) {
  const source = texts.find(({ field, text }) =>
    named === undefined ? readWorked(text) !== undefined : field === named,
  );
  const none = { reference: undefined, stated: undefined };
  if (source === undefined) return none;
  const { field, text } = source;
  if (text.length > MAX_TEXT) {
    note(field, `is longer than ${MAX_TEXT} characters`);
    return none;
  }
  const thoughts = thoughtsOf(text);
  if (thoughts === undefined || thoughts === answer) return none;
  if (tag.test(thoughts)) {
    note(field, "has <think> or <answer> tags in the wrong places");
    return none;
  }
  return { reference: workedText({ thoughts, answer }), stated: statedAnswer(text) };
}

function familyOf(row: Fields, { family }: Layout, note: Note): string | undefined {
  const found = family === undefined ? undefined : find(row, [family]);
  if (found === undefined) return undefined;
  const { value } = found;
  if (typeof value !== "string" && typeof value !== "number") {
    return note(family!, `is neither a text nor a number but ${brief(value)}`);
  }
  return `${value}`.slice(0, 80);
}
