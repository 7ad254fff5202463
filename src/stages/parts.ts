/** A step's losses in parts: batches cut into pieces, and host losses spread over them. Serves the terms of training steps. */
import * as tf from "@tensorflow/tfjs-core";
import { lap } from "../core/laps.ts";
import { slices } from "../core/slices.ts";
import { batchPrompts, headOf, type Prompt, promptPass, type Vlm } from "../models/model.ts";
import {
  inColumns,
  layOutResponses,
  type ResponseRows,
  responseLogProbabilities,
  rowsPass,
} from "../models/responses.ts";
import { scoped } from "../tensor/memory.ts";
import { type HostLoss, hostLoss } from "../tensor/ops/host-loss.ts";
import { logProbabilities, rowEntropies, weightedEntropy } from "../tensor/ops/log-probability.ts";

/** A part of a term, ready for its pass. */
export interface Part {
  readonly loss: () => tf.Scalar;
  /** Tensors made beforehand; whoever asked for the part releases them. */
  readonly owned: ReadonlyArray<tf.Tensor>;
  /** The same loss by its responses' hidden states, where a pass may be shared with other parts. */
  readonly shared?: SharedPart;
}

/** A loss of responses' hidden states. */
export interface SharedPart {
  readonly model: Vlm;
  readonly responses: Responses;
  /** `rows` as `layOutResponses` gives them for the part's own responses, `hidden` a row each, [row, dim]. */
  readonly lossOf: (hidden: tf.Tensor2D, rows: ResponseRows) => tf.Scalar;
}

/** A part with a pass of its own, unless it is shared. */
export function passPart(shared: SharedPart, owned: Part["owned"] = []): Part {
  const { model, responses, lossOf } = shared;
  const loss = () => {
    const { hidden, rows } = pass(model, responses);
    return lossOf(hidden, rows);
  };
  return { loss, owned, shared };
}

/** Hidden states of responses, [row, dim], and what the rows are. Memory: call inside a tidy. */
export function pass(model: Vlm, { prompts, ids, time }: Responses) {
  const batch = batchPrompts(prompts, model.config);
  const rows = layOutResponses(batch, ids, time, model.config.tokens.pad);
  return { hidden: rowsPass(model, batch, promptPass(model, batch), rows), rows };
}

/**
 * The sum of parts' losses by one pass through their model: a prompt that several of them have is run once.
 *
 * Needs fused kernels, which take responses of any lengths in any order.
 *
 * Memory: caller owns the result; call inside a tidy.
 */
export function sharedLoss(model: Vlm, parts: ReadonlyArray<SharedPart>): tf.Scalar {
  const { pad } = model.config.tokens;
  const indexOf = new Map<Prompt, number>();
  for (const { responses } of parts) {
    for (const prompt of responses.prompts)
      if (!indexOf.has(prompt)) indexOf.set(prompt, indexOf.size);
  }
  const batch = batchPrompts([...indexOf.keys()], model.config);
  const promptOf = parts.flatMap(({ responses: { prompts, ids } }) =>
    ids.map((_, row) => indexOf.get(prompts[Math.floor((row * prompts.length) / ids.length)]!)!),
  );
  const ids = parts.flatMap(({ responses }) => responses.ids);
  const time = Math.max(...parts.map(({ responses }) => responses.time));
  const all = layOutResponses(batch, ids, time, pad, Int32Array.from(promptOf));
  const hidden = rowsPass(model, batch, promptPass(model, batch), all);
  let first = 0;
  const losses = parts.map(({ responses, lossOf }) => {
    const own = batchPrompts(responses.prompts, model.config);
    const rows = layOutResponses(own, responses.ids, responses.time, pad);
    const count = rows.inputs.length;
    const part = tf.slice(hidden, [first, 0], [count, -1]);
    first += count;
    return lossOf(part, rows);
  });
  return tf.addN(losses) as tf.Scalar;
}

/** One term as parts whose losses and gradients add up to its own; one part when nothing is divided. */
export interface Term {
  readonly parts: ReadonlyArray<() => Part>;
  /** Filled when the losses have run. */
  readonly metrics: Record<string, number>;
}

/** Prompts with responses, and which response tokens count. */
export interface Responses {
  readonly prompts: ReadonlyArray<Prompt>;
  /** [prompt × sample] */
  readonly ids: ReadonlyArray<ReadonlyArray<number>>;
  readonly time: number;
}

