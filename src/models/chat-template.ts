/** Renders chat messages to prompt text with the model folder's own Jinja template. Models layer. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { boundedTemplate } from "./bounded-jinja.ts";
import { decodeJson, messageOf, optional, readJsonFile, readTextFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

/** One part of a message, in the form `transformers` takes; images themselves travel apart, in order. */
type MessagePart = { readonly type: "image" } | { readonly type: "text"; readonly text: string };

/** A chat message in Hugging Face form. */
export interface Message {
  readonly role: string;
  readonly content: string | ReadonlyArray<MessagePart>;
}

/** Renders messages; `addGenerationPrompt` (default true) opens the assistant's turn at the end. */
export type ChatTemplate = (
  messages: ReadonlyArray<Message>,
  options?: { readonly addGenerationPrompt?: boolean },
) => string;

const NamedTemplates = Schema.Array(
  Schema.Struct({ name: Schema.String, template: Schema.String }),
);
const TemplateField = Schema.Struct({
  chat_template: optional(Schema.Union([Schema.String, NamedTemplates])),
});
const SpecialToken = Schema.Union([Schema.String, Schema.Struct({ content: Schema.String })]);
const SpecialTokens = Schema.Struct({
  bos_token: optional(SpecialToken),
  eos_token: optional(SpecialToken),
  pad_token: optional(SpecialToken),
  unk_token: optional(SpecialToken),
});

/**
 * The chat template of a model folder: `chat_template.jinja`, else the field in `chat_template.json`
 * or `tokenizer_config.json` (the one named "default" of several).
 *
 * A template is only data: it reads the messages, and its work is bounded.
 * Fails: `ModelFolderInvalid` when there is none, it does not parse, or rendering fails.
 */
export function loadChatTemplate(dir: string): ChatTemplate {
  const { path, source } = findTemplate(dir);
  const globals = specialTokens(join(dir, "tokenizer_config.json"));
  const render = attempt(path, () => boundedTemplate(source));
  return (messages, { addGenerationPrompt = true } = {}) =>
    attempt(path, () =>
      render({ ...globals, messages, add_generation_prompt: addGenerationPrompt }),
    );
}

/** Path of the file that holds a model folder's chat template. Fails: `ModelFolderInvalid`. */
export const chatTemplateFile = (dir: string): string => findTemplate(dir).path;

function findTemplate(dir: string): { readonly path: string; readonly source: string } {
  const own = join(dir, "chat_template.jinja");
  if (existsSync(own)) return { path: own, source: readTextFile(own) };
  for (const file of ["chat_template.json", "tokenizer_config.json"]) {
    const path = join(dir, file);
    if (!existsSync(path)) continue;
    const found = decodeJson(TemplateField, readJsonFile(path), path).chat_template;
    if (typeof found === "string") return { path, source: found };
    const named = found?.find((template) => template.name === "default") ?? found?.[0];
    if (named !== undefined) return { path, source: named.template };
  }
  throw folderInvalid(dir, "chat_template", "no chat template in this folder");
}

function specialTokens(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const tokens = decodeJson(SpecialTokens, readJsonFile(path), path);
  const texts: Record<string, string> = {};
  for (const [name, token] of Object.entries(tokens)) {
    if (token !== null) texts[name] = typeof token === "string" ? token : token.content;
  }
  return texts;
}

function attempt<A>(path: string, body: () => A): A {
  try {
    return body();
  } catch (error) {
    throw folderInvalid(path, "chat_template", messageOf(error));
  }
}
