/** Text to token ids and back, exactly as the `tokenizer.json` of a model folder says. Models layer. */
import { join } from "node:path";
import { Tokenizer as HubTokenizer } from "@huggingface/tokenizers";
import * as Schema from "effect/Schema";
import { decodeJson, messageOf, optional, readJsonFile } from "./json-file.ts";
import { folderInvalid } from "./model-folder-invalid.ts";
import { within } from "./time-limit.ts";
import { checkIds, hasOwnExpressions, MAX_TOKEN_ID } from "./tokenizer-file.ts";

/** A tokenizer; ids are those of Python's `tokenizers` with `add_special_tokens=False`. */
export interface Tokenizer {
  /** Number of ids, special tokens included; embeddings may have more rows. */
  readonly size: number;
  readonly largestId: number;
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

const TokenId = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: MAX_TOKEN_ID }));
const AddedToken = Schema.Struct({
  id: optional(TokenId),
  content: Schema.NonEmptyString,
  single_word: optional(Schema.Boolean),
  lstrip: optional(Schema.Boolean),
  rstrip: optional(Schema.Boolean),
  normalized: optional(Schema.Boolean),
  special: optional(Schema.Boolean),
});
const Json = Schema.Record(Schema.String, Schema.Unknown);
const TokenizerFile = Schema.Struct({
  model: Schema.Struct({
    type: optional(Schema.Literals(["BPE", "WordLevel", "WordPiece", "Unigram"])),
    unk_token: optional(Schema.String),
    unk_id: optional(TokenId),
    vocab: Schema.Unknown,
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
 * @param options `reading`: longest that one text may take, milliseconds
 * Fails: `ModelFolderInvalid`.
 */
export function loadTokenizer(dir: string, { reading = READING } = {}): Tokenizer {
  const path = join(dir, "tokenizer.json");
  const configPath = join(dir, "tokenizer_config.json");
  const json = readJsonFile(path);
  const configJson = readJsonFile(configPath);
  const file = decodeJson(TokenizerFile, json, path);
  const config = decodeJson(TokenizerConfigFile, configJson, configPath);
  const listed = new Set((file.added_tokens ?? []).map((token) => token.content));
  // `transformers` also adds what only tokenizer_config.json lists.
  const more = Object.entries(config.added_tokens_decoder ?? {})
    .filter(([, token]) => !listed.has(token.content))
    .map(([id, token]) => ({ ...token, id: Number(id) }));
  const added = [...(file.added_tokens ?? []), ...more];
  const largestId = checkIds(path, file.model.vocab, added);
  const parts = decodeJson(Json, json, path);
  const { normalizer = null, pre_tokenizer = null, post_processor = null, decoder = null } = parts;
  const pipes = { normalizer, pre_tokenizer, post_processor, decoder };
  try {
    const tokenizer = within(
      LOADING,
      () =>
        new HubTokenizer(
          { ...parts, ...pipes, added_tokens: added },
          plainConfig(decodeJson(Json, configJson, configPath)),
        ),
    );
    const special = added.filter((token) => token.special !== false).map(({ content }) => content);
    const { unk_token: unknown, unk_id: unknownId } = file.model;
    const id = unknown == null ? (unknownId ?? undefined) : tokenizer.token_to_id(unknown);
    // What goes wrong with any text at all goes wrong here, and not in the middle of a run.
    within(LOADING, () => {
      const ids = known(tokenizer, rawIds(tokenizer, PROBE));
      if (ids.length > 0) tokenizer.decode(ids);
    });
    const limit: Limit = hasOwnExpressions(pipes)
      ? (body) => attempt(path, () => within(reading, body))
      : (body) => attempt(path, body);
    const cleanUp = config.clean_up_tokenization_spaces ?? false;
    return wrap(tokenizer, { cleanUp, special, unknown: id, largestId, limit });
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

/** Longest that a file may take to load, and a text to be read, milliseconds. */
const LOADING = 60_000;
const READING = 20_000;

const PROBE = "What is 12,5 + x ?\n\tÉé  (ok)!";

const rawIds = (tokenizer: HubTokenizer, text: string) =>
  tokenizer.encode(text, { add_special_tokens: false }).ids;

/** The ids that name a token; the library fails on others, and on none. */
const known = (tokenizer: HubTokenizer, ids: ReadonlyArray<number>) =>
  ids.filter((id) => tokenizer.id_to_token(id) !== undefined);

/** Runs code that expressions of a file drive. */
type Limit = <A>(body: () => A) => A;

function attempt<A>(path: string, body: () => A): A {
  try {
    return body();
  } catch (error) {
    throw folderInvalid(path, "", `cannot be used: ${messageOf(error)}`);
  }
}

interface Wrapping {
  readonly cleanUp: boolean;
  readonly special: ReadonlyArray<string>;
  readonly unknown: number | undefined;
  readonly largestId: number;
  readonly limit: Limit;
}

function wrap(
  tokenizer: HubTokenizer,
  { cleanUp, special, unknown, largestId, limit }: Wrapping,
): Tokenizer {
  const encode = (text: string) =>
    limit(() => {
      const ids = rawIds(tokenizer, text);
      if (ids.every(Number.isInteger)) return ids;
      throw new Error("no token stands for a character of the text, and there is no unk_token");
    });
  const isUnknown = (text: string) => unknown !== undefined && encode(text).includes(unknown);
  return {
    size: tokenizer.get_vocab().size,
    largestId,
    encode,
    special,
    firstUnknown: (text) => {
      if (unknown === undefined || !isUnknown(text)) return undefined;
      return text.split(/\s+/).find((word) => word !== "" && isUnknown(word)) ?? text;
    },
    decode: (ids, { skipSpecial = false } = {}) => {
      const named = known(tokenizer, ids);
      if (named.length === 0) return "";
      const options = { skip_special_tokens: skipSpecial, clean_up_tokenization_spaces: cleanUp };
      return limit(() => tokenizer.decode(named, options));
    },
    id: (token) => {
      const id = tokenizer.token_to_id(token);
      if (id === undefined) throw new RangeError(`the tokenizer has no token ${token}`);
      return id;
    },
  };
}
