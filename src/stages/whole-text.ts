/** A domain's problems as plain text to predict, prompt and response alike. Serves `lm`. */
import * as tf from "@tensorflow/tfjs-core";
import { response } from "../data/example.ts";
import { batchPrompts, type Vlm } from "../models/model.ts";
import { textLogProbabilities, textRows } from "../models/text.ts";
import { longest, pieces, type Responses, type Term } from "./parts.ts";
import { encodeResponse } from "./policy.ts";
import type { Session } from "./session.ts";
import type { Problem } from "./worked.ts";

/** The problem with its whole reference; one that has none responds with the bare answer. */
export function readText({ base, read }: Session, example: Problem["example"]): Problem {
  const problem = read(example);
  if (problem.reference.length > 0) return problem;
  return { ...problem, reference: encodeResponse(base, response(example.answer)) };
}

/** Mean negative log-likelihood of all text tokens, those of the prompts with those of the responses. */
export function textTerm(
  policy: Vlm,
  problems: ReadonlyArray<Problem>,
  microBatch = Number.POSITIVE_INFINITY,
): Term {
  const ids = problems.map(({ reference }) => reference);
  const prompts = problems.map(({ prompt }) => prompt);
  const laidOut = pieces({ prompts, ids, time: longest(ids) }, microBatch).map((piece) => ({
    piece,
    text: textOf(policy, piece),
  }));
  const tokens = laidOut.reduce((sum, { text }) => sum + text.rows.length, 0);
  const metrics: Record<string, number> = {};
  const parts = laidOut.map(({ piece, text }, index) => () => {
    const loss = () => {
      const batch = batchPrompts(piece.prompts, policy.config);
      const logprobs = textLogProbabilities(policy, batch, piece.ids, piece.time, text);
      const own = tf.div(tf.sum(logprobs), -tokens) as tf.Scalar;
      const nats = own.dataSync()[0]!;
      metrics.textLoss = index === 0 ? nats : metrics.textLoss! + nats;
      return own;
    };
    return { loss, owned: [] };
  });
  return { parts, metrics };
}

const textOf = ({ config }: Vlm, { prompts, ids, time }: Responses) =>
  textRows(batchPrompts(prompts, config), ids, time, config.tokens.image);
