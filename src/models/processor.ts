/** Prepares prompts for a model folder: messages and images to token ids and patches. Models layer. */
import { join } from "node:path";
import * as Schema from "effect/Schema";
import type { Raster } from "../core/raster.ts";
import { loadChatTemplate, type Message } from "./chat-template.ts";
import { readConfig, type VlmConfig } from "./config.ts";
import { familyOf } from "./families/family.ts";
import type { PatchedImage } from "./image-patches.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import { loadTokenizer, type Tokenizer } from "./tokenizer.ts";

/** A prompt ready for the model: one image token id per image feature, images in prompt order. */
export interface EncodedPrompt {
  readonly ids: Array<number>;
  readonly images: ReadonlyArray<PatchedImage>;
}

/** Tokenizer, chat template and image preprocessing of one model folder. */
export interface Processor {
  readonly tokenizer: Tokenizer;
  /** The prompt text, one placeholder per image, the assistant's turn opened. */
  readonly render: (messages: ReadonlyArray<Message>) => string;
  /** Fails: `ImageCountMismatch`, `ImageUnsuitable`, `ModelFolderInvalid` (template). */
  readonly encodePrompt: (
    messages: ReadonlyArray<Message>,
    images: ReadonlyArray<Raster>,
  ) => EncodedPrompt;
}

/** The messages have another number of image placeholders than there are images. */
export class ImageCountMismatch extends Schema.TaggedError<ImageCountMismatch>()(
  "ImageCountMismatch",
  { placeholders: Schema.Number, images: Schema.Number, message: Schema.String },
) {}

/**
 * The processor of a model folder.
 *
 * Fails: `ModelFolderInvalid`, also when preprocessing and `config.json` disagree.
 */
export function loadProcessor(dir: string): Processor {
  const config = readConfig(dir);
  const family = familyOf(config);
  const tokenizer = loadTokenizer(dir);
  checkVocabulary(dir, config, tokenizer);
  const images = family.openImages(dir, config, tokenizer);
  const template = loadChatTemplate(dir);
  const render = (messages: ReadonlyArray<Message>) =>
    template(family.contentInParts ? messages.map(inParts) : messages);
  return {
    tokenizer,
    render,
    encodePrompt: (messages, rasters) => {
      const text = render(messages);
      const placeholders = tokenizer.encode(text).filter((id) => id === config.tokens.image);
      checkCount(placeholders.length, rasters.length);
      const read = rasters.map(images.read);
      return { ids: images.encode(text, read), images: read };
    },
  };
}

const inParts = ({ role, content }: Message): Message => ({
  role,
  content: typeof content === "string" ? [{ type: "text", text: content }] : content,
});

function checkCount(placeholders: number, images: number) {
  if (placeholders === images) return;
  const message = `the prompt has ${placeholders} image placeholder(s) but ${images} image(s) are given`;
  throw new ImageCountMismatch({ placeholders, images, message });
}

/** An id beyond the embedding would read what is not there. */
function checkVocabulary(dir: string, { text }: VlmConfig, { largestId }: Tokenizer) {
  if (largestId < text.vocabSize) return;
  const problem = `has the id ${largestId}, but config.json says vocab_size ${text.vocabSize}`;
  throw folderInvalid(join(dir, "tokenizer.json"), "model.vocab", problem);
}
