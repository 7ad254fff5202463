/** The whole text of prompts and responses as one sequence each: which token predicts which. Models layer. */
import * as tf from "@tensorflow/tfjs-core";
import { logProbabilities } from "../tensor/ops/log-probability.ts";
import { rearrange } from "../tensor/ops/rows.ts";
import { headOf, type PromptBatch, promptPass, type Vlm } from "./model.ts";
import { layOutResponses, rowsPass } from "./responses.ts";

/** Every text token that something precedes, with the row that predicts it. */
export interface TextRows {
  /** Into the hidden states of the prompts, [prompt × time], followed by those of the responses, [response × time]. */
  readonly rows: Int32Array;
  /** The tokens, as many as rows. */
  readonly targets: Int32Array;
}

/**
 * The text tokens of prompts and responses: image placeholders and padding are not among them, nor
 * is a prompt's first token, which nothing precedes.
 *
 * @param responses one to each prompt, ids
 * @param time columns of the responses
 */
export function textRows(
  batch: PromptBatch,
  responses: ReadonlyArray<ReadonlyArray<number>>,
  time: number,
  imageToken: number,
): TextRows {
  const [rows, targets]: [Array<number>, Array<number>] = [[], []];
  batch.lengths.forEach((length, prompt) => {
    for (let column = 0; column < length; column++) {
      const row = prompt * batch.time + column;
      const next = column + 1 < length ? batch.ids[row + 1]! : batch.lastIds[prompt]!;
      if (next === imageToken) continue;
      rows.push(row);
      targets.push(next);
    }
  });
  const first = batch.prompts * batch.time;
  responses.forEach((ids, response) => {
    ids.forEach((id, column) => {
      rows.push(first + response * time + column);
      targets.push(id);
    });
  });
  return { rows: Int32Array.from(rows), targets: Int32Array.from(targets) };
}

/**
 * Log-probability of each text token given all before it, prompts' tokens first.
 *
 * @param responses one to each prompt, ids, at most `time` of them
 * @param text as `textRows` gives it for the same arguments
 * @returns [token] float32, nats
 * Memory: caller owns the result; call inside a tidy.
 */
export function textLogProbabilities(
  model: Vlm,
  batch: PromptBatch,
  responses: ReadonlyArray<ReadonlyArray<number>>,
  time: number,
  { rows, targets }: TextRows,
): tf.Tensor1D {
  const laidOut = layOutResponses(batch, responses, time, model.config.tokens.pad);
  const state = promptPass(model, batch);
  const hidden = [state.hidden, rowsPass(model, batch, state, laidOut)];
  const first = state.hidden.shape[0];
  const rowOf = new Map(Array.from(laidOut.places, (place, row) => [first + place, first + row]));
  const used = rows.map((row) => (row < first ? row : rowOf.get(row)!));
  const predicting = rearrange(tf.concat(hidden, 0) as tf.Tensor2D, used);
  return logProbabilities(predicting, headOf(model), targets);
}
