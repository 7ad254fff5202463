/** Whether a model can read the texts of gathered examples, told before any of them is used. Serves all stages. */
import * as Schema from "effect/Schema";
import type { StoredRow } from "../data/gathered.ts";
import type { Tokenizer } from "../models/tokenizer.ts";

/** Texts that the model's tokenizer does not take, or that are too long; the first 20 of them. */
class TextUnreadable extends Schema.TaggedError<TextUnreadable>()("TextUnreadable", {
  model: Schema.String,
  problems: Schema.Array(Schema.String),
}) {
  override get message(): string {
    const lines = this.problems.map((problem) => `  ${problem}`);
    const words = this.problems.some((problem) => problem.includes("not among"));
    return [`texts do not fit the model ${this.model}`, ...lines, ...(words ? [hint] : [])].join(
      "\n",
    );
  }
}

const MOST = 20;
const hint = "a model whose tokenizer goes down to bytes reads any text but its own marks";

/** The part of a loaded model that is looked at. */
export interface Reader {
  readonly dir: string;
  readonly processor: { readonly tokenizer: Tokenizer };
  /** Most tokens of a response; given by stages that impose references, which must fit into one. */
  readonly maxTokens?: number | undefined;
}

/** Looks at rows one by one, each word named where it comes first; `finish` fails with all that was found. */
export function readability({ dir, processor: { tokenizer }, maxTokens }: Reader) {
  const problems = new Map<string, string>();
  let longest: StoredRow | undefined;
  const look = (row: StoredRow): void => {
    if ((row.reference?.length ?? 0) > (longest?.reference?.length ?? 0)) longest = row;
    if (problems.size >= MOST) return;
    for (const field of ["question", "answer", "reference"] as const) {
      const text = row[field];
      const problem = text === undefined ? undefined : unreadable(text, tokenizer);
      if (problem === undefined || problems.has(problem)) continue;
      problems.set(problem, `${row.place}:${field}: ${problem}`);
    }
  };
  const finish = (): void => {
    const long = maxTokens && longest && tooLong(longest, tokenizer, maxTokens);
    if (long) problems.set(long, `${longest!.place}:reference: ${long}`);
    if (problems.size === 0) return;
    throw new TextUnreadable({ model: dir, problems: [...problems.values()].slice(0, MOST) });
  };
  return { look, finish };
}

/** What is wrong with a reference that no response has room for; the end token counts. */
function tooLong({ reference }: StoredRow, tokenizer: Tokenizer, most: number): string | undefined {
  const tokens = tokenizer.encode(reference!).length + 1;
  if (tokens <= most) return undefined;
  return `has ${tokens} tokens, a response at most ${most}; raise sampling.maxTokens`;
}

/** What keeps a tokenizer from reading a text as it is; undefined when nothing does. */
export function unreadable(text: string, tokenizer: Tokenizer): string | undefined {
  const mark = tokenizer.special.find((token) => text.includes(token));
  if (mark !== undefined) return `holds ${mark}, which is a mark of the model and no text`;
  const word = tokenizer.firstUnknown(text);
  if (word === undefined) return undefined;
  return `"${word.slice(0, 60)}" is not among the ${tokenizer.size} words and marks of its tokenizer`;
}
