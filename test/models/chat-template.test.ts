/** Prompts rendered to the letter, from each place where a template may be. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { loadChatTemplate } from "../../src/models/chat-template.ts";
import { goldenModels } from "../support/golden.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-template-"));
const names = ["chat_template.jinja", "chat_template.json", "tokenizer_config.json"];
const put = (name: string, content: string) => writeFileSync(join(dir, name), content);
beforeEach(() => {
  for (const name of names) rmSync(join(dir, name), { force: true });
});
afterAll(() => rmSync(dir, { recursive: true }));

describe.each(goldenModels("qwen2_5_vl"))("$name", ({ checkpoint, cases }) => {
  const render = loadChatTemplate(checkpoint);

  it("renders each golden prompt exactly", () => {
    for (const { messages, renderedPrompt } of cases) expect(render(messages)).toBe(renderedPrompt);
  });

  it("renders the same from tokenizer_config.json, plain or named", () => {
    const source = readFileSync(join(checkpoint, "chat_template.jinja"), "utf8");
    const named = [
      { name: "tool_use", template: "wrong" },
      { name: "default", template: source },
    ];
    for (const chat_template of [source, named]) {
      put("tokenizer_config.json", JSON.stringify({ chat_template }));
      expect(loadChatTemplate(dir)(cases[0]!.messages)).toBe(cases[0]!.renderedPrompt);
    }
  });

  it("can leave the assistant's turn closed, and keeps system and assistant turns", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Ho" },
    ];
    const turns = ["system\nBe brief.", "user\nHi", "assistant\nHo"];
    const expected = turns.map((turn) => `<|im_start|>${turn}<|im_end|>\n`).join("");
    expect(render(messages, { addGenerationPrompt: false })).toBe(expected);
  });
});

it("prefers chat_template.jinja, then chat_template.json, and gives templates the special tokens", () => {
  const token = { content: "<s>" };
  put(
    "tokenizer_config.json",
    JSON.stringify({ chat_template: "config", bos_token: token, eos_token: null }),
  );
  expect(loadChatTemplate(dir)([])).toBe("config");
  put("chat_template.json", JSON.stringify({ chat_template: "json" }));
  expect(loadChatTemplate(dir)([])).toBe("json");
  put(
    "chat_template.jinja",
    "{{ bos_token }}{% for m in messages %}\n  {{ m.role }}\n{% endfor %}",
  );
  expect(loadChatTemplate(dir)([{ role: "user", content: "" }])).toBe("<s>  user\n");
});

it("names the file when there is no template, it does not parse, or it raises", () => {
  expect(() => loadChatTemplate(dir)).toThrow(/no chat template/);
  put("chat_template.jinja", "{% for %}");
  expect(() => loadChatTemplate(dir)).toThrow(/chat_template\.jinja: chat_template/);
  put("chat_template.jinja", "{{ raise_exception('roles must alternate') }}");
  expect(() => loadChatTemplate(dir)([])).toThrow(/chat_template\.jinja.*roles must alternate/);
});