/** A part of a batch, of the same `time`, and where its responses begin in it. */
interface Piece extends Responses {
  readonly firstRow: number;
}

/** Length of the longest response, at least 1. */
export const longest = (ids: ReadonlyArray<ReadonlyArray<number>>) =>
  ids.reduce((most, { length }) => Math.max(most, length), 1);

/** Pieces of at most `rows` responses, in order. */
export function pieces({ prompts, ids, time }: Responses, rows: number): ReadonlyArray<Piece> {
  return slices(prompts.length, ids.length / prompts.length, rows).map((slice) => ({
    prompts: prompts.slice(slice.firstPrompt, slice.firstPrompt + slice.prompts),
    ids: ids.slice(slice.firstRow, slice.firstRow + slice.rows),
    time,
    firstRow: slice.firstRow,
  }));
}

function logProbabilitiesOf(model: Vlm, { prompts, ids, time }: Responses): tf.Tensor1D {
  const batch = batchPrompts(prompts, model.config);
  return responseLogProbabilities(model, batch, promptPass(model, batch), ids, time);
}

/** The same without a gradient, on the host, at most `rows` responses at once. */
export const readLogProbabilities = (model: Vlm, responses: Responses, rows: number) =>
  readPieces(responses, rows, (piece) => read(() => logProbabilitiesOf(model, piece)));

/** Numbers of every response token, piece by piece, as one array [prompt × sample × time]. */
function readPieces(
  responses: Responses,
  rows: number,
  readPiece: (piece: Responses) => Float32Array,
): Float32Array {
  const all = pieces(responses, rows);
  if (all.length === 1) return readPiece(responses);
  const values = new Float32Array(responses.ids.length * responses.time);
  for (const piece of all) values.set(readPiece(piece), piece.firstRow * responses.time);
  return values;
}

/**
 * A loss that the host computes from the log-probabilities of all responses, in parts.
 *
 * Divided, the log-probabilities are read first, piece by piece; the host's loss and its gradient g
 * are those of the whole batch, normalisers included; each part then passes Σ g · log π of its own
 * responses, so that gradients add up to those of the undivided pass.
 *
 * @param entropyWeights [prompt × sample × time]: adds Σ weight · entropy of each token's distribution
 */
export function hostParts(
  model: Vlm,
  responses: Responses,
  rows: number,
  loss: (logprobs: Float32Array) => HostLoss,
  entropyWeights?: Float32Array,
): Term["parts"] {
  const all = pieces(responses, rows);
  if (all.length === 1) {
    return [() => pieceLoss(model, all[0]!, loss, entropyWeights)];
  }
  let whole: HostLoss | undefined;
  return all.map((piece, index) => () => {
    whole ??= loss(readLogProbabilities(model, responses, rows));
    const first = piece.firstRow * piece.time;
    const gradient = whole.gradient.slice(first, first + piece.ids.length * piece.time);
    const share = { loss: index === 0 ? whole.loss : 0, gradient };
    return pieceLoss(model, piece, () => share, entropyWeights);
  });
}

function pieceLoss(
  model: Vlm,
  piece: Piece,
  loss: (logprobs: Float32Array) => HostLoss,
  entropyWeights: Float32Array | undefined,
): Part {
  const first = piece.firstRow * piece.time;
  const lossOf: SharedPart["lossOf"] = (hidden, rows) => {
    const chosen = inColumns(logProbabilities(hidden, headOf(model), rows.targets), rows);
    const own = hostLoss(chosen, loss);
    if (entropyWeights === undefined) return own;
    const weights = Float32Array.from(rows.places, (place) => entropyWeights[first + place]!);
    return tf.add(own, weightedEntropy(hidden, headOf(model), tf.tensor1d(weights))) as tf.Scalar;
  };
  return passPart({ model, responses: piece, lossOf });
}

/** Entropy of the distribution that each response token was chosen from, [prompt × sample × time], nats. */
export function readEntropies(model: Vlm, responses: Responses, rows: number): Float32Array {
  return readPieces(responses, rows, (piece) =>
    read(() => {
      const { hidden, rows } = pass(model, piece);
      return inColumns(rowEntropies(hidden, headOf(model)), rows);
    }),
  );
}

function read(make: () => tf.Tensor): Float32Array {
  const values = lap("score", () => scoped(make), true);
  const copy = Float32Array.from(values.dataSync<"float32">());
  values.dispose();
  return copy;
}
