/** What the package's own stages can say before they run; loads no tensor library. Serves `check` and `plan`. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isHubName } from "../core/hub-name.ts";
import type { DatasetRef, GatheredRef } from "../dsl/artifacts.ts";
import type { FileSource } from "../dsl/file-sources.ts";
import type * as Words from "../dsl/lora.ts";
import type { exportModel } from "../dsl/phases.ts";
import { modelFolder } from "../dsl/shipped.ts";
import type { VlmConfig } from "../models/config.ts";
import { checkModelFolder } from "../models/folder.ts";
import { ADAPTER_CONFIG, holdsAdapter } from "../models/lora/peft-folder.ts";
import { loadProcessor } from "../models/processor.ts";
import type { Cost, Forecast, Foresight, Problem } from "../runtime/estimate.ts";
import type { Foreseen } from "./estimate.ts";
import {
  evaluateCost,
  grpoCost,
  lmCost,
  partialConstraintCost,
  sftCost,
  trainedModel,
  transitionCost,
  warmupCost,
} from "./estimate-phases.ts";
import { weightBytes } from "./estimate-work.ts";
import { type DataFacts, type ModelFacts, samplesOf } from "./foreseen.ts";
import { adapterShape } from "./lora.ts";

/** Problems of a base model's folder: configuration, names and shapes of weights, tokenizer, images. */
function checkModel({ from }: { readonly from: string }): ReadonlyArray<Problem> {
  const dir = modelFolder(from);
  // Whoever asks the Hub says why it could not be had.
  if (!existsSync(dir) && isHubName(from)) return [];
  if (!existsSync(dir)) {
    const message = `there is no model folder ${dir}`;
    const hint =
      "a Hugging Face folder, hf://org/name, or tiny-vlm, the one that ships with the package";
    return [{ code: "MissingFile", path: "from", message, hint }];
  }
  return [() => checkModelFolder(dir), () => loadProcessor(dir)].flatMap((attempt) => {
    try {
      attempt();
      return [];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return [{ code: "UnusableFile", path: "from", message } as const];
    }
  });
}

/** A folder to go on from that holds no adapter. */
function checkLora({ from }: LoraOptions): ReadonlyArray<Problem> {
  if (from === null || isHubName(from) || holdsAdapter(from)) return [];
  const message = `${from} holds no adapter`;
  const hint = "a PEFT folder: adapter_config.json and adapter_model.safetensors";
  return [{ code: existsSync(from) ? "UnusableFile" : "MissingFile", path: "from", message, hint }];
}

type ExportOptions = (typeof exportModel)["spec"]["options"]["Type"];

/** A folder that is there and is no model folder would not be replaced. */
function checkExport({ to, format }: ExportOptions): ReadonlyArray<Problem> {
  const mark = format === "peft" ? ADAPTER_CONFIG : "config.json";
  if (!existsSync(to) || existsSync(join(to, mark))) return [];
  if (readdirSync(to).length === 0) return [];
  const message = `${to} is not empty and has no ${mark}; it will not be replaced`;
  return [{ code: "UnusableFile", path: "to", message }];
}

const free: Cost = {
  ...{ steps: 0, mostSteps: 0, perStep: [], around: [], peakBytes: 0, leastBytes: 0 },
};

function modelForecast({ from }: { readonly from: string }): Forecast {
  const dir = modelFolder(from);
  const facts = whenReadable((): ModelFacts => ({ config: checkModelFolder(dir), dir, asked: [] }));
  return { cost: free, gives: { policy: facts, reference: facts } };
}

type LoraOptions = (typeof Words.lora)["spec"]["options"]["Type"];

/** The policy with an adapter on it; that of a folder is known by what the folder holds. */
function loraForecast(options: LoraOptions, { policy }: Known): Forecast {
  const model = policy as ModelFacts | undefined;
  if (model === undefined) return { cost: free, gives: {} };
  const adapter = whenReadable(() => adapterShape(model.config, options));
  return { cost: free, gives: { policy: adapter && { ...model, adapter } } };
}

interface InitialSize {
  readonly hidden: number;
  readonly layers: number;
  readonly intermediate: number;
  readonly visionHidden: number;
  readonly visionLayers: number;
  readonly visionIntermediate: number;
}

/** The shipped model has the same tokenizer, images and heads; only its sizes differ. */
function initializeForecast(size: InitialSize): Forecast {
  const dir = modelFolder("tiny-vlm");
  const { text, vision, ...rest } = checkModelFolder(dir);
  const config: VlmConfig = {
    ...rest,
    text: {
      ...text,
      hiddenSize: size.hidden,
      headDim: size.hidden / text.heads,
      layers: size.layers,
      intermediateSize: size.intermediate,
    },
    vision: {
      ...vision,
      hiddenSize: size.visionHidden,
      depth: size.visionLayers,
      fullAttentionBlocks: Array.from({ length: size.visionLayers }, (_, index) => index),
      intermediateSize: size.visionIntermediate,
      outHiddenSize: size.hidden,
    },
  };
  const facts: ModelFacts = { config, dir, asked: [] };
  return { cost: free, gives: { policy: facts, reference: facts } };
}

