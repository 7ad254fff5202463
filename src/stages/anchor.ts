/** The base's own answers to general questions about the domain's images: what the anchor holds on to. Serves all training stages. */
import { stream } from "../core/seed.ts";
import type { Anchor } from "../dsl/training.ts";
import { generate } from "../models/generate.ts";
import type { Prompt } from "../models/model.ts";
import type { Examples } from "./dataset.ts";
import { encodeQuestion, type LoadedModel } from "./policy.ts";

/** Prompts with the base's sampled responses, in pairs. */
export interface AnchorPool {
  readonly prompts: ReadonlyArray<Prompt>;
  readonly ids: ReadonlyArray<ReadonlyArray<number>>;
  /**
   * What the base chose each response's tokens from: its hidden states after the final norm, [dim] float32 each, from
   * which the head makes whole distributions. Absent where they take more than `HIDDEN_BYTES`.
   */
  readonly hidden?: ReadonlyArray<ReadonlyArray<Float32Array>>;
}

/** Hidden states of a pool are kept up to so many bytes; beyond, the base runs in every step. */
export const HIDDEN_BYTES = 2 ** 28;

const ANSWERED_AT_ONCE = 256;

/**
 * Asks the base general questions about training images of the domain, unlabelled general images of
 * the training stream, or both in turn. No label is used: what is held on to is the base's answer.
 *
 * Equal arguments give equal pools, so a resumed stage makes its pool again; `microBatch`, how many
 * answers are computed at once, changes nothing but rounding.
 */
export function askBase(
  base: LoadedModel,
  examples: Examples,
  { pool, images }: Anchor,
  maxTokens: number,
  seed: number,
  microBatch = Number.POSITIVE_INFINITY,
): AnchorPool {
  const random = stream(seed, "anchor", "questions");
  const prompts = Array.from({ length: pool }, (_, index) => {
    if (images === "general" || (images === "both" && index % 2 === 1)) {
      const { question, image } = examples.general.example(seed, index);
      return encodeQuestion(base.processor, question, image);
    }
    const { image } = random.pick(examples.domain.train);
    return encodeQuestion(base.processor, examples.general.question(random), image);
  });
  const ids: Array<ReadonlyArray<number>> = [];
  const hidden: Array<ReadonlyArray<Float32Array>> = [];
  const width = base.vlm.config.text.hiddenSize;
  let [bytes, keepHidden] = [0, true];
  for (let first = 0; first < pool; first += ANSWERED_AT_ONCE) {
    const asked = prompts.slice(first, first + ANSWERED_AT_ONCE);
    const sampler = stream(seed, "anchor", "answers", first);
    const options = { samples: 1, maxTokens, temperature: 1, random: sampler, atOnce: microBatch };
    for (const response of generate(base.vlm, asked, { ...options, keepHidden })) {
      ids.push(response.ids);
      hidden.push(response.hidden);
      bytes += 4 * width * response.ids.length;
    }
    keepHidden &&= bytes <= HIDDEN_BYTES;
    if (!keepHidden) hidden.length = 0;
  }
  return { prompts, ids, ...(keepHidden && { hidden }) };
}

/** `count` pairs of the pool, the same for equal arguments. */
export function drawAnchors(
  { prompts, ids, hidden }: AnchorPool,
  count: number,
  seed: number,
  ...path: ReadonlyArray<string | number>
): AnchorPool {
  const random = stream(seed, "anchor", ...path);
  const rows = Array.from({ length: count }, () => random.integer(prompts.length));
  return {
    prompts: rows.map((row) => prompts[row]!),
    ids: rows.map((row) => ids[row]!),
    ...(hidden && { hidden: rows.map((row) => hidden[row]!) }),
  };
}
