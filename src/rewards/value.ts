/** What an answer says, read from its text: a quantity, a formula, an option, a list, or words. Rewards layer. */
import { type Expression, readExpression } from "./expression.ts";
import { MAX_LENGTH, plainMath, SET } from "./latex.ts";
import { type Quantity, readQuantity } from "./quantity.ts";
import { readUnit, type Unit } from "./unit.ts";

export type Value =
  | { readonly kind: "quantity"; readonly quantity: Quantity; readonly name: string | undefined }
  | {
      readonly kind: "formula";
      readonly formula: Expression;
      readonly unit: Unit | undefined;
      readonly name: string | undefined;
    }
  | {
      /** An option's letter, `B` or `(B) 12 cm`. */
      readonly kind: "option";
      readonly letter: string;
      readonly content: Value | undefined;
      /** Set apart as only options are; `B. 12 cm` could as well be an abbreviation. */
      readonly marked: boolean;
    }
  | {
      readonly kind: "list";
      /** `(]` for a half-open interval, empty for a list without brackets. */
      readonly brackets: string;
      /** `either` is "10 or 20": one of them, but not told which. */
      readonly order: "kept" | "free" | "either";
      readonly items: ReadonlyArray<Value>;
    }
  | { readonly kind: "words"; readonly words: string };

const MAX_NESTING = 4;
const MAX_ITEMS = 32;

/**
 * Reads an answer that is not longer than `MAX_LENGTH`; what cannot be read otherwise is words.
 *
 * @param naming whether `x = 5` names what 5 is in plain text as well, as in an expected answer
 */
export function readValue(text: string, naming = false): Value {
  if (text.length > MAX_LENGTH) return words(text);
  const plain = plainMath(text);
  if (plain === undefined) return words(text);
  return readPlain(plain, naming || /[\\$]/.test(text), 0);
}

const words = (text: string): Value => ({ kind: "words", words: squeeze(text) });

