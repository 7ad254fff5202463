/** Worked solutions as text: the thoughts and the answer in them. Data layer. */

/** What a text says before its answer, and the answer. */
export interface WorkedText {
  readonly thoughts: string;
  readonly answer: string;
}

const oneSpace = (text: string): string => text.trim().split(/\s+/).join(" ");
const tag = /<\/?(?:think|answer)>/;
const whole = /^\s*<think>([\s\S]*)<\/think>\s*<answer>([\s\S]*)<\/answer>\s*$/;
const block = /<answer>([\s\S]*?)<\/answer>\s*$/;

/** The parts of `<think>…</think><answer>…</answer>` with nothing around it; undefined for any other text. */
export function readWorked(text: string): WorkedText | undefined {
  const [, thoughts, answer] = whole.exec(text) ?? [];
  if (thoughts === undefined || answer === undefined) return undefined;
  const parts = { thoughts: thoughts.trim(), answer: oneSpace(answer) };
  const clean = Object.values(parts).every((part) => part !== "" && !tag.test(part));
  return clean ? parts : undefined;
}

/**
 * The answer a text states: its answer block, which must end it, or its last `\boxed{…}`.
 *
 * Undefined when it has neither.
 */
export function statedAnswer(text: string): string | undefined {
  const [, content] = block.exec(text) ?? [];
  const stated = content !== undefined && !tag.test(content) ? content : lastBoxed(text);
  const answer = stated === undefined ? "" : oneSpace(lastBoxed(stated) ?? stated);
  return answer === "" ? undefined : answer;
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
  const inside = readWorked(text)?.thoughts ?? text.replace(block, "").trim();
  const bare = inside.replace(/^<think>|<\/think>$/g, "").trim();
  return bare === "" ? undefined : bare;
}
