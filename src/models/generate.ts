/** Batched, seeded generation with forced prefixes; prompts are run once for all their samples. Models layer. */
import { lap } from "../core/laps.ts";
import type { RandomStream } from "../core/seed.ts";
import { slices } from "../core/slices.ts";
import { hasFused } from "../tensor/fused.ts";
import { release, scoped } from "../tensor/memory.ts";
import { chooseTokens } from "../tensor/ops/choose.ts";
import { type KeyCache, keepSequences } from "../tensor/ops/self-attention.ts";
import {
  batchPrompts,
  disposePromptState,
  headOf,
  type Prompt,
  type PromptBatch,
  type PromptState,
  promptPass,
  type Vlm,
} from "./model.ts";
import { decodeStep } from "./responses.ts";

export interface GenerateOptions {
  /** Responses for each prompt; they share its keys and values. */
  readonly samples: number;
  /** Longest response in tokens, the forced ones counted. */
  readonly maxTokens: number;
  /** 0 picks the likeliest token; otherwise logits are divided by it. */
  readonly temperature: number;
  /** Needed when `temperature` > 0. */
  readonly random?: RandomStream;
  /** Opening tokens imposed on all samples of a prompt, one list a prompt. */
  readonly forced?: ReadonlyArray<ReadonlyArray<number>>;
  /** Tokens never to be generated; by default those that only images bring, which lack features. */
  readonly suppressed?: ReadonlyArray<number>;
  /** Responses computed side by side; the parts go on token by token in turn, so samples are the same. Default: all. */
  readonly atOnce?: number;
  /** Whether what each token was chosen from is kept. Default: false. */
  readonly keepHidden?: boolean;
}

/** One response. */
export interface Generated {
  /** Imposed and generated tokens, the end token last when `finished`. */
  readonly ids: ReadonlyArray<number>;
  /** How many of `ids` were imposed. */
  readonly imposed: number;
  /** Log-probability of each generated token under the model at temperature 1, nats. */
  readonly logProbs: ReadonlyArray<number>;
  /** Mean entropy of the next-token distribution over the generated tokens, nats. */
  readonly entropy: number;
  /** False when `maxTokens` cut the response. */
  readonly finished: boolean;
  /** What each generated token was chosen from: hidden state after the final norm, [dim] float32 each; empty unless kept. */
  readonly hidden: ReadonlyArray<Float32Array>;
}

interface Row {
  readonly ids: Array<number>;
  readonly imposed: number;
  readonly logProbs: Array<number>;
  entropy: number;
  finished: boolean;
  readonly hidden: Array<Float32Array>;
}

/**
 * Generates `samples` responses to each prompt.
 *
 * @returns [prompt × sample], samples of a prompt adjacent
 * Memory: releases all it makes.
 */
export function generate(
  model: Vlm,
  prompts: ReadonlyArray<Prompt>,
  options: GenerateOptions,
): Array<Generated> {
  const { tokens } = model.config;
  const extended = prompts.map(({ ids, images }, index) => ({
    ids: [...ids, ...(options.forced?.[index] ?? [])],
    images,
  }));
  const rows = prompts.flatMap((_, index) => {
    const forced = options.forced?.[index] ?? [];
    return Array.from({ length: options.samples }, () => newRow(forced, options.maxTokens));
  });
  const { temperature, random } = options;
  const allowed = new Int32Array(model.config.text.vocabSize).fill(1);
  for (const id of options.suppressed ?? tokens.visual) allowed[id] = 0;
  const width = model.config.text.hiddenSize;
  const open = (row: Row) => !row.finished && hasRoom(row, options.maxTokens);
  const { atOnce = Number.POSITIVE_INFINITY } = options;
  const parts = slices(prompts.length, options.samples, atOnce).map((slice) => {
    const end = slice.firstPrompt + slice.prompts;
    const own = rows.slice(slice.firstRow, slice.firstRow + slice.rows);
    return openPart(model, extended.slice(slice.firstPrompt, end), own);
  });
  const extend = (part: Part, step: number) => {
    const { batch, state, past, inputs, promptOf } = part;
    const next = decodeStep(model, batch, state, past, inputs, step, promptOf);
    part.past = next.caches;
    const uniforms = Float32Array.from(part.rows, (row) =>
      temperature > 0 && open(row) ? random!.uniform() : 0,
    );
    const chosen = chooseTokens(next.hidden, headOf(model), { temperature, allowed, uniforms });
    const hidden = options.keepHidden ? next.hidden.dataSync<"float32">() : undefined;
    release(next.hidden);
    part.inputs = Int32Array.from(part.rows, (row, index) => {
      if (!open(row)) return tokens.pad;
      const id = chosen.ids[index]!;
      row.ids.push(id);
      row.logProbs.push(chosen.logProbs[index]!);
      row.entropy += chosen.entropies[index]!;
      if (hidden !== undefined) row.hidden.push(hidden.slice(index * width, (index + 1) * width));
      row.finished = tokens.eos.includes(id);
      return id;
    });
    const left = part.rows.filter(open).length;
    if (hasFused() && left > 0 && left <= KEPT_SHARE * part.rows.length) narrow(part, open);
  };
  for (let step = 0; rows.some(open); step++) {
    for (const part of parts) {
      if (part.rows.some(open)) lap("decode", () => extend(part, step));
    }
  }
  for (const { past, state } of parts) {
    release(past);
    disposePromptState(state);
  }
  return rows.map((row) => ({
    ...row,
    entropy: row.logProbs.length === 0 ? 0 : row.entropy / row.logProbs.length,
  }));
}

/** Finished rows leave a part when no more than this share of it is left: leaving costs about as much as a step. */
const KEPT_SHARE = 0.75;

/** Some of the rows, their prompts run; `past` and `inputs` are those of the next token. */
interface Part {
  rows: ReadonlyArray<Row>;
  /** Prompt of each row, within the part's batch. */
  promptOf: Int32Array;
  readonly batch: PromptBatch;
  readonly state: PromptState;
  past: ReadonlyArray<KeyCache> | undefined;
  inputs: Int32Array;
}

function openPart(model: Vlm, prompts: ReadonlyArray<Prompt>, rows: ReadonlyArray<Row>): Part {
  const batch = batchPrompts(prompts, model.config);
  const samples = rows.length / prompts.length;
  const promptOf = Int32Array.from(rows, (_, row) => Math.floor(row / samples));
  const inputs = promptOf.map((prompt) => batch.lastIds[prompt]!);
  return {
    rows,
    promptOf,
    batch,
    state: lap("prefill", () => promptPass(model, batch)),
    past: undefined,
    inputs,
  };
}

/** Takes the rows that are not open out of a part. */
function narrow(part: Part, open: (row: Row) => boolean): void {
  const { rows, past, inputs, promptOf } = part;
  const kept = Int32Array.from(rows.keys()).filter((index) => open(rows[index]!));
  part.past = scoped(() => past?.map((cache) => keepSequences(cache, rows.length, kept)));
  release(past);
  part.rows = Array.from(kept, (index) => rows[index]!);
  part.inputs = kept.map((index) => inputs[index]!);
  part.promptOf = kept.map((index) => promptOf[index]!);
}

function newRow(forced: ReadonlyArray<number>, maxTokens: number): Row {
  const ids = forced.slice(0, maxTokens);
  return { ids, imposed: ids.length, logProbs: [], entropy: 0, finished: false, hidden: [] };
}

const hasRoom = (row: Row, maxTokens: number) => row.ids.length < maxTokens;
