/** Reads `config.json` of a Hugging Face model folder, of any family and style, into one normal form. Models layer. */
import * as Schema from "effect/Schema";
import { readSource } from "./config-file.ts";
import { families } from "./families/family.ts";
import { decodeJson } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

/** The language model: sizes in numbers of elements. */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Elements of one head. */
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** Rotary frequencies given to time, height and width; they sum to `headDim / 2`. Plain rotary: all to time. */
  readonly mropeSection: readonly [number, number, number];
  /** Whether queries, keys and values have a bias. */
  readonly qkvBias: boolean;
  readonly vocabSize: number;
  readonly tieWordEmbeddings: boolean;
}

/** The vision tower: sizes in numbers of elements, `patchSize` and `windowSize` in pixels. */
export interface VisionConfig {
  readonly depth: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  /** Patches merged into one token along each side. */
  readonly mergeSize: number;
  /** Side of an attention window in the blocks outside `fullAttentionBlocks`. */
  readonly windowSize: number;
  readonly fullAttentionBlocks: ReadonlyArray<number>;
  readonly outHiddenSize: number;
  readonly inChannels: number;
  readonly normEps: number;
  /** Learned positions along each side; 0 where positions turn queries and keys instead. */
  readonly learnedPositions: number;
}

/** Ids of the tokens that have a role in the model. */
export interface SpecialTokenIds {
  /** Stands for one image feature. */
  readonly image: number;
  /** What images and videos bring into a prompt, `image` included; without features it means nothing. */
  readonly visual: ReadonlyArray<number>;
  /** Every id that ends a response; never empty. */
  readonly eos: ReadonlyArray<number>;
  readonly pad: number;
}

/** The configuration of a vision-language model, independent of the style of its file. */
export interface VlmConfig {
  /** `model_type` of its file, a key of `families`. */
  readonly family: string;
  readonly text: TextConfig;
  readonly vision: VisionConfig;
  readonly tokens: SpecialTokenIds;
}

const TypedFile = Schema.Struct({ model_type: Schema.String });

/**
 * Reads `config.json` and, for end-of-sequence and padding ids, `generation_config.json` of a model folder.
 *
 * Fields that are absent take the defaults of the family's class in `transformers`.
 * Fails: `ModelFolderInvalid` naming file and field; of an unknown family it lists the known ones.
 */
export function readConfig(dir: string): VlmConfig {
  const source = readSource(dir);
  const { model_type } = decodeJson(TypedFile, source.json, source.path);
  const family = families.get(model_type);
  if (family === undefined) {
    const known = [...families.keys()].join(", ");
    const problem = `"${model_type}" is not supported; use ${known}`;
    throw folderInvalid(source.path, "model_type", problem);
  }
  return { family: model_type, ...family.readConfig(source) };
}
