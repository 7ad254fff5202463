/** The head of a README.md as data sets on the Hub have it: maps, lists and texts of YAML, nothing else of it. Data layer. */

export type Yaml = string | ReadonlyArray<Yaml> | { readonly [key: string]: Yaml };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/** A line that is beyond what is read here. */
export class YamlProblem extends RangeError {
  readonly line: number;
  constructor(line: number, what: string) {
    super(what);
    this.line = line;
  }
}

const MAX_LINES = 20_000;
const MAX_DEPTH = 16;

/**
 * What stands under a key of the head between the two `---`; undefined without head or key.
 *
 * Fails: throws `YamlProblem` for anything but maps, lists and texts.
 */
export function frontMatter(text: string, key: string): Yaml | undefined {
  const lines = text.split(/\r?\n/, MAX_LINES);
  if (lines[0]?.trim() !== "---") return undefined;
  const end = lines.findIndex((line, at) => at > 0 && line.trim() === "---");
  if (end < 0) return undefined;
  const from = lines.findIndex((line, at) => at < end && line.startsWith(`${key}:`));
  if (from < 0) return undefined;
  // Only the block below the key is read: other keys may hold what is not understood here.
  const after = lines.slice(from + 1, end);
  const length = after.findIndex((line) => /^[^\s#-]/.test(line));
  const block = after.slice(0, length < 0 ? after.length : length);
  const inner = lines[from]!.slice(key.length + 1).trim();
  if (inner !== "") return scalar(inner, from + 1);
  const read = new Block(
    block.flatMap((line, at) => {
      const trimmed = line.trim();
      const skip = trimmed === "" || trimmed.startsWith("#");
      return skip ? [] : [{ number: from + at + 2, indent: line.search(/\S/), text: trimmed }];
    }),
  );
  return read.value(0, 0);
}

class Block {
  readonly #lines: Array<Line>;
  #at = 0;

  constructor(lines: Array<Line>) {
    this.#lines = lines;
  }

  value(indent: number, depth: number): Yaml {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < indent) return "";
    if (depth > MAX_DEPTH) throw new YamlProblem(line.number, "is nested too deep");
    return /^-(\s|$)/.test(line.text)
      ? this.#list(line.indent, depth)
      : this.#map(line.indent, depth);
  }

  #list(indent: number, depth: number): Yaml {
    const items: Array<Yaml> = [];
    for (;;) {
      const line = this.#lines[this.#at];
      if (line === undefined || line.indent !== indent || !/^-(\s|$)/.test(line.text)) return items;
      const rest = line.text.slice(1).trim();
      if (rest === "") {
        this.#at++;
        items.push(this.value(indent + 1, depth + 1));
      } else if (/^[\w.-]+:(\s|$)/.test(rest)) {
        // The item's map goes on below at the column where it began.
        const inner = indent + line.text.length - rest.length;
        this.#lines[this.#at] = { ...line, indent: inner, text: rest };
        items.push(this.#map(inner, depth + 1));
      } else {
        this.#at++;
        items.push(scalar(rest, line.number));
      }
    }
  }

  #map(indent: number, depth: number): Yaml {
    const map: Record<string, Yaml> = Object.create(null);
    for (;;) {
      const line = this.#lines[this.#at];
      if (line === undefined || line.indent < indent || line.text.startsWith("- ")) return map;
      const [, key, rest] = /^([\w.-]+):(?:\s+(.*))?$/.exec(line.text) ?? [];
      if (key === undefined || line.indent !== indent) {
        throw new YamlProblem(line.number, `is not understood: ${line.text.slice(0, 60)}`);
      }
      this.#at++;
      const next = this.#lines[this.#at];
      // A list may stand at the column of its key.
      const below = next !== undefined && next.indent === indent && next.text.startsWith("- ");
      map[key] =
        rest === undefined || rest === ""
          ? this.value(below ? indent : indent + 1, depth + 1)
          : scalar(rest, line.number);
    }
  }
}

function scalar(text: string, line: number): Yaml {
  if (/^[&*!|>{%@`]/.test(text))
    throw new YamlProblem(line, `is not understood: ${text.slice(0, 60)}`);
  if (text.startsWith("[")) {
    if (!text.endsWith("]")) throw new YamlProblem(line, "has a list over several lines");
    const inner = text.slice(1, -1).trim();
    return inner === "" ? [] : inner.split(",").map((item) => scalar(item.trim(), line));
  }
  const [, quoted] = /^(?:"([^"\\]*)"|'[^']*')(?:\s+#.*)?$/.exec(text) ?? [];
  if (quoted !== undefined) return quoted;
  if (text.startsWith("'")) return text.slice(1, text.indexOf("'", 1));
  return text.replace(/\s+#.*$/, "");
}
