/** The word tokenizer's files: ids without spurious tokens, texts joined by single spaces. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadChatTemplate } from "../../src/models/chat-template.ts";
import { loadTokenizer } from "../../src/models/tokenizer.ts";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../src/models/word-tokenizer.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-words-"));
afterAll(() => rmSync(dir, { recursive: true }));
const words = [
  ..."<think> </think> <answer> </answer> + - * / = ; ? what color is the circle red".split(" "),
  ...Array.from({ length: 181 }, (_, number) => String(number)),
];
writeWordTokenizer(dir, words);
const tokenizer = loadTokenizer(dir);
const render = loadChatTemplate(dir);
const names = (ids: ReadonlyArray<number>) => ids.map((id) => tokenizer.decode([id]));

describe("word tokenizer", () => {
  it("numbers special tokens first, then words in order", () => {
    expect(tokenizer.size).toBe(WORD_SPECIAL_TOKENS.length + words.length);
    const ids = [...WORD_SPECIAL_TOKENS, ...words].map((token) => tokenizer.id(token));
    expect(ids).toEqual(ids.map((_, index) => index));
  });

  it("encodes one id a word and comes back to the same text", () => {
    const text = "<think> 30 + 50 = 80 ; 180 / 2 = 90 </think> <answer> 80 </answer>";
    const ids = tokenizer.encode(text);
    expect(names(ids)).toEqual(text.split(" "));
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it("renders a question about an image without spurious tokens", () => {
    const content = [
      { type: "image" },
      { type: "text", text: "what color is the circle ?" },
    ] as const;
    const prompt = render([{ role: "user", content }]);
    expect(names(tokenizer.encode(prompt))).toEqual(
      "<|vision_start|> <|image_pad|> <|vision_end|> what color is the circle ? <|assistant|>".split(
        " ",
      ),
    );
  });

  it("continues a rendered prompt with a response as a whole conversation would", () => {
    const messages = [
      { role: "user", content: "what color ?" },
      { role: "assistant", content: "<answer> red </answer>" },
    ];
    const whole = tokenizer.encode(render(messages, { addGenerationPrompt: false }));
    const prompt = tokenizer.encode(render(messages.slice(0, 1)));
    const response = tokenizer.encode("<answer> red </answer>");
    expect(whole).toEqual([...prompt, ...response, tokenizer.id("<|eos|>")]);
    const text = "what color ? <answer> red </answer>";
    expect(tokenizer.decode(whole, { skipSpecial: true })).toBe(text);
  });

  it("ignores extra space and marks unknown words", () => {
    expect(names(tokenizer.encode(" red \n\t circle zebra "))).toEqual([
      "red",
      "circle",
      "<|unk|>",
    ]);
  });

  it("refuses words that cannot be told apart", () => {
    for (const bad of [["red", "red"], ["two words"], [""], ["<|eos|>"]]) {
      expect(() => writeWordTokenizer(dir, bad)).toThrow(RangeError);
    }
  });
});
