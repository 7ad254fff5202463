/** Writes the tokenizer files of a small model whose words are separated by spaces. Models layer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Special tokens of a word tokenizer, in the order of their ids, which come before all words. */
export const WORD_SPECIAL_TOKENS = [
  "<|pad|>",
  "<|eos|>",
  "<|unk|>",
  "<|assistant|>",
  "<|vision_start|>",
  "<|vision_end|>",
  "<|image_pad|>",
  "<|video_pad|>",
] as const;

/**
 * One turn after another: an image as its three vision tokens, a text followed by a space, an
 * assistant's turn between `<|assistant|>` and `<|eos|>`.
 */
const CHAT_TEMPLATE = [
  "{% for message in messages %}",
  "{% if message['role'] == 'assistant' %}<|assistant|>{% endif %}",
  "{% if message['content'] is string %}{{ message['content'] }} {% else %}",
  "{% for part in message['content'] %}",
  "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>",
  "{% elif part['type'] == 'text' %}{{ part['text'] }} {% endif %}",
  "{% endfor %}{% endif %}",
  "{% if message['role'] == 'assistant' %}<|eos|>{% endif %}",
  "{% endfor %}",
  "{% if add_generation_prompt %}<|assistant|>{% endif %}",
].join("");

/**
 * Writes `tokenizer.json`, `tokenizer_config.json` and `chat_template.jinja` into an existing folder.
 *
 * Ids: `WORD_SPECIAL_TOKENS` first, then `words` in order; any other word becomes `<|unk|>`. Decoding
 * joins tokens with single spaces. `transformers` and Python's `tokenizers` read the same ids.
 * Fails: defect (`RangeError`) when a word repeats, is empty, contains space, or is a special token.
 */
export function writeWordTokenizer(dir: string, words: ReadonlyArray<string>): void {
  const vocabulary = [...WORD_SPECIAL_TOKENS, ...words];
  const bad = words.find(
    (word, index) =>
      !/^\S+$/u.test(word) || vocabulary.indexOf(word) !== index + WORD_SPECIAL_TOKENS.length,
  );
  if (bad !== undefined) throw new RangeError(`"${bad}" cannot be a word of this tokenizer`);
  writeJson(join(dir, "tokenizer.json"), tokenizerFile(vocabulary));
  writeJson(join(dir, "tokenizer_config.json"), {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: 4096,
    clean_up_tokenization_spaces: false,
    pad_token: "<|pad|>",
    eos_token: "<|eos|>",
    unk_token: "<|unk|>",
  });
  writeFileSync(join(dir, "chat_template.jinja"), CHAT_TEMPLATE);
}

function tokenizerFile(vocabulary: ReadonlyArray<string>) {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: WORD_SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      unk_token: "<|unk|>",
    },
  };
}

function writeJson(path: string, value: unknown) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
