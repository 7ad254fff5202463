/** The imports of a TypeScript or JavaScript text, read token by token, without a compiler. Serves the runtime layer. */

/** One import: what it names, and how. */
export interface Import {
  /** For `folder` the constant beginning of a path made at run time; else the whole specifier. */
  readonly specifier: string;
  /** `asset` is `new URL(specifier, import.meta.url)`. */
  readonly how: "value" | "type" | "folder" | "asset";
}

interface Token {
  /** `head` is a template up to its first hole. */
  readonly kind: "word" | "sign" | "string" | "head";
  readonly text: string;
}

/** Every import in `text`; what stands in comments, strings and regular expressions is none. */
export function importsIn(text: string): ReadonlyArray<Import> {
  const tokens = tokensOf(text);
  const found: Array<Import> = [];
  for (const [at, { kind, text: word }] of tokens.entries()) {
    if (kind !== "word" || !starters.has(word) || isMember(tokens, at)) continue;
    const one = readers[word as keyof typeof readers](tokens, at);
    if (one !== undefined) found.push(one);
  }
  return found;
}

type Tokens = ReadonlyArray<Token>;
type Reader = (tokens: Tokens, at: number) => Import | undefined;

const readers = {
  import: (tokens, at) => {
    if (is(tokens, at + 1, "(")) return called(tokens, at + 2);
    const [next, after] = [tokens[at + 1], tokens[at + 2]];
    if (next?.kind === "string") return { specifier: next.text, how: "value" };
    const named = is(tokens, at + 2, "from") && tokens[at + 3]?.kind === "string";
    const type = is(tokens, at + 1, "type") && !named && !/^[,=]$/.test(after?.text ?? "");
    return fromClause(tokens, at + 1, type ? "type" : "value");
  },
  export: (tokens, at) => {
    const type = is(tokens, at + 1, "type");
    const start = type ? at + 2 : at + 1;
    const clause = is(tokens, start, "{") || is(tokens, start, "*");
    return clause ? fromClause(tokens, start, type ? "type" : "value") : undefined;
  },
  require: (tokens, at) => {
    const resolve = is(tokens, at + 1, ".") && is(tokens, at + 2, "resolve");
    const open = resolve ? at + 3 : at + 1;
    return is(tokens, open, "(") ? called(tokens, open + 1) : undefined;
  },
  URL: (tokens, at) => {
    const wanted = ["(", undefined, ",", "import", ".", "meta", ".", "url"];
    const fits = wanted.every((text, i) => text === undefined || is(tokens, at + 1 + i, text));
    const specifier = tokens[at + 2];
    return fits && specifier?.kind === "string"
      ? { specifier: specifier.text, how: "asset" }
      : undefined;
  },
} satisfies Readonly<Record<string, Reader>>;

const starters = new Set(Object.keys(readers));

function is(tokens: Tokens, at: number, text: string): boolean {
  const token = tokens[at];
  return (
    token !== undefined && (token.kind === "word" || token.kind === "sign") && token.text === text
  );
}

/** `object.import` is a property; `...require(x)` is not. */
function isMember(tokens: Tokens, at: number): boolean {
  return is(tokens, at - 1, ".") && !is(tokens, at - 2, ".");
}

/** The argument of `import(` or `require(`: a whole specifier, or the beginning of one. */
function called(tokens: Tokens, at: number): Import | undefined {
  const argument = tokens[at];
  if (argument?.kind === "head") return { specifier: argument.text, how: "folder" };
  if (argument?.kind !== "string") return undefined;
  const whole = is(tokens, at + 1, ")") || is(tokens, at + 1, ",");
  return { specifier: argument.text, how: whole ? "value" : "folder" };
}

/** Goes on over names, braces and stars to `from "specifier"`. */
function fromClause(tokens: Tokens, start: number, how: "value" | "type"): Import | undefined {
  for (let at = start; at < tokens.length; at++) {
    const next = tokens[at + 1];
    if (is(tokens, at, "from") && next?.kind === "string") return { specifier: next.text, how };
    const { kind, text } = tokens[at]!;
    if (kind === "head" || (kind === "sign" && !"{},*".includes(text))) return undefined;
  }
  return undefined;
}

// A string ends with its line at the latest, so that a misread quote spoils one line and not the file.
const piece =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?|[\w$\u0080-\uffff]+|[\s\S]/y;
const expression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
const templatePart = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{|$)/y;

/** The words, strings and signs of a text. A template with holes gives its head, then the tokens in the holes. */
function tokensOf(text: string): Tokens {
  const tokens: Array<Token> = [];
  /** Open brackets: what stood before a parenthesis, or "${" for a template's hole. */
  const open: Array<string> = [];
  let closed = "";
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [match] = pattern.exec(text) ?? [];
    if (match !== undefined) at = pattern.lastIndex;
    return match;
  };
  const template = (first: boolean) => {
    const part = take(templatePart)!;
    const hole = part.endsWith("${");
    if (hole) open.push("${");
    const inner = part.slice(0, hole ? -2 : part.endsWith("`") ? -1 : undefined);
    if (first) tokens.push({ kind: hole ? "head" : "string", text: inner });
  };
  while (at < text.length) {
    if (text[at] === "/" && startsExpression(text, at, tokens, closed) && take(expression)) {
      tokens.push({ kind: "string", text: "" });
      continue;
    }
    const match = take(piece)!;
    const sign = match[0]!;
    if (/\s/.test(sign) || match.startsWith("//") || match.startsWith("/*")) continue;
    if (sign === "`") template(true);
    else if (sign === "}" && open.pop() === "${") template(false);
    else if (sign === '"' || sign === "'") tokens.push({ kind: "string", text: unquote(match) });
    else {
      if (sign === "(" || sign === "{") open.push(tokens.at(-1)?.text ?? "");
      if (sign === ")") closed = open.pop() ?? "";
      tokens.push({ kind: /[\w$\u0080-\uffff]/.test(sign) ? "word" : "sign", text: match });
    }
  }
  return tokens;
}

const unquote = (text: string): string =>
  text.slice(1, text.length > 1 && text.endsWith(text[0]!) ? -1 : undefined);

/** Words after which a slash begins a regular expression, not a division. */
const beforeExpression = new Set(
  "return typeof case do else in of void delete throw new instanceof await yield".split(" "),
);

function startsExpression(text: string, at: number, tokens: Tokens, closed: string): boolean {
  if (text[at + 1] === "/" || text[at + 1] === "*") return false;
  const before = tokens.at(-1);
  if (before === undefined) return true;
  if (before.kind === "word") return beforeExpression.has(before.text);
  if (before.kind !== "sign") return false;
  // After the condition of `if (…)` comes a statement; after other parentheses an operator.
  if (before.text === ")") return /^(if|while|for|with)$/.test(closed);
  return before.text !== "]" && before.text !== "}";
}
