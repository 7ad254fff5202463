/** Worked references as tokens, with how much of each may be imposed. Serves the constrained phases. */
import type { Example } from "../data/example.ts";
import { stepEnds } from "../data/worked-text.ts";
import { batchPrompts, type Prompt, promptPass } from "../models/model.ts";
import { responseLogProbabilities } from "../models/responses.ts";
import { confidences } from "../rl/familiarity.ts";
import { imposableTokens } from "../rl/prefix.ts";
import { scoped } from "../tensor/memory.ts";
import { encodeQuestion, encodeResponse, type LoadedModel } from "./policy.ts";

/** One problem as the model reads it. */
export interface Problem {
  readonly example: Example;
  readonly prompt: Prompt;
  /** Tokens of the reference with eos; empty without one. */
  readonly reference: ReadonlyArray<number>;
  /** Most of its tokens that may be imposed: nothing of the final answer; of a plain text all but eos. */
  readonly imposable: number;
}

const ANSWER_OPENS = "<answer>";

/** Patches of problems kept in memory; those of large images are made again instead. */
const KEPT_BYTES = 2 ** 28;

/** Tokenises a problem; an example is tokenised once for each reader made, as long as patches are few. */
export function problemReader(model: LoadedModel): (example: Example) => Problem {
  const known = new Map<string, Problem>();
  let bytes = 0;
  return (example) => {
    const found = known.get(example.id);
    // Equal ids mean equal content, but only the training split withholds references.
    if (found !== undefined && found.example === example) return found;
    const problem = readProblem(model, example);
    const size = problem.prompt.images.reduce((sum, { patches }) => sum + patches.byteLength, 0);
    if (bytes + size <= KEPT_BYTES) {
      if (found === undefined) bytes += size;
      known.set(example.id, problem);
    }
    return problem;
  };
}

/** Tokenises one problem. */
export function readProblem(model: LoadedModel, example: Example): Problem {
  const prompt = encodeQuestion(model.processor, example.question, example.image);
  const { reference: text } = example;
  if (text === undefined) return { example, prompt, reference: [], imposable: 0 };
  const reference = encodeResponse(model, text);
  if (!text.includes(ANSWER_OPENS)) {
    return { example, prompt, reference, imposable: imposableTokens(reference.length) };
  }
  const answerStart = tokensUpTo(
    model,
    text,
    text.lastIndexOf(ANSWER_OPENS) + ANSWER_OPENS.length,
    reference,
  );
  return { example, prompt, reference, imposable: imposableTokens(reference.length, answerStart) };
}

/** How many of a text's tokens lie before the character `end`; one that reaches over it does not. */
function tokensUpTo(
  { processor }: LoadedModel,
  text: string,
  end: number,
  tokens: ReadonlyArray<number>,
): number {
  const head = processor.tokenizer.encode(text.slice(0, end));
  const apart = head.findIndex((id, at) => id !== tokens[at]);
  return apart < 0 ? head.length : apart;
}

/** Token counts at which a step of the reference's thoughts ends, ascending. */
export function stepCuts(
  model: LoadedModel,
  { example: { reference: text = "" }, reference }: Problem,
): ReadonlyArray<number> {
  return stepEnds(text).map((end) => tokensUpTo(model, text, end, reference));
}

/**
 * c_x = exp(mean_t log π(y*_t | x, y*_<t)) of each problem's reference under teacher forcing; 0 without one.
 *
 * Memory: releases all it makes.
 */
export function measureConfidence(
  model: LoadedModel,
  problems: ReadonlyArray<Problem>,
  microBatch = Number.POSITIVE_INFINITY,
): Float32Array {
  const result = new Float32Array(problems.length);
  if (problems.length > microBatch) {
    for (let first = 0; first < problems.length; first += microBatch) {
      const part = problems.slice(first, first + microBatch);
      result.set(measureConfidence(model, part), first);
    }
    return result;
  }
  const worked = problems.flatMap((problem, index) =>
    problem.reference.length > 0 ? [index] : [],
  );
  if (worked.length === 0) return result;
  const chosen = worked.map((index) => problems[index]!);
  const lengths = chosen.map(({ reference }) => reference.length);
  const time = Math.max(...lengths);
  const batch = batchPrompts(
    chosen.map(({ prompt }) => prompt),
    model.vlm.config,
  );
  const logProbs = scoped(() =>
    responseLogProbabilities(
      model.vlm,
      batch,
      promptPass(model.vlm, batch),
      chosen.map(({ reference }) => reference),
      time,
    ),
  );
  const values = logProbs.dataSync<"float32">();
  logProbs.dispose();
  confidences(values, lengths, time).forEach((value, row) => {
    result[worked[row]!] = value;
  });
  return result;
}
