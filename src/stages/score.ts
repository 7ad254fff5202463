/** Greedy answers and whether they are right. Serves evaluation and the phases' validation. */
import * as Effect from "effect/Effect";
import type { Raster } from "../core/raster.ts";
import type { Example } from "../data/example.ts";
import { generate } from "../models/generate.ts";
import { answer } from "../rewards/answer.ts";
import { attempt } from "./failure.ts";
import { decodeResponse, encodeQuestion, type LoadedModel } from "./policy.ts";

export interface ScoreOptions {
  readonly maxTokens: number;
  /** Prompts generated side by side. */
  readonly batch: number;
  /** What the model sees instead of the example's image. */
  readonly image?: Raster;
}

/**
 * Whether the greedy answer to each example is right.
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
  for (let first = 0; first < examples.length; first += options.batch) {
    const part = examples.slice(first, first + options.batch);
    right.push(...(yield* attempt(() => scoreBatch(model, part, options))));
    yield* between(right.length);
  }
  return right;
});

function scoreBatch(
  model: LoadedModel,
  examples: ReadonlyArray<Example>,
  { maxTokens, image }: ScoreOptions,
): ReadonlyArray<boolean> {
  const prompts = examples.map((example) =>
    encodeQuestion(model.processor, example.question, image ?? example.image),
  );
  const responses = generate(model.vlm, prompts, { samples: 1, maxTokens, temperature: 0 });
  return responses.map(
    ({ ids }, row) => answer(decodeResponse(model, ids), examples[row]!.answer) === 1,
  );
}
