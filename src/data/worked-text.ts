/** Worked solutions as text: the thoughts and the answer in them. Data layer. */

/** What a text says before its answer, and the answer. */
export interface WorkedText {
  readonly thoughts: string;
  readonly answer: string;
}

/** The text with single spaces between its words and none around them. */
export const oneSpace = (text: string): string => text.trim().split(/\s+/).join(" ");
const tag = /<\/?(?:think|answer)>/;
const marks = {
  think: "<think>",
  thinkEnd: "</think>",
  answer: "<answer>",
  answerEnd: "</answer>",
};

/** The parts of `<think>…</think><answer>…</answer>` with nothing around it; undefined for any other text. */
export function readWorked(text: string): WorkedText | undefined {
  const ended = endingBlock(text);
  const before = ended?.before.trim() ?? "";
  if (!before.startsWith(marks.think) || !before.endsWith(marks.thinkEnd)) return undefined;
  const thoughts = before.slice(marks.think.length, -marks.thinkEnd.length).trim();
  const answer = oneSpace(ended!.content);
  return thoughts !== "" && answer !== "" && !tag.test(thoughts) ? { thoughts, answer } : undefined;
}

/** The answer block that ends a text, without tags in it, and what precedes it; linear in the text, which nobody vouches for. */
function endingBlock(text: string): { before: string; content: string } | undefined {
  const trimmed = text.trimEnd();
  if (!trimmed.endsWith(marks.answerEnd)) return undefined;
  const start = trimmed.lastIndexOf(marks.answer);
  if (start < 0) return undefined;
  const content = trimmed.slice(start + marks.answer.length, -marks.answerEnd.length);
  return tag.test(content) ? undefined : { before: trimmed.slice(0, start), content };
}

/**
 * The answer a text states: its answer block, which must end it, or its last `\boxed{…}`.
 *
 * Undefined when it has neither.
 */
export function statedAnswer(text: string): string | undefined {
  const stated = endingBlock(text)?.content ?? lastBoxed(text);
  const answer = stated === undefined ? "" : oneSpace(lastBoxed(stated) ?? stated);
  return answer === "" ? undefined : answer;
}

/**
 * Where the steps of a solution's thoughts end, in characters from the text's start, ascending.
 *
 * A step ends with a semicolon, a line, a sentence, or the thoughts themselves.
 */
export function stepEnds(text: string): ReadonlyArray<number> {
  const opened = text.indexOf(marks.think);
  const start = opened < 0 ? 0 : opened + marks.think.length;
  const closed = text.search(/<\/think>|<answer>/);
  const thoughts = text.slice(start, closed < start ? undefined : closed).trimEnd();
  const ends = [...thoughts.matchAll(/;|\n|[.!?](?=\s)|$/g)].map(
    (mark) => mark.index + mark[0].length,
  );
  return ends.flatMap((end, at) =>
    /[^\s;.!?]/.test(thoughts.slice(ends[at - 1] ?? 0, end)) ? [start + end] : [],
  );
}

/** The content of the last `\boxed{…}` whose braces balance. */
function lastBoxed(text: string): string | undefined {
  const opening = "\\boxed{";
  const start = text.lastIndexOf(opening);
  if (start < 0) return undefined;
  let depth = 1;
  for (let at = start + opening.length; at < text.length; at++) {
    if (text[at] === "{") depth++;
    if (text[at] === "}" && --depth === 0) return text.slice(start + opening.length, at);
  }
  return undefined;
}

/** The answer a field holds: what its text states, else the whole text with single spaces. */
export const plainAnswer = (text: string): string => statedAnswer(text) ?? oneSpace(text);

/**
 * A solution in the one form that training imposes, `<think> … </think> <answer> … </answer>`.
 *
 * Tags stand apart from words, so that a tokenizer of whole words reads them too.
 */
export const workedText = ({ thoughts, answer }: WorkedText): string =>
  `<think> ${thoughts} </think> <answer> ${answer} </answer>`;

/** The thoughts of a solution with tags or without; undefined when there is nothing but an answer. */
export function thoughtsOf(text: string): string | undefined {
  const inside = readWorked(text)?.thoughts ?? (endingBlock(text)?.before ?? text).trim();
  const bare = inside.replace(/^<think>|<\/think>$/g, "").trim();
  return bare === "" ? undefined : bare;
}
