/** Text to token ids and back, exactly as the `tokenizer.json` of a model folder says. Models layer. */
import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import * as Schema from "effect/Schema";
import { decodeJson, messageOf, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";

/** A tokenizer; ids are those of Python's `tokenizers` with `add_special_tokens=False`. */
export interface Tokenizer {
  /** Number of ids, special tokens included; embeddings may have more rows. */
  readonly size: number;
  /** Ids of a text; special tokens written out in it become their single ids. */
  readonly encode: (text: string) => Array<number>;
  /** Text of ids; ids that name no token give nothing, `skipSpecial` leaves special tokens out. */
  readonly decode: (
    ids: ReadonlyArray<number>,
    options?: { readonly skipSpecial?: boolean },
  ) => string;
  /** Tokens that are marks of the model, not text. */
  readonly special: ReadonlyArray<string>;
  /** The first word of a text that the tokenizer does not know; undefined when it knows them all. */
  readonly firstUnknown: (text: string) => string | undefined;
  /** The id of one token; a defect (`RangeError`) when there is none. */
  readonly id: (token: string) => number;
}

const AddedToken = Schema.Struct({
  id: optional(Schema.Int),
  content: Schema.String,
  single_word: optional(Schema.Boolean),
  lstrip: optional(Schema.Boolean),
  rstrip: optional(Schema.Boolean),
  normalized: optional(Schema.Boolean),
  special: optional(Schema.Boolean),
});
const Json = Schema.Record(Schema.String, Schema.Unknown);
const TokenizerFile = Schema.Struct({
  model: Schema.Struct({
    type: optional(Schema.String),
    unk_token: optional(Schema.String),
    unk_id: optional(Schema.Int),
  }),
  added_tokens: optional(Schema.Array(AddedToken)),
});
const TokenizerConfigFile = Schema.Struct({
  added_tokens_decoder: optional(Schema.Record(Schema.String, AddedToken)),
  clean_up_tokenization_spaces: optional(Schema.Boolean),
});

/**
 * The tokenizer of a model folder, from `tokenizer.json` and `tokenizer_config.json`.
 *
 * Fails: `ModelFolderInvalid`.
 */
export function loadTokenizer(dir: string): Tokenizer {
  const path = join(dir, "tokenizer.json");
  const configPath = join(dir, "tokenizer_config.json");
  const json = readJsonFile(path);
  const configJson = readJsonFile(configPath);
  const file = decodeJson(TokenizerFile, json, path);
  const config = decodeJson(TokenizerConfigFile, configJson, configPath);
  const known = new Set((file.added_tokens ?? []).map((token) => token.content));
  // `transformers` also adds what only tokenizer_config.json lists.
  const more = Object.entries(config.added_tokens_decoder ?? {})
    .filter(([, token]) => !known.has(token.content))
    .map(([id, token]) => ({ ...token, id: Number(id) }));
  const added = [...(file.added_tokens ?? []), ...more];
  try {
    const tokenizer = new HubTokenizer(
      {
        normalizer: null,
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        ...(json as object),
        added_tokens: added,
      },
      plainConfig(decodeJson(Json, configJson, configPath)),
    );
    const special = added.filter((token) => token.special !== false).map(({ content }) => content);
    const { unk_token: unknown, unk_id: unknownId } = file.model;
    const id = unknown == null ? (unknownId ?? undefined) : tokenizer.token_to_id(unknown);
    return wrap(tokenizer, config.clean_up_tokenization_spaces ?? false, special, id);
  } catch (error) {
    throw folderInvalid(path, "", `cannot be used: ${messageOf(error)}`);
  }
}

/** Older files write a special token as an object with `content`; the library expects its text. */
function plainConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pairs = Object.entries(config).map(([key, value]) => {
    const isToken = key.endsWith("_token") && typeof value === "object" && value !== null;
    return [key, isToken ? (value as { content?: unknown }).content : value] as const;
  });
  return Object.fromEntries(pairs);
}

function wrap(
  tokenizer: HubTokenizer,
  cleanUp: boolean,
  special: ReadonlyArray<string>,
  unknown: number | undefined,
): Tokenizer {
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const isUnknown = (text: string) => unknown !== undefined && encode(text).includes(unknown);
  return {
    size: tokenizer.get_vocab().size,
    encode,
    special,
    firstUnknown: (text) => {
      if (unknown === undefined || !isUnknown(text)) return undefined;
      return text.split(/\s+/).find((word) => word !== "" && isUnknown(word)) ?? text;
    },
    decode: (ids, { skipSpecial = false } = {}) => {
      const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return "";
      const options = { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp };
      return tokenizer.decode(known, options);
    },
    id: (token) => {
      const id = tokenizer.token_to_id(token);
      if (id === undefined) throw new RangeError(`the tokenizer has no token ${token}`);
      return id;
    },
  };
}
