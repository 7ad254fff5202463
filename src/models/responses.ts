/** Passes over responses to prompts: whole ones, packed where the engine takes unequal lengths, and token by token. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused } from "../tensor/fused.ts";
import { scoped } from "../tensor/memory.ts";
import { logProbabilities } from "../tensor/ops/log-probability.ts";
import { embed, rearrange } from "../tensor/ops/rows.ts";
import { causalMask, type KeyCache } from "../tensor/ops/self-attention.ts";
import { decode, headCounts } from "./decoder.ts";
import {
  embedTable,
  headOf,
  type PromptBatch,
  type PromptState,
  type Vlm,
  weightsOf,
} from "./model.ts";
import { textRotary } from "./positions.ts";

/** The rows of some responses; each row takes a token in and predicts the next. */
export interface ResponseRows {
  readonly inputs: Int32Array;
  readonly targets: Int32Array;
  /** Where each row stands in [response × time]. */
  readonly places: Int32Array;
  /** Prompt of each response. */
  readonly promptOf: Int32Array;
  /** First row of each response and the end of the last, [response + 1]. */
  readonly starts: Int32Array;
  /** Columns, the longest response at least. */
  readonly time: number;
  /** Whether all responses have `time` rows, padding among them. */
  readonly padded: boolean;
}

/**
 * Lays out responses: each starts with its prompt's last token and lacks its own last one. Host work only.
 *
 * @param responses lists of ids, at most `time` of them count
 * @param promptOf prompt of each response, those of a prompt best side by side; default: [prompt × sample]. Other
 *   orders need fused kernels
 */
export function layOutResponses(
  batch: PromptBatch,
  responses: ReadonlyArray<ReadonlyArray<number>>,
  time: number,
  pad: number,
  promptOf?: Int32Array,
): ResponseRows {
  const padded = !hasFused();
  const prompts = promptOf ?? samplesOf(batch, responses.length);
  const lengths = responses.map(({ length }) => (padded ? time : Math.min(time, length)));
  const starts = new Int32Array(responses.length + 1);
  lengths.forEach((length, response) => {
    starts[response + 1] = starts[response]! + length;
  });
  const rows = starts[responses.length]!;
  const inputs = new Int32Array(rows).fill(pad);
  const targets = new Int32Array(rows).fill(pad);
  const places = new Int32Array(rows);
  responses.forEach((ids, response) => {
    for (let t = 0; t < lengths[response]!; t++) {
      const row = starts[response]! + t;
      places[row] = response * time + t;
      if (t < ids.length) targets[row] = ids[t]!;
      if (t === 0) inputs[row] = batch.lastIds[prompts[response]!]!;
      else if (t <= ids.length) inputs[row] = ids[t - 1]!;
    }
  });
  return { inputs, targets, places, promptOf: prompts, starts, time, padded };
}

/**
 * Runs responses on top of their prompts.
 *
 * @returns after the final norm, [row, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 */
export function rowsPass(
  model: Vlm,
  batch: PromptBatch,
  state: PromptState,
  { inputs, places, promptOf, starts, time, padded }: ResponseRows,
): tf.Tensor2D {
  const { text } = model.config;
  const positions = new Int32Array(inputs.length * 3);
  places.forEach((place, row) => {
    const at = batch.lastPositions[promptOf[Math.floor(place / time)]!]! + (place % time);
    positions.fill(at, row * 3, row * 3 + 3);
  });
  return decode(
    {
      vectors: embed(embedTable(model), inputs),
      batch: promptOf.length,
      time,
      rotary: textRotary(positions, text),
      mask: causalMask(time, headCounts(text)),
      prefix: state.prefix,
      ...(!padded && {
        ragged: { starts: tf.tensor1d(starts, "int32") },
        promptOf: tf.tensor1d(promptOf, "int32"),
      }),
    },
    weightsOf(model),
    text,
  ).hidden;
}

/**
 * Values of rows in columns, [response × time]; zeros where no row stands.
 *
 * Memory: caller owns the result; call inside a tidy.
 */
export function inColumns(
  values: tf.Tensor1D,
  { places, promptOf, time, padded }: ResponseRows,
): tf.Tensor1D {
  if (padded) return values;
  const rowOf = new Int32Array(promptOf.length * time).fill(-1);
  places.forEach((place, row) => {
    rowOf[place] = row;
  });
  return tf.reshape(rearrange(tf.reshape(values, [-1, 1]) as tf.Tensor2D, rowOf), [-1]);
}

/**
 * Log-probability of each response token given its prompt and the tokens before it.
 *
 * @returns [prompt × sample × time] float32, nats; what stands at padding has no meaning
 * Memory: caller owns the result; call inside a tidy.
 */
export function responseLogProbabilities(
  model: Vlm,
  batch: PromptBatch,
  state: PromptState,
  responses: ReadonlyArray<ReadonlyArray<number>>,
  time: number,
): tf.Tensor1D {
  const rows = layOutResponses(batch, responses, time, model.config.tokens.pad);
  const hidden = rowsPass(model, batch, state, rows);
  return inColumns(logProbabilities(hidden, headOf(model), rows.targets), rows);
}

/**
 * One token further for every response.
 *
 * @param inputs the token to feed, [prompt × sample]
 * @param step how many tokens were fed before
 * @param promptOf prompt of each response; default: the same number of them, side by side, to each. Other numbers
 *   need fused kernels
 * @returns after the final norm, [prompt × sample, dim] float32, and the grown caches
 * Memory: caller owns the result; `past` is taken over.
 */
export function decodeStep(
  model: Vlm,
  batch: PromptBatch,
  state: PromptState,
  past: ReadonlyArray<KeyCache> | undefined,
  inputs: Int32Array,
  step: number,
  promptOf = samplesOf(batch, inputs.length),
): { hidden: tf.Tensor2D; caches: ReadonlyArray<KeyCache> } {
  const positions = new Int32Array(promptOf.length * 3);
  promptOf.forEach((prompt, row) => {
    positions.fill(batch.lastPositions[prompt]! + step, row * 3, row * 3 + 3);
  });
  const next = scoped(() => {
    return decode(
      {
        vectors: embed(embedTable(model), inputs),
        batch: inputs.length,
        time: 1,
        mask: causalMask(1, headCounts(model.config.text)),
        rotary: textRotary(positions, model.config.text),
        prefix: state.prefix,
        ...(hasFused() && { promptOf: tf.tensor1d(promptOf, "int32") }),
        ...(past === undefined ? {} : { past }),
      },
      weightsOf(model),
      model.config.text,
    );
  });
  const kept = new Set(tensorsOf(next.caches));
  for (const old of tensorsOf(past)) if (!kept.has(old)) old.dispose();
  return next;
}

function tensorsOf(caches: ReadonlyArray<KeyCache> | undefined): Array<tf.Tensor> {
  return (caches ?? []).flatMap(
    (cache): ReadonlyArray<tf.Tensor> =>
      "rows" in cache ? cache.rows : [cache.keys, cache.values],
  );
}

/** Prompt of each response where each prompt has the same number of them, side by side. */
function samplesOf({ prompts }: PromptBatch, responses: number): Int32Array {
  const samples = responses / prompts;
  return Int32Array.from({ length: responses }, (_, row) => Math.floor(row / samples));
}
