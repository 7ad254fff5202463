/** A file of cases, one JSON object a line, read case by case with every problem at its place. CLI. */

import { parseBounded } from "../../core/bounded-json.ts";
import { readLines } from "../../core/lines.ts";
import { DataInvalid, type DataProblem, MOST_PROBLEMS, placeOf } from "../../data/data-invalid.ts";
import type { ImageFolder } from "../../data/image-source.ts";
import { isProblem } from "../../data/turns.ts";
import type { EncodedPrompt, Processor } from "../../models/processor.ts";
import { type Case, readCase } from "./case.ts";
import { MOST_TOKENS, preparePrompt } from "./prepare.ts";

/** A case ready for the model. */
export interface PreparedCase {
  readonly line: number;
  readonly id: Case["id"];
  readonly prompt: EncodedPrompt;
  readonly completion: ReadonlyArray<number>;
}

/** What the cases of a file are prepared with. */
export interface CaseReader {
  /** The file as the user wrote it. */
  readonly file: string;
  readonly folder: ImageFolder;
  readonly processor: Processor;
  /** Rows of the model's embedding. */
  readonly vocabulary: number;
  /** The token that closes completions given as text; undefined leaves them open. */
  readonly end: number | undefined;
}

type Outcome = PreparedCase | { readonly problems: ReadonlyArray<DataProblem> };

/**
 * Every case of a file, prepared, or what is wrong with it.
 *
 * Memory: one case at a time.
 */
async function* outcomes(reader: CaseReader): AsyncGenerator<Outcome> {
  for (const one of readLines(reader.file)) {
    const place = (field = "") => placeOf(reader.file, one.number, field);
    const parsed = "text" in one ? parseBounded(one.text) : one;
    if (!("value" in parsed)) {
      yield { problems: [{ place: place(), message: parsed.problem }] };
      continue;
    }
    const found = readCase(parsed.value);
    if (!("completion" in found)) {
      yield { problems: found.map(({ field, message }) => ({ place: place(field), message })) };
      continue;
    }
    const prompt = await preparePrompt(found, reader.processor, reader.folder);
    const completion = tokensOf(found, reader);
    const problems = [
      ...(isProblem(prompt)
        ? [{ place: place(found.fields[prompt.of]), message: prompt.problem }]
        : []),
      ...(isProblem(completion)
        ? [{ place: place(found.fields.completion), message: completion.problem }]
        : []),
    ];
    if (isProblem(prompt) || isProblem(completion)) yield { problems };
    else yield { line: one.number, id: found.id, prompt, completion };
  }
}

function tokensOf(
  { completion }: Case,
  { processor: { tokenizer }, vocabulary, end }: CaseReader,
): ReadonlyArray<number> | { readonly problem: string } {
  if (typeof completion !== "string") {
    const wrong = completion.find((id) => id >= vocabulary);
    if (wrong === undefined) return bounded(completion);
    return { problem: `has the token id ${wrong}; the model's ids end at ${vocabulary - 1}` };
  }
  const word = tokenizer.firstUnknown(completion);
  if (word !== undefined) {
    const words = `the ${tokenizer.size} words and marks of its tokenizer`;
    return { problem: `"${word.slice(0, 60)}" is not among ${words}` };
  }
  const ids = tokenizer.encode(completion);
  return bounded(end === undefined ? ids : [...ids, end]);
}

function bounded(ids: ReadonlyArray<number>) {
  if (ids.length === 0) return { problem: "has no tokens" };
  if (ids.length <= MOST_TOKENS) return ids;
  return { problem: `has ${ids.length} tokens, more than ${MOST_TOKENS}` };
}

/**
 * Looks at all cases of a file; gives how many there are.
 *
 * Fails: `DataInvalid` with the first 20 problems, also when there is no case.
 */
export async function checkCases(reader: CaseReader): Promise<number> {
  const problems: Array<DataProblem> = [];
  let count = 0;
  for await (const one of outcomes(reader)) {
    count++;
    if ("problems" in one) problems.push(...one.problems);
    if (problems.length >= MOST_PROBLEMS) break;
  }
  if (count === 0) problems.push({ place: reader.file, message: "holds no case" });
  if (problems.length === 0) return count;
  const stopped = problems.length >= MOST_PROBLEMS;
  throw new DataInvalid({ file: reader.file, problems: problems.slice(0, MOST_PROBLEMS), stopped });
}

/** The cases of a file that was checked before. Fails: `DataInvalid` when it has changed for the worse. */
export async function* readCases(reader: CaseReader): AsyncGenerator<PreparedCase> {
  for await (const one of outcomes(reader)) {
    if ("problems" in one) throw new DataInvalid({ file: reader.file, problems: one.problems });
    yield one;
  }
}
