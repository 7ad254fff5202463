/** LaTeX and typographic signs as plain one-line mathematics: `\frac{1}{2}\sqrt{3}` is `1⁄2sqrt(3)`. Rewards layer. */

/** Longest text that is read as mathematics, characters; a response is untrusted. */
export const MAX_LENGTH = 256;
const MAX_DEPTH = 16;

/** Braces that mean a set; those of LaTeX only group. */
export const SET = { open: "⟦", close: "⟧" } as const;

const signs: Readonly<Record<string, string>> = {
  ...{ "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", º: "°" },
  ...{ "²": "^2", "³": "^3", "½": " 1⁄2", "⅓": " 1⁄3", "⅔": " 2⁄3", "¼": " 1⁄4", "¾": " 3⁄4" },
  ...{ "⅕": " 1⁄5", "⅖": " 2⁄5", "⅗": " 3⁄5", "⅘": " 4⁄5", "⅙": " 1⁄6", "⅚": " 5⁄6", "⅛": " 1⁄8" },
  ...{ "⅜": " 3⁄8", "⅝": " 5⁄8", "⅞": " 7⁄8", "\u00a0": " ", "\u2009": " ", "\u202f": " " },
};
const sign = new RegExp(`[${Object.keys(signs).join("")}]`, "g");

const commands: Readonly<Record<string, string>> = {
  ...{ left: "", right: "", big: "", Big: "", bigl: "", bigr: "", displaystyle: "", limits: "" },
  ...{ quad: " ", qquad: " ", times: "*", cdot: "*", ast: "*", div: "/", pm: "±", pi: "π" },
  ...{ circ: "°", degree: "°", infty: "∞", le: "≤", leq: "≤", ge: "≥", geq: "≥", neq: "≠" },
  ...{ sin: " sin ", cos: " cos ", tan: " tan ", ln: " ln ", log: " log ", exp: " exp " },
  ...{ lbrace: SET.open, rbrace: SET.close, alpha: "α", beta: "β", theta: "θ", phi: "φ" },
};
/** Escaped signs: what stands behind the backslash → what it means. */
const escaped: Readonly<Record<string, string>> = {
  ...{ "{": SET.open, "}": SET.close, "%": "%", $: "$", ",": "", ";": "", ":": "", "!": "" },
  ...{ " ": " ", "(": "", ")": "", "[": "", "]": "", "\\": " ", "&": "&", "#": "#", _: "_" },
};
/** Commands whose argument is what they show. */
const transparent = new Set(
  "text textbf textit textrm mathrm mathbf mathit mathsf mbox operatorname boxed fbox".split(" "),
);

/** The text without LaTeX; undefined when it is too long, nests too deep, or its braces do not match. */
export function plainMath(source: string): string | undefined {
  if (source.length > MAX_LENGTH) return undefined;
  const text = source.replace(sign, (one) => signs[one]!);
  if (!/[\\{}$]/.test(text)) return tidy(text);
  const reader: Reader = { text: unwrapped(text), at: 0 };
  const plain = readRun(reader, undefined, 0);
  return plain === undefined || reader.at < reader.text.length ? undefined : tidy(plain);
}

interface Reader {
  readonly text: string;
  at: number;
}

const tidy = (text: string): string =>
  text
    .trim()
    .replace(/\s+/g, " ")
    .replace(/([-+*/(^=]) (?=\d+⁄)/g, "$1");

/** Without dollar signs around; a set that is written without backslashes gets braces that mean one. */
function unwrapped(text: string): string {
  const enclosed = /^\s*\${1,2}([^$]*)\${1,2}\.?\s*$/.exec(text)?.[1];
  const inner = enclosed ?? text.replace(/^([^$\\]*)\$([^$]*)$/, "$1\\$$$2");
  return /^\s*\{[^{}\\]*,[^{}\\]*\}\s*$/.test(inner)
    ? inner.replace("{", SET.open).replace("}", SET.close)
    : inner;
}

/** Reads on to the closing sign, or to the end where there is none. */
function readRun(reader: Reader, closing: "}" | "]" | undefined, depth: number) {
  if (depth > MAX_DEPTH) return undefined;
  let out = "";
  while (reader.at < reader.text.length) {
    const one = reader.text[reader.at]!;
    if (one === closing) return out;
    if (one === "}") return undefined;
    const part = one === "{" || one === "\\" ? readPart(reader, depth) : plainSign(reader);
    if (part === undefined) return undefined;
    // `^\circ` is a degree sign, not a power.
    if (part === "°") out = out.replace(/\^\s*$/, "");
    out += part;
  }
  return closing === undefined ? out : undefined;
}

function plainSign(reader: Reader): string {
  const one = reader.text[reader.at++]!;
  return one === "~" || one === "$" ? " " : one;
}

/** A group or a command with its arguments. */
function readPart(reader: Reader, depth: number): string | undefined {
  if (reader.text[reader.at] === "{") return grouped(readGroup(reader, depth));
  const [whole, letters, single] = /^\\(?:([a-zA-Z]+)\*?|([\s\S]))/.exec(
    reader.text.slice(reader.at, reader.at + 24),
  ) ?? ["\\"];
  reader.at += whole.length;
  if (single !== undefined) return escaped[single];
  if (letters === undefined) return undefined;
  if (transparent.has(letters)) return readArgument(reader, depth);
  if (/^[dtc]?frac$/.test(letters)) return fraction(reader, depth);
  if (letters === "sqrt") return root(reader, depth);
  if (letters === "overline") return repeating(readArgument(reader, depth));
  return Object.hasOwn(commands, letters) ? commands[letters] : undefined;
}

/** The content of the braces at hand. */
function readGroup(reader: Reader, depth: number): string | undefined {
  reader.at++;
  const content = readRun(reader, "}", depth + 1);
  reader.at++;
  return content;
}

/** A group's content, or the single sign that stands for it. */
function readArgument(reader: Reader, depth: number): string | undefined {
  while (reader.text[reader.at] === " ") reader.at++;
  const one = reader.text[reader.at];
  if (one === undefined || one === "}") return undefined;
  if (one === "{") return readGroup(reader, depth);
  return one === "\\" ? readPart(reader, depth + 1) : plainSign(reader);
}

/** In parentheses unless it is one word, one number, or the comma of `1{,}000`. */
function grouped(content: string | undefined): string | undefined {
  return content === undefined || /^([\d.]+|[a-zA-Zπ°,]|)$/.test(content.trim())
    ? content?.trim()
    : `(${content})`;
}

function fraction(reader: Reader, depth: number): string | undefined {
  const above = readArgument(reader, depth)?.trim();
  const below = readArgument(reader, depth)?.trim();
  if (above === undefined || below === undefined) return undefined;
  const whole = /^-?\d+$/.test(above) && /^\d+$/.test(below);
  return whole ? ` ${above}⁄${below}` : `((${above})/(${below}))`;
}

function root(reader: Reader, depth: number): string | undefined {
  let index: string | undefined;
  if (reader.text[reader.at] === "[") {
    reader.at++;
    index = readRun(reader, "]", depth + 1);
    reader.at++;
    if (index === undefined) return undefined;
  }
  const content = readArgument(reader, depth);
  if (content === undefined) return undefined;
  return index === undefined ? ` sqrt(${content})` : `((${content})^(1/(${index})))`;
}

/** `0.\overline{3}` is `0.(3)`. */
const repeating = (content: string | undefined) =>
  content === undefined ? undefined : `(${content})`;
