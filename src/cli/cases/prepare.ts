/** Conversations as a model's input: images read, texts checked against the tokenizer, all turned into tokens. CLI. */
import type { Raster } from "../../core/raster.ts";
import { type ImageFolder, type ImageSource, imageBytes } from "../../data/image-source.ts";
import { brief, isProblem } from "../../data/turns.ts";
import type { Message } from "../../models/chat-template.ts";
import { readImage } from "../../models/image-file.ts";
import type { EncodedPrompt, Processor } from "../../models/processor.ts";
import { unreadable } from "../../stages/readable.ts";
import type { Conversation } from "./conversation.ts";

/** Prompt and response together; attention grows with the square of it. */
export const MOST_TOKENS = 32_768;

/** What is wrong, and whether with the texts or with the images. */
interface Problem {
  readonly problem: string;
  readonly of: "texts" | "images";
}

/** A prompt as tokens, or what is wrong with it. */
export async function preparePrompt(
  { messages, images }: Conversation,
  processor: Processor,
  folder: ImageFolder,
): Promise<EncodedPrompt | Problem> {
  for (const text of messages.flatMap(textsOf)) {
    const problem = unreadable(text, processor.tokenizer);
    if (problem !== undefined) return { problem, of: "texts" };
  }
  try {
    const rasters = await Promise.all(images.map((source) => rasterOf(source, folder)));
    const wrong = rasters.find(isProblem);
    if (wrong !== undefined) return { ...wrong, of: "images" };
    const prompt = processor.encodePrompt(messages, rasters as ReadonlyArray<Raster>);
    if (prompt.ids.length <= MOST_TOKENS) return prompt;
    const problem = `has ${prompt.ids.length} tokens with its images, more than ${MOST_TOKENS}`;
    return { problem, of: "texts" };
  } catch (error) {
    const { _tag, message } = error as { readonly _tag?: string; readonly message: string };
    if (_tag === undefined) throw error;
    return { problem: message, of: _tag.startsWith("Image") ? "images" : "texts" };
  }
}

async function rasterOf(source: ImageSource, folder: ImageFolder) {
  const read = imageBytes(source, folder);
  if (!isProblem(read)) return readImage(read.bytes);
  const name = "path" in source ? brief(source.path) : "";
  return { problem: read.problem.includes(name) ? read.problem : `${name} ${read.problem}` };
}

const textsOf = ({ content }: Message): ReadonlyArray<string> =>
  typeof content === "string"
    ? [content]
    : content.flatMap((part) => (part.type === "text" ? [part.text] : []));
