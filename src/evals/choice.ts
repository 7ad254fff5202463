/** Which option of a question a response chooses, in the many ways in which models say it. Evals layer. */
import { plainWords, said } from "./said.ts";

/** An option: its letter, a capital, and its text, which may be unknown (empty). */
export interface Option {
  readonly letter: string;
  readonly text: string;
}

/** Options lettered from A on. */
export const lettered = (texts: ReadonlyArray<string>): ReadonlyArray<Option> =>
  texts.map((text, index) => ({ letter: String.fromCharCode(65 + index), text }));

/**
 * The letter of the chosen option; undefined when none is chosen, or more than one.
 *
 * Tried in this order: a letter alone; a letter that opens the response; the last statement of an
 * answer ("the answer is B", "I choose B", "B is correct"); the text of an option and nothing else;
 * the only option letter in the response; the only option whose text is in it. An "A" that may be the
 * article chooses nothing.
 */
export function chosenLetter(response: string, options: ReadonlyArray<Option>): string | undefined {
  const text = said(response);
  const letters = options.map(({ letter }) => letter).join("");
  if (text === "" || letters === "") return undefined;
  return (
    alone(text, letters) ??
    opening(text, letters) ??
    claimed(text, letters) ??
    sameText(text, options) ??
    onlyLetter(text, letters) ??
    onlyText(text, options)
  );
}

function alone(text: string, letters: string): string | undefined {
  const form = new RegExp(`^[\\s"'([{<]*([${letters}])[\\s"')\\]}>.:,;!]*$`, "i");
  return form.exec(text)?.[1]?.toUpperCase();
}

/** `B. a dog`, `(b) a dog`, `B: a dog`, `B, because …`; not when several lines open so. */
function opening(text: string, letters: string): string | undefined {
  const marked = new RegExp(`^\\s*["'([]*([${letters}])(?:[)\\].:]+|\\s+[-–—](?=\\s))`, "gim");
  const lines = new Set([...text.matchAll(marked)].map(([, letter]) => letter!.toUpperCase()));
  if (lines.size > 1) return undefined;
  const other = `(?:(?:and|or)\\s+)?\\(?[${letters}]\\b`;
  const head = new RegExp(
    `^["'([]*([${letters}])(?:[)\\].:;]+(?=\\s|["']|[A-Z]|$)|\\s+[-–—](?=\\s)|\\s*\\n|,(?!\\s*${other}))`,
    "i",
  ).exec(text);
  if (head === null) return undefined;
  const [whole, letter] = head as unknown as readonly [string, string];
  const bare = /[,\n]$/.test(whole) || /[-–—]$/.test(whole);
  return bare && letter !== letter.toUpperCase() ? undefined : letter.toUpperCase();
}

const noun = "(?:option|choice|letter|answer)";
const is = "(?:is|are|was|be|would|should|must|will|can|only|therefore|thus|:|=|->|-|是|为|选|应)";
const fitting = "(?:correct|right|best|suitable|appropriate|accurate|likely)";
/** Ways to state an answer, the surest first; LETTER stands for the option's. */
const statements = [
  `(?:answers?|${fitting}\\s+(?:option|choice|letter)|答案|正确选项)(?:\\s+(?:to|for|here)\\b[^.:\\n]{0,80}?)?(?:\\s*${is})*\\s*(?:(?:the\\s+)?${noun}\\s*)?LETTER`,
  `(?:choose|chose|pick|picked|select|selected|go with|going with|选择?)\\s*(?:(?:the\\s+)?${noun}\\s*)?LETTER`,
  `LETTER[)\\]"'.]*(?:\\s+${noun})?\\s+(?:is|are|would be|should be|seems|looks|appears to be|must be)\\s+(?:the\\s+)?(?:most\\s+)?(?:${fitting}|answer|true)`,
  "\\bit(?:['’]s|\\s+is|\\s+should be|\\s+must be|\\s+would be)\\s+(?:(?:option|choice|letter)\\s+)?LETTER",
];