type Source<Suite extends "domain" | "general"> =
  | Exclude<DatasetRef[Suite], GatheredRef>
  | FileSource;

/** Synthetic worlds are known by their sizes; of a file nothing is known before it has been read in. */
function dataForecast(
  { domain, general }: { readonly domain: Source<"domain">; readonly general: Source<"general"> },
  _known: unknown,
  seed: number,
): Forecast {
  if (!("world" in domain && "world" in general)) return { gives: {} };
  const train = domain.worked + domain.answerOnly;
  const dataset: DataFacts = {
    ref: { domain, general, seed },
    ...{ train, worked: domain.worked, validation: domain.validation, test: domain.test },
    ...{ generalValidation: general.validation, generalTest: general.test },
  };
  const examples = train + domain.validation + domain.test + general.validation + general.test;
  const around = [{ kind: "example", times: examples, flops: 0 }];
  return { cost: { ...free, around }, gives: { dataset } };
}

/** Sizes of a data set that has been made or read in. */
function recallData(outputs: Readonly<Record<string, unknown>>): Forecast["gives"] {
  const ref = outputs.dataset as DatasetRef;
  const { domain, general } = ref;
  const train = "dir" in domain ? domain.train : domain.worked + domain.answerOnly;
  const dataset: DataFacts = {
    ref,
    ...{ train, worked: domain.worked, validation: domain.validation, test: domain.test },
    ...{ generalValidation: general.validation, generalTest: general.test },
  };
  return { dataset };
}

type Known = Readonly<Record<string, unknown>>;

/** A stage that needs model and data; silent where one of them is not known. */
function knowing<Options>(
  cost: (foreseen: Foreseen, options: Options, known: Known) => Cost,
  gives: (foreseen: Foreseen, options: Options) => Forecast["gives"],
) {
  return (options: Options, known: Known): Forecast => {
    const { policy, dataset } = known;
    const [model, data] = [policy, dataset] as [ModelFacts | undefined, DataFacts | undefined];
    if (model === undefined) return { gives: {} };
    const samples = data && whenReadable(() => samplesOf(model, data));
    if (data === undefined || samples === undefined) {
      return { cost: weightsOnly(model), gives: { policy: model } };
    }
    const foreseen = { model, data, samples };
    return { cost: cost(foreseen, options, known), gives: gives(foreseen, options) };
  };
}

/** What can be said about a stage whose data are not known. */
function weightsOnly({ config, adapter }: ModelFacts): Cost {
  const bytes = weightBytes(config, adapter);
  return { ...free, peakBytes: bytes, leastBytes: bytes, unknown: "until data has been read in" };
}

/** What cannot be read is a problem that `check` of the stage tells; here it is only not known. */
function whenReadable<A>(read: () => A): A | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** How far the constraint has been lifted when a phase begins. */
const reachedBy = (known: Known) => (known.curriculum as number | undefined) ?? 0;

type Phase = Parameters<typeof trainedModel>[1] & {
  readonly sampling: { readonly maxTokens: number };
};
const trained = (foreseen: Foreseen, options: Phase) =>
  trainedModel(foreseen, options, options.sampling.maxTokens);

/** Stages with something to say. */
export const foresights: ReadonlyArray<Foresight> = [
  { name: "model", check: checkModel, estimate: modelForecast },
  { name: "lora", check: checkLora, estimate: loraForecast },
  { name: "initialize", estimate: initializeForecast },
  { name: "data", estimate: dataForecast, recall: recallData },
  {
    name: "warmup",
    estimate: knowing(warmupCost, (foreseen, options) => ({
      ...trained(foreseen, options),
      curriculum: 0,
    })),
  },
  {
    name: "partialConstraint",
    estimate: knowing(partialConstraintCost, (foreseen, options) => ({
      ...trained(foreseen, options),
      curriculum: options.until,
    })),
  },
  {
    name: "transition",
    estimate: knowing(
      (foreseen, options: Parameters<typeof transitionCost>[1], known) =>
        transitionCost(foreseen, options, reachedBy(known)),
      trained,
    ),
  },
  { name: "grpo", estimate: knowing(grpoCost, trained) },
  {
    name: "sft",
    estimate: knowing(sftCost, (foreseen, options) => trainedModel(foreseen, options, 24)),
  },
  {
    name: "lm",
    estimate: knowing(lmCost, (foreseen, options) => trainedModel(foreseen, options, 24)),
  },
  { name: "evaluate", estimate: knowing(evaluateCost, () => ({})) },
  { name: "exportModel", check: checkExport, estimate: () => ({ cost: free, gives: {} }) },
];
