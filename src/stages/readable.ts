/** Whether a model can read the texts of gathered examples, told before any of them is used. Serves all stages. */
import * as Schema from "effect/Schema";
import type { StoredRow } from "../data/gathered.ts";
import type { Tokenizer } from "../models/tokenizer.ts";

/** Texts hold words or marks that the model's tokenizer does not take as text; the first 20 of them. */
class TextUnreadable extends Schema.TaggedError<TextUnreadable>()("TextUnreadable", {
  model: Schema.String,
  problems: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const lines = this.problems.map((problem) => `  ${problem}`);
    return [`the model ${this.model} cannot read these texts`, ...lines, hint].join("\n");
  }
}

const MOST = 20;
const hint = "a model whose tokenizer goes down to bytes reads any text but its own marks";

/** The part of a loaded model that is looked at. */
export interface Reader {
  readonly dir: string;
  readonly processor: { readonly tokenizer: Tokenizer };
}

/** Looks at rows one by one, each word named where it comes first; `finish` fails with all that was found. */
export function readability({ dir, processor: { tokenizer } }: Reader) {
  const problems = new Map<string, string>();
  const look = (row: StoredRow): void => {
    if (problems.size >= MOST) return;
    for (const field of ["question", "answer", "reference"] as const) {
      const text = row[field];
      const problem = text === undefined ? undefined : unreadable(text, tokenizer);
      if (problem === undefined || problems.has(problem)) continue;
      problems.set(problem, `${row.place}:${field}: ${problem}`);
    }
  };
  const finish = (): void => {
    if (problems.size === 0) return;
    throw new TextUnreadable({ model: dir, problems: [...problems.values()].slice(0, MOST) });
  };
  return { look, finish };
}

/** What keeps a tokenizer from reading a text as it is; undefined when nothing does. */
export function unreadable(text: string, tokenizer: Tokenizer): string | undefined {
  const mark = tokenizer.special.find((token) => text.includes(token));
  if (mark !== undefined) return `holds ${mark}, which is a mark of the model and no text`;
  const word = tokenizer.firstUnknown(text);
  if (word === undefined) return undefined;
  return `"${word.slice(0, 60)}" is not among the ${tokenizer.size} words and marks of its tokenizer`;
}
