/** A conversation that a model is asked to go on with: messages, and the images they speak of, in order. CLI. */
import { type ImageSource, imageSources } from "../../data/image-source.ts";
import { brief, imageTag, isProblem } from "../../data/turns.ts";
import type { Message } from "../../models/chat-template.ts";

/** Messages whose image parts stand for `images`, one after the other. */
export interface Conversation {
  readonly messages: ReadonlyArray<Message>;
  readonly images: ReadonlyArray<ImageSource>;
}

/** What is wrong, and whether with the texts or with the images. */
interface Problem {
  readonly problem: string;
  readonly of: "texts" | "images";
}

const inTexts = (problem: string): Problem => ({ problem, of: "texts" });
const inImages = (problem: string): Problem => ({ problem, of: "images" });

type Part = Exclude<Message["content"], string>[number];

const roles = ["system", "user", "assistant"];

/**
 * Puts images where texts say `<image>`, or before the first question when no text says so.
 *
 * @param asked a question, or messages; a message's parts may carry their images themselves
 * @param images an image, or several; undefined where the messages carry them
 */
export function readConversation(asked: unknown, images: unknown): Conversation | Problem {
  const given = typeof asked === "string" ? [{ role: "user", content: asked }] : asked;
  if (!Array.isArray(given) || given.length === 0) {
    return inTexts("is neither a text nor a list of messages");
  }
  const messages: Array<Message> = [];
  const carried: Array<unknown> = [];
  for (const one of given) {
    const message = readMessage(one, carried);
    if (isProblem(message)) return message;
    messages.push(message);
  }
  if (carried.length > 0 && images != null) {
    return inImages("stands beside messages that carry their images themselves");
  }
  const sources = imageSources(images ?? carried);
  if (isProblem(sources)) return inImages(sources.problem);
  return placed(messages, sources as ReadonlyArray<ImageSource>);
}

function readMessage(value: unknown, carried: Array<unknown>): Message | Problem {
  if (typeof value !== "object" || value === null) {
    return inTexts(`has a message that is no object: ${brief(value)}`);
  }
  const { role, content } = value as Readonly<Record<string, unknown>>;
  if (typeof role !== "string" || !roles.includes(role)) {
    return inTexts(`has a message of the role ${brief(role)}; roles: ${roles.join(", ")}`);
  }
  const values = typeof content === "string" ? [{ type: "text", text: content }] : content;
  if (!Array.isArray(values)) return inTexts(`has a message without content: ${brief(value)}`);
  const parts: Array<Part> = [];
  for (const one of values) {
    const read = readPart(one, carried);
    if (isProblem(read)) return read;
    parts.push(...(read as ReadonlyArray<Part>));
  }
  return { role, content: parts };
}

function readPart(value: unknown, carried: Array<unknown>): ReadonlyArray<Part> | Problem {
  const { type, text, image, path } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (type === "text" && typeof text === "string") return textParts(text);
  if (type !== "image") {
    return inTexts(`has a part that is neither text nor image: ${brief(value)}`);
  }
  const held = image ?? path;
  if (held != null) carried.push(held);
  return [{ type: "image" }];
}

/** A text cut where it says `<image>`; a line end beside the tag belongs to the tag. */
function textParts(text: string): ReadonlyArray<Part> {
  const pieces = text.split(imageTag);
  return pieces.flatMap((piece, index): ReadonlyArray<Part> => {
    const tag: ReadonlyArray<Part> = index === 0 ? [] : [{ type: "image" }];
    const open = index === 0 ? piece : piece.replace(/^\n/, "");
    const own = index === pieces.length - 1 ? open : open.replace(/\n$/, "");
    return own === "" ? tag : [...tag, { type: "text", text: own }];
  });
}

function placed(
  messages: ReadonlyArray<Message>,
  images: ReadonlyArray<ImageSource>,
): Conversation | Problem {
  const count = messages.reduce((sum, { content }) => sum + imagesIn(content), 0);
  if (count > 0 && count !== images.length) {
    return inTexts(`has places for ${count} image(s), but there are ${images.length}`);
  }
  const first = messages.findIndex(({ role }) => role === "user");
  if (images.length > 0 && first < 0) return inTexts("has no message of the user for the images");
  const filled = messages.map((message, index): Message => {
    if (count > 0 || index !== first) return plain(message);
    const before = images.map((): Part => ({ type: "image" }));
    return plain({ ...message, content: [...before, ...(message.content as Array<Part>)] });
  });
  return { messages: filled, images };
}

const imagesIn = (content: Message["content"]): number =>
  typeof content === "string" ? 0 : content.filter(({ type }) => type === "image").length;

/** A message of text alone as one text, which every chat template takes. */
function plain({ role, content }: Message): Message {
  if (typeof content === "string" || imagesIn(content) > 0) return { role, content };
  return { role, content: content.map((part) => ("text" in part ? part.text : "")).join("") };
}
