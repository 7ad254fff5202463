/** The response format `<think> … </think> <answer> … </answer>`: reading it and rewarding it. Rewards layer. */

/** The text with single spaces between its words and none around them. */
export const normalizeSpace = (text: string): string => text.trim().split(/\s+/).join(" ");

/** Whether a tag occurs exactly once. */
const once = (text: string, tag: string): boolean => text.split(tag).length === 2;

/** What stands between two tags that occur once each, the second one at the given end; undefined otherwise. */
function lastBlock(text: string, name: string): { before: string; content: string } | undefined {
  const [open, close] = [`<${name}>`, `</${name}>`];
  const trimmed = text.trimEnd();
  if (!once(text, open) || !once(text, close) || !trimmed.endsWith(close)) return undefined;
  const start = trimmed.indexOf(open);
  const content = normalizeSpace(trimmed.slice(start + open.length, -close.length));
  const wellFormed = start <= trimmed.length - close.length - open.length;
  return wellFormed && content !== "" && !/<\/?(think|answer)>/.test(content)
    ? { before: trimmed.slice(0, start), content }
    : undefined;
}

/**
 * The content of the answer block, its words separated by single spaces.
 *
 * Defined only when the response holds exactly one answer block, not empty, and ends with it;
 * whatever precedes the block is free.
 */
export const extractAnswer = (response: string): string | undefined =>
  lastBlock(response, "answer")?.content;

/**
 * 1 when the response is one think block followed by one answer block and nothing else, 0 otherwise.
 *
 * Both blocks must have content. Nothing is said about its truth: pay it only for right answers
 * (the default of `mix`), or a group without any right answer teaches the policy the empty form.
 */
export function format(response: string): number {
  const answer = lastBlock(response, "answer");
  const thoughts = answer && lastBlock(answer.before, "think");
  return thoughts?.before.trim() === "" ? 1 : 0;
}