/** Lower case, no quotation marks around, no full stop behind, relations without spaces. */
function squeeze(text: string): string {
  const bare = text
    .toLowerCase()
    .trim()
    .replace(/^["“'](.*)["”']$/, "$1");
  const closed = /[^.]\.$/.test(bare) ? bare.slice(0, -1).trim() : bare;
  return closed.replace(/\s*([<>≤≥≠=:])\s*/g, "$1").replace(/\s+/g, " ");
}

/** @param latex whether the text was set as mathematics, so that `x = 5` names what 5 is */
function readPlain(text: string, latex: boolean, nesting: number): Value {
  const bare = /[^.\s]\.$/.test(text) && !/\.\.\.$/.test(text) ? text.slice(0, -1).trim() : text;
  if (nesting > MAX_NESTING) return words(bare);
  const [name, right] = named(bare, latex);
  return (
    readNumber(right, name) ??
    (name === undefined ? readList(bare, latex, nesting) : readList(right, latex, nesting)) ??
    readOption(bare, latex, nesting) ??
    readFormula(right, name) ??
    words(bare)
  );
}

/** `x=5` or, set as mathematics, `x = 5`; between words `x = 5` is left alone: it restates the question. */
function named(text: string, latex: boolean): readonly [string | undefined, string] {
  const [, name, between, value] = /^([a-zA-Zα-ω](?:_\w)?)( ?= ?)([^= ].*)$/.exec(text) ?? [];
  return value !== undefined && (between === "=" || latex) ? [name, value] : [undefined, text];
}

function readNumber(text: string, name: string | undefined): Value | undefined {
  const [, minus, rest] = /^(-?)(\(.*)$/.exec(text) ?? [];
  const bare = rest !== undefined && whole(rest) ? minus + rest.slice(1, -1) : undefined;
  const quantity = readQuantity(text) ?? (bare === undefined ? undefined : readQuantity(bare));
  return quantity && { kind: "quantity", quantity, name };
}

/** The formula of a text, with the unit it may end in. */
function readFormula(text: string, name: string | undefined): Value | undefined {
  for (const { index } of text.matchAll(/(?<=[\dπ)]) ?(?=[a-zA-Z°%])|(?<=[a-z]) (?=[a-zA-Z°])/g)) {
    const unit = readUnit(text.slice(index));
    const before = unit && !unit.letter && readExpression(text.slice(0, index));
    if (before) return { kind: "formula", formula: before, unit, name };
  }
  const formula = readExpression(text);
  return formula && { kind: "formula", formula, unit: undefined, name };
}

const abbreviated = /^([A-Z])[.:] (.+)$/;
const optionForms = [
  /^\(?([a-zA-Z])\)?[.:]?$/,
  /^\(([a-zA-Z])\) ?([^(].*)$/,
  /^([A-Z])\) (.+)$/,
  abbreviated,
  /^(?:(?:the )?(?:correct )?(?:option|choice|answer)(?: is|:)? )\(?([a-zA-Z])\)?(?:[.:)] ?(.*))?$/i,
];

function readOption(text: string, latex: boolean, nesting: number): Value | undefined {
  for (const form of optionForms) {
    const [, letter, rest] = form.exec(text) ?? [];
    if (letter === undefined) continue;
    const content = rest ? readPlain(rest, latex, nesting + 1) : undefined;
    return { kind: "option", letter: letter.toLowerCase(), content, marked: form !== abbreviated };
  }
  return undefined;
}

const pairs: Readonly<Record<string, string>> = { "(": ")", "[": "]", [SET.open]: SET.close };
const openers = Object.keys(pairs).join("");
const closers = Object.values(pairs).join("");

/** Brackets around the whole text with commas within, or parts with commas, "and", "or", ± between. */
function readList(text: string, latex: boolean, nesting: number): Value | undefined {
  const [open, close] = [text[0] ?? "", text.at(-1) ?? ""];
  const bracketed = openers.includes(open) && closers.includes(close) && open !== "" && whole(text);
  const set = open === SET.open;
  if (bracketed && set !== (close === SET.close)) return undefined;
  const inner = bracketed ? text.slice(1, -1) : text;
  const both = /^([^±]*)±([^±]+)$/.exec(inner);
  const parts = both ? ["+", "-"].map((sign) => both[1] + sign + both[2]!.trim()) : split(inner);
  if (parts.length > MAX_ITEMS || (parts.length < 2 && !(bracketed && set))) return undefined;
  const items = parts.map((part) =>
    readPlain(part.trim().replace(/^\+(?=\S)/, ""), latex, nesting + 1),
  );
  const letters = items.every(({ kind }) => kind === "option");
  const free = set || both !== null || letters;
  const order = !bracketed && / or /.test(inner) ? "either" : free ? "free" : "kept";
  return { kind: "list", brackets: bracketed && !set ? open + close : "", order, items };
}

/** Whether the bracket that opens the text is closed by its last sign. */
function whole(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (openers.includes(text[at]!)) depth++;
    if (closers.includes(text[at]!) && --depth === 0) return at === text.length - 1;
  }
  return false;
}

/** The parts between separators outside all brackets; a comma within a number separates nothing. */
function split(text: string): ReadonlyArray<string> {
  const spaced = /[,;] /.test(text);
  const separator = spaced ? /^(?:[,;] (?:(?:and|or) )?| (?:and|or) )/ : /^(?:[,;]| (?:and|or) )/;
  const parts: Array<string> = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (openers.includes(text[at]!)) depth++;
    if (closers.includes(text[at]!)) depth--;
    const [found] = (depth === 0 && separator.exec(text.slice(at, at + 6))) || [];
    // Apart from words a semicolon separates thoughts, not items.
    if (found === undefined || (found[0] === ";" && text[at - 1] === " ")) continue;
    parts.push(text.slice(start, at));
    at += found.length - 1;
    start = at + 1;
  }
  return [...parts, text.slice(start)];
}
