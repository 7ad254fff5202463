/** The log-probabilities of one completion, token by token. CLI. */
import { readLogProbabilities } from "../../stages/parts.ts";
import type { LoadedModel } from "../../stages/policy.ts";
import { NotFinite } from "../asked-model.ts";
import type { PreparedCase } from "./case-file.ts";

/** Numbers of a completion's tokens in order; log-probabilities in nats. */
export interface Scored {
  /** In the file of cases. */
  readonly line: number;
  readonly id?: string | number;
  readonly promptTokens: number;
  /** The text of each token by itself; part of a character reads as U+FFFD. */
  readonly tokens: ReadonlyArray<string>;
  readonly ids: ReadonlyArray<number>;
  readonly logprobs: ReadonlyArray<number>;
  readonly sum: number;
  readonly mean: number;
}

/** Scores a case by itself, so that its numbers do not depend on neighbours. Fails: `NotFinite`. */
export function scoreCase({ vlm, processor }: LoadedModel, one: PreparedCase): Scored {
  const { line, id, prompt, completion: ids } = one;
  const responses = { prompts: [prompt], ids: [ids], time: ids.length };
  const logprobs = Array.from(readLogProbabilities(vlm, responses, 1));
  const wrong = logprobs.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new NotFinite({ where: `line ${line}, token ${wrong + 1}` });
  const sum = logprobs.reduce((a, b) => a + b, 0);
  return {
    ...{ line, ...(id !== undefined && { id }), promptTokens: prompt.ids.length },
    tokens: ids.map((token) => processor.tokenizer.decode([token])),
    ...{ ids, logprobs, sum, mean: sum / ids.length },
  };
}