function claimed(text: string, letters: string): string | undefined {
  for (const statement of statements) {
    const found = claims(text, statement, letters).at(-1);
    if (found !== undefined) return found;
  }
  const mentioned = new Set(claims(text, `(?:option|choice|选项)\\s*LETTER`, letters, true));
  return mentioned.size === 1 ? [...mentioned][0] : undefined;
}

/** What stands before something that is not chosen. */
const denied = /\b(?:not|than|nor|neither)\s+(?:the\s+)?(?:(?:option|choice|answer)\s+)?["'([]*$/i;

/** Letters in statements of one form, in order, those denied left out, and those joined by "or" unless all are wanted. */
function claims(
  text: string,
  statement: string,
  letters: string,
  all = false,
): ReadonlyArray<string> {
  const joined = new RegExp(
    `^[)\\]"']*\\s*(?:,|/|&|or\\b|and\\b)\\s*(?:option\\s+)?["'([]*[${letters}](?![\\p{L}\\p{N}])`,
    "iu",
  );
  const form = new RegExp(
    statement.replace("LETTER", `(?<open>["'([]*)(?<letter>[${letters}])(?![\\p{L}\\p{N}'’])`),
    "dgiu",
  );
  return [...text.matchAll(form)].flatMap((match) => {
    const { open, letter } = match.groups as { open: string; letter: string };
    const after = text.slice(match.indices!.groups!.letter![1]);
    if (denied.test(text.slice(Math.max(0, match.index - 24), match.index))) return [];
    if (
      /^[)\]"']*\s+(?:(?:is|was)\s*(?:not|n't)|isn't|cannot|can't|is (?:wrong|incorrect|false))\b/i.test(
        after,
      )
    )
      return [];
    // "A or B" states nothing.
    if (!all && joined.test(after)) return [];
    return isLetter(letter, open, after) ? [letter.toUpperCase()] : [];
  });
}

/** Whether it is an option's letter and no word: capitals but for an article, small ones with marks or at the end. */
function isLetter(letter: string, open: string, after: string): boolean {
  if (/[([]$/.test(open) && /^[)\]]/.test(after)) return true;
  if (/["']$/.test(open) && /^["']/.test(after)) return true;
  if (letter !== letter.toUpperCase()) return /^[)\]"'.,;:!]*\s*(?:$|\n)/.test(after);
  return !isWord(letter, after);
}

/** Whether a capital is the article or the pronoun: another word follows, which no statement of a choice goes on with. */
const isWord = (letter: string, after: string): boolean =>
  /^[AI]$/.test(letter) &&
  /^\s+\p{L}/u.test(after) &&
  !/^\s+(?:because|since|as|which|due|is|based|or|and|but)\b/.test(after);

function sameText(text: string, options: ReadonlyArray<Option>): string | undefined {
  const words = plainWords(text);
  const same = options.filter((option) => option.text !== "" && plainWords(option.text) === words);
  return words !== "" && same.length === 1 ? same[0]!.letter : undefined;
}

function onlyLetter(text: string, letters: string): string | undefined {
  const form = new RegExp(`(?<![\\p{L}\\p{N}])([${letters}])(?![\\p{L}\\p{N}]|['’]\\p{L})`, "gu");
  const found = [...text.matchAll(form)]
    .filter(({ 0: letter, index }) => !isWord(letter, text.slice(index + 1, index + 12)))
    .filter(({ index }) => !denied.test(text.slice(Math.max(0, index - 24), index)))
    .map(([letter]) => letter);
  return new Set(found).size === 1 ? found[0] : undefined;
}

/** The only option that the response names in words; `red` within `dark red` does not count. */
function onlyText(text: string, options: ReadonlyArray<Option>): string | undefined {
  const words = ` ${plainWords(text)} `;
  const named = options
    .map(({ letter, text: own }) => ({ letter, words: ` ${plainWords(own)} ` }))
    .filter((one) => one.words.trim() !== "" && words.includes(one.words));
  const outer = named.filter(
    (one) => !named.some((other) => other !== one && other.words.includes(one.words)),
  );
  return outer.length === 1 ? outer[0]!.letter : undefined;
}
