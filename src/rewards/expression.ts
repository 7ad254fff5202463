/** Arithmetic with roots, π and variables, read and evaluated within bounds; nothing is ever executed. Rewards layer. */

/** Values of variables by name. */
type Point = (variable: string) => number;

/** A formula as a function of its variables. */
export interface Expression {
  readonly at: (point: Point) => number;
  readonly variables: ReadonlySet<string>;
  /** Has π, e, a root, a power or a function: more than a calculation left undone. */
  readonly symbolic: boolean;
}

type Evaluate = (point: Point) => number;

const functions: Readonly<Record<string, (x: number) => number>> = {
  ...{ sqrt: Math.sqrt, sin: Math.sin, cos: Math.cos, tan: Math.tan },
  ...{ ln: Math.log, log: Math.log10, exp: Math.exp, "√": Math.sqrt },
};
const constants: Readonly<Record<string, number>> = { pi: Math.PI, π: Math.PI, e: Math.E };

const MAX_TOKENS = 100;
const MAX_DEPTH = 20;
const piece = /\s*(?:(\d+⁄\d+|\d+(?:\.\d*)?|\.\d+)|([a-zA-Zα-ωπ]+)|([-+*/^()√]))/y;

interface Reader {
  readonly tokens: ReadonlyArray<string>;
  at: number;
  depth: number;
  readonly variables: Set<string>;
  symbolic: boolean;
}

/** The formula that the whole text is, after `plainMath`; undefined for any other text. */
export function readExpression(text: string): Expression | undefined {
  if (!/[\d+*/^√π]|sqrt/.test(text)) return undefined;
  const tokens = tokensOf(text);
  if (tokens === undefined || tokens.length > MAX_TOKENS) return undefined;
  const reader: Reader = { tokens, at: 0, depth: 0, variables: new Set(), symbolic: false };
  const at = sum(reader);
  if (at === undefined || reader.at < tokens.length) return undefined;
  return { at, variables: reader.variables, symbolic: reader.symbolic };
}

function tokensOf(text: string): ReadonlyArray<string> | undefined {
  const tokens: Array<string> = [];
  piece.lastIndex = 0;
  const whole = text.trimEnd();
  while (piece.lastIndex < whole.length) {
    const [, number, word, sign] = piece.exec(whole) ?? [];
    const named = word === undefined ? undefined : namesIn(word);
    if (number === undefined && sign === undefined && named === undefined) return undefined;
    tokens.push(...(named ?? [(number ?? sign)!]));
  }
  return tokens;
}

/** A known name, or up to two variables side by side; longer words are words. */
function namesIn(word: string): ReadonlyArray<string> | undefined {
  if (Object.hasOwn(functions, word) || Object.hasOwn(constants, word)) return [word];
  const led = /^(.{0,2}?)(pi|π|sqrt|sin|cos|tan)(.{0,2})$/.exec(word);
  if (led) return [...led[1]!, led[2]!, ...led[3]!];
  return word.length <= 2 ? [...word] : undefined;
}

function sum(reader: Reader): Evaluate | undefined {
  if (++reader.depth > MAX_DEPTH) return undefined;
  let left = product(reader);
  while (left !== undefined && (peek(reader) === "+" || peek(reader) === "-")) {
    const minus = take(reader) === "-";
    const [one, other] = [left, product(reader)];
    if (other === undefined) return undefined;
    left = minus ? (x) => one(x) - other(x) : (x) => one(x) + other(x);
  }
  reader.depth--;
  return left;
}

function product(reader: Reader): Evaluate | undefined {
  let left = signed(reader);
  while (left !== undefined) {
    const next = peek(reader);
    if (next === undefined || /^[-+^)]$/.test(next)) return left;
    const divide = next === "/";
    if (divide || next === "*") take(reader);
    const one = left;
    // Two numbers side by side are a misprint, not a product; `1 1⁄2` is a sum.
    const apart = !divide && next !== "*" && /^[\d.]/.test(next);
    const previous = reader.tokens[reader.at - 1];
    if (apart && !/^\d+$/.test(previous!)) return undefined;
    if (apart && !next.includes("⁄")) return undefined;
    const other: Evaluate | undefined = apart ? primary(reader) : signed(reader);
    if (other === undefined) return undefined;
    left = apart
      ? (x) => one(x) + other(x)
      : divide
        ? (x) => one(x) / other(x)
        : (x) => one(x) * other(x);
  }
  return undefined;
}

function signed(reader: Reader): Evaluate | undefined {
  const next = peek(reader);
  if (next !== "-" && next !== "+") return power(reader);
  take(reader);
  if (++reader.depth > MAX_DEPTH) return undefined;
  const value = signed(reader);
  reader.depth--;
  return value === undefined || next === "+" ? value : (x) => -value(x);
}

function power(reader: Reader): Evaluate | undefined {
  const base = primary(reader);
  if (base === undefined || peek(reader) !== "^") return base;
  take(reader);
  reader.symbolic = true;
  const exponent = signed(reader);
  return exponent && ((x) => base(x) ** exponent(x));
}

function primary(reader: Reader): Evaluate | undefined {
  const token = take(reader);
  if (token === undefined) return undefined;
  if (/^[\d.]/.test(token)) return number(token);
  if (token === "(") return parenthesised(reader);
  if (Object.hasOwn(functions, token)) {
    reader.symbolic = true;
    const argument = peek(reader) === "(" ? primary(reader) : power(reader);
    return argument && ((x) => functions[token]!(argument(x)));
  }
  if (Object.hasOwn(constants, token)) {
    reader.symbolic = true;
    return () => constants[token]!;
  }
  if (!/^[a-zA-Zα-ω]$/.test(token)) return undefined;
  reader.variables.add(token);
  return (x) => x(token);
}

function parenthesised(reader: Reader): Evaluate | undefined {
  const inner = sum(reader);
  return take(reader) === ")" ? inner : undefined;
}

function number(token: string): Evaluate {
  const [above, below] = token.split("⁄").map(Number);
  const value = below === undefined ? above! : above! / below;
  return () => value;
}

const peek = (reader: Reader): string | undefined => reader.tokens[reader.at];
const take = (reader: Reader): string | undefined => reader.tokens[reader.at++];

const SAMPLES = 4;

/** A variable's value at sample `k`: between 1 and 3, as good as random, the same in every run. */
function sample(name: string, k: number): number {
  const wave = Math.sin((name.codePointAt(0)! + 1) * 12.9898 + (k + 1) * 78.233) * 43758.5453;
  return 1 + 2 * (wave - Math.floor(wave));
}

/** Whether two formulas have the same value wherever they are tried; a value that is not real settles nothing. */
export function sameExpression(one: Expression, other: Expression): boolean {
  const samples = one.variables.size + other.variables.size === 0 ? 1 : SAMPLES;
  let agreed = 0;
  for (let k = 0; k < samples; k++) {
    const [a, b] = [one, other].map(({ at }) => at((name) => sample(name, k)));
    if (!(Number.isFinite(a) && Number.isFinite(b))) continue;
    if (!closeTo(a!, b!)) return false;
    agreed++;
  }
  return agreed > samples / 2;
}

/** Equal but for rounding in the evaluation. */
export const closeTo = (a: number, b: number): boolean =>
  Math.abs(a - b) <= 1e-9 * Math.max(1e-3, Math.abs(a), Math.abs(b));

/** The value of a formula without variables. */
export const constantOf = ({ at, variables }: Expression): number | undefined =>
  variables.size === 0 ? at(() => Number.NaN) : undefined;
