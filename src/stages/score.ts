/** Greedy answers and whether they are right. Serves evaluation and the phases' validation. */
import * as Effect from "effect/Effect";
import type { Raster } from "../core/raster.ts";
import type { Example } from "../data/example.ts";
import { generate } from "../models/generate.ts";
import { DEFAULT_JUDGE, isRight, type Judge } from "../rewards/judge.ts";
import { type MicroBatch, withinMemory } from "./micro-batch.ts";
import { decodeResponse, encodeQuestion, type LoadedModel } from "./policy.ts";

export interface ScoreOptions {
  readonly maxTokens: number;
  /** Prompts generated side by side. */
  readonly batch: number;
  /** What the model sees instead of the example's image. */
  readonly image?: Raster;
  /** Default: the answer, however it is written. */
  readonly judge?: Judge;
}

/**
 * Whether the greedy answer to each example is right; a batch that memory does not hold is halved.
 *
 * @param between runs after each batch, to report progress and let signals in
 */
export const scoreGreedily = Effect.fnUntraced(function* <E, R>(
  model: LoadedModel,
  examples: ReadonlyArray<Example>,
  options: ScoreOptions,
  between: (done: number) => Effect.Effect<void, E, R>,
) {
  const right: Array<boolean> = [];
  const micro: MicroBatch = { whole: options.batch, rows: options.batch };
  // Greedy answers do not depend on their neighbours, so a smaller batch goes on with the rest.
  const silent = () => Effect.void;
  while (right.length < examples.length) {
    const answered = yield* withinMemory(micro, silent, () => {
      const part = examples.slice(right.length, right.length + micro.rows);
      return scoreBatch(model, part, options);
    });
    right.push(...answered);
    yield* between(right.length);
  }
  return right;
});

function scoreBatch(
  model: LoadedModel,
  examples: ReadonlyArray<Example>,
  { maxTokens, image, judge = DEFAULT_JUDGE }: ScoreOptions,
): ReadonlyArray<boolean> {
  const prompts = examples.map((example) =>
    encodeQuestion(model.processor, example.question, image ?? example.image),
  );
  const responses = generate(model.vlm, prompts, { samples: 1, maxTokens, temperature: 0 });
  return responses.map(({ ids }, row) =>
    isRight(decodeResponse(model, ids), examples[row]!.answer, judge),
  );
}
