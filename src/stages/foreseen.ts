/** What is known of a model and a data set before a stage has run, and the shapes of batches made of them. Serves the estimates. */
import { type Example, response } from "../data/example.ts";
import type { DatasetRef } from "../dsl/artifacts.ts";
import type { VlmConfig } from "../models/config.ts";
import type { AdapterShape, PromptShape } from "../models/flops.ts";
import type { Grid } from "../models/image-patches.ts";
import { loadProcessor } from "../models/processor.ts";
import { type Examples, loadExamples } from "./dataset.ts";

/** A model that is not there yet, or not loaded. */
export interface ModelFacts {
  readonly config: VlmConfig;
  /** A folder with its tokenizer and image preprocessing. */
  readonly dir: string;
  /** Questions that the base has answered for earlier stages; the same ones are not asked again. */
  readonly asked: ReadonlyArray<string>;
  /** Trained in place of its weights. */
  readonly adapter?: AdapterShape;
}

/** A data set with its sizes in examples. */
export interface DataFacts {
  readonly ref: DatasetRef;
  readonly train: number;
  readonly worked: number;
  readonly validation: number;
  readonly test: number;
  readonly generalValidation: number;
  readonly generalTest: number;
}

/** A few examples of one suite as the model reads them. */
interface Sample {
  /** Longest prompt, its last token not counted. */
  readonly time: number;
  readonly grids: ReadonlyArray<Grid>;
  /** Longest worked reference with its end, tokens; 0 without any. */
  readonly reference: number;
  /** Longest response of an answer alone with its end, tokens. */
  readonly answer: number;
  /** Mean tokens to predict where all text is: of a prompt, a worked reference, an answer alone. */
  readonly text: { readonly prompt: number; readonly reference: number; readonly answer: number };
}

/** The suites that batches are made of. */
export type Suite = "domain" | "general";
export type Samples = Readonly<Record<Suite, Sample>>;

const SAMPLED = 24;
/** Images of one's own may be large, and cutting one into patches takes a while. */
const SAMPLED_OWN = 6;
const few = (count: number) => Math.min(count, SAMPLED);
const known = new Map<string, Samples>();

/** Reads a few examples of each suite with the model's own processor. Fails: throws what reading them throws. */
export function samplesOf(model: ModelFacts, { ref }: DataFacts): Samples {
  const key = JSON.stringify([model.dir, ref]);
  const own = "dir" in ref.domain || "dir" in ref.general;
  const examples = () => loadExamples(fewOf(ref));
  const samples = known.get(key) ?? readSamples(model, examples(), own ? SAMPLED_OWN : SAMPLED);
  known.set(key, samples);
  return samples;
}

/** The same data set with a few examples of each part. */
export function fewOf({ domain, general, seed }: DatasetRef): DatasetRef {
  const part = <A extends { readonly validation: number; readonly test: number }>(source: A) => ({
    ...source,
    validation: few(source.validation),
    test: few(source.test),
  });
  return {
    domain:
      "world" in domain
        ? { ...part(domain), worked: few(domain.worked), answerOnly: few(domain.answerOnly) }
        : domain,
    general: "world" in general ? part(general) : general,
    seed,
  };
}

function readSamples(model: ModelFacts, { domain, general }: Examples, most: number): Samples {
  const processor = loadProcessor(model.dir);
  const lengthOf = (text: string) => processor.tokenizer.encode(text).length + 1;
  const sample = (all: ReadonlyArray<Example>): Sample => {
    const examples = all.slice(0, most);
    const prompts = examples.map(({ question, image }) => {
      const content = [{ type: "image" as const }, { type: "text" as const, text: question }];
      return processor.encodePrompt([{ role: "user", content }], [image]);
    });
    const references = examples.flatMap(({ reference }) =>
      reference === undefined ? [] : [lengthOf(reference)],
    );
    const answers = examples.map(({ answer }) => lengthOf(response(answer)));
    const texts = prompts.map(({ ids }) => textTokens(ids, model.config.tokens.image));
    return {
      time: Math.max(1, ...prompts.map(({ ids }) => ids.length - 1)),
      grids: prompts.flatMap(({ images }) => images.map(({ grid }) => grid)),
      reference: Math.max(0, ...references),
      answer: Math.max(1, ...answers),
      text: { prompt: mean(texts), reference: mean(references), answer: mean(answers) },
    };
  };
  return { domain: sample(domain.train), general: sample(general.validation) };
}

const mean = (values: ReadonlyArray<number>) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Text tokens of a prompt that something precedes. */
const textTokens = (ids: ReadonlyArray<number>, imageToken: number) =>
  ids.slice(1).filter((id) => id !== imageToken).length;

/** A batch of `prompts` prompts of a suite, `more` of a response's tokens put to each. */
export function batchShape(sample: Sample, prompts: number, more = 0): PromptShape {
  const perPrompt = sample.grids.length === 0 ? 0 : prompts;
  const grids = Array.from({ length: perPrompt }, (_, i) => sample.grids[i % sample.grids.length]!);
  return { prompts, time: sample.time + Math.round(more), grids };
}

/** What half again as much as the longest reference comes to: about a batch's longest response, at most `maxTokens`. */
export function responseTime({ reference }: Sample, maxTokens: number): number {
  return reference === 0 ? maxTokens : Math.min(maxTokens, Math.ceil(1.5 * reference));
}
