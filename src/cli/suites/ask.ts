/** A suite's questions put to a model: all looked at first, then answered greedily in batches. CLI. */
import * as Effect from "effect/Effect";
import { DataInvalid, type DataProblem, MOST_PROBLEMS, placeOf } from "../../data/data-invalid.ts";
import { imageBytes } from "../../data/image-source.ts";
import { isProblem } from "../../data/turns.ts";
import { type ItemLine, readItems, type Suite } from "../../evals/read.ts";
import type { Item, Outcome } from "../../evals/suite.ts";
import { type Generated, generate } from "../../models/generate.ts";
import { readImage } from "../../models/image-file.ts";
import type { EncodedPrompt, Processor } from "../../models/processor.ts";
import type { Tokenizer } from "../../models/tokenizer.ts";
import { type MicroBatch, withinMemory } from "../../stages/micro-batch.ts";
import { decodeResponse, type LoadedModel } from "../../stages/policy.ts";
import { unreadable } from "../../stages/readable.ts";
import { NotFinite } from "../asked-model.ts";
import { preparePrompt } from "../cases/prepare.ts";

/** How questions are asked. */
export interface Asking {
  /** Questions taken of each suite, from its beginning; infinite: all. */
  readonly limit: number;
  /** Longest response, the end token counted. */
  readonly maxTokens: number;
}

/** An answered question. */
export interface Answered {
  readonly file: string;
  readonly line: number;
  readonly item: Item;
  readonly response: string;
  readonly outcome: Outcome;
}

/** Questions answered side by side, halved when memory runs out. */
const BATCH = 16;

/** The first questions of a suite; a row with problems counts as one. */
async function* taken(suite: Suite, limit: number): AsyncGenerator<ItemLine> {
  let count = 0;
  for await (const one of readItems(suite)) {
    if (count++ >= limit) return;
    yield one;
  }
}

/**
 * Looks at all questions that will be asked: rows, texts, images, which are decoded; gives how many there are.
 *
 * @param tokenizers of the models that will be asked
 * Fails: `DataInvalid` with the first 20 problems, also when there is no question.
 */
export async function checkSuite(
  suite: Suite,
  tokenizers: ReadonlyArray<Tokenizer>,
  limit: number,
): Promise<number> {
  const problems: Array<DataProblem> = [];
  const known = new Set<string>();
  let count = 0;
  for await (const one of taken(suite, limit)) {
    count++;
    if ("problems" in one) problems.push(...one.problems);
    else problems.push(...(await problemsOf(one, suite, tokenizers, known)));
    if (problems.length >= MOST_PROBLEMS) break;
  }
  if (count === 0) problems.push({ place: suite.place, message: "holds no question" });
  if (problems.length === 0) return count;
  const stopped = problems.length >= MOST_PROBLEMS;
  throw new DataInvalid({ file: suite.place, problems: problems.slice(0, MOST_PROBLEMS), stopped });
}

async function problemsOf(
  { file, line, item }: Extract<ItemLine, { readonly item: Item }>,
  { images }: Suite,
  tokenizers: ReadonlyArray<Tokenizer>,
  known: Set<string>,
): Promise<ReadonlyArray<DataProblem>> {
  const at = (field: string, message: string) => ({ place: placeOf(file, line, field), message });
  const found = tokenizers.flatMap((tokenizer) => {
    const text = unreadable(item.prompt, tokenizer);
    return text === undefined ? [] : [at(item.promptField, text)];
  });
  // Several questions about one image are the rule.
  if ("path" in item.image && known.has(item.image.path)) return found;
  const read = imageBytes(item.image, images);
  if (isProblem(read)) return [...found, at(item.imageField, read.problem)];
  const undecoded = await readImage(read.bytes).then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (undecoded !== undefined) return [...found, at(item.imageField, undecoded)];
  if ("path" in item.image) known.add(item.image.path);
  return found;
}

/**
 * The answers to a suite's questions, in order.
 *
 * Fails: `DataInvalid` for a question whose prompt the model cannot take; `NotFinite`; `OutOfMemory`.
 * Memory: one batch of prompts with their images.
 */
export async function* askSuite(
  model: LoadedModel,
  suite: Suite,
  { limit, maxTokens }: Asking,
): AsyncGenerator<Answered> {
  const micro: MicroBatch = { whole: BATCH, rows: BATCH };
  let waiting: Array<Prepared> = [];
  const answer = async () => {
    const batch = waiting.slice(0, micro.rows);
    const generated = await answers(model, batch, micro, maxTokens);
    waiting = waiting.slice(generated.length);
    return generated.map((one, at) => answered(model, batch[at]!, one));
  };
  for await (const one of taken(suite, limit)) {
    if (!("item" in one)) throw new DataInvalid({ file: suite.place, problems: one.problems });
    waiting.push({ ...one, prompt: await promptOf(one, suite, model.processor) });
    if (waiting.length >= micro.rows) yield* await answer();
  }
  while (waiting.length > 0) yield* await answer();
}

interface Prepared extends Pick<Answered, "file" | "line" | "item"> {
  readonly prompt: EncodedPrompt;
}

async function promptOf(
  { file, line, item }: Extract<ItemLine, { readonly item: Item }>,
  { images, place }: Suite,
  processor: Processor,
): Promise<EncodedPrompt> {
  const content = [{ type: "image" as const }, { type: "text" as const, text: item.prompt }];
  const conversation = { messages: [{ role: "user", content }], images: [item.image] };
  const prompt = await preparePrompt(conversation, processor, images);
  if (!isProblem(prompt)) return prompt;
  const field = prompt.of === "texts" ? item.promptField : item.imageField;
  const problem = { place: placeOf(file, line, field), message: prompt.problem };
  throw new DataInvalid({ file: place, problems: [problem] });
}

/** Greedy responses to a batch, or to its first part when memory holds no more. */
async function answers(
  { vlm }: LoadedModel,
  batch: ReadonlyArray<Prepared>,
  micro: MicroBatch,
  maxTokens: number,
): Promise<ReadonlyArray<Generated>> {
  const silent = () => Effect.void;
  const step = withinMemory(micro, silent, () => {
    const prompts = batch.slice(0, micro.rows).map(({ prompt }) => prompt);
    return generate(vlm, prompts, { samples: 1, maxTokens, temperature: 0 });
  });
  const result = await Effect.runPromise(Effect.result(step));
  if (result._tag === "Failure") throw result.failure;
  return result.success;
}

/** Fails: `NotFinite`. */
function answered(
  model: LoadedModel,
  { file, line, item }: Prepared,
  { ids, logProbs, finished }: Generated,
): Answered {
  if (!logProbs.every(Number.isFinite)) throw new NotFinite({ where: placeOf(file, line) });
  const response = decodeResponse(model, ids);
  const { groups, unit, truth } = item;
  const outcome = { ...item.judge(response), groups, unit, truth, cut: !finished };
  return { file, line, item, response, outcome };
}
