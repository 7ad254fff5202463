/** `rcpa generate` as a user types it: the greedy tokens of `transformers`, sampling by seed, and wrong input. */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "../../../src/cli/commands/generate.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { goldenModels } from "../../support/golden.ts";
import { problems, writeOwnData } from "../../support/own-data.ts";
import { rcpa, tell } from "../../support/rcpa.ts";

const golden = goldenModels("qwen2_5_vl");

/** Prompt and images of a case, as one types them. */
function typed({ messages }: (typeof golden)[number]["cases"][number]): ReadonlyArray<string> {
  const parts = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const prompt = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
  const images = parts.flatMap((part) => ("image" in part ? [`${part.image}`] : []));
  return ["--prompt", prompt, "--image", ...images];
}

describe("rcpa generate", { timeout: 120_000 }, () => {
  const cases = golden.flatMap((model) => model.cases.map((one) => ({ ...one, model })));

  it.each(cases)("gives the greedy tokens of $model.name, case $index", async (one) => {
    const { checkpoint } = one.model;
    const length = ["--greedy", "--max-tokens", `${one.greedyIds.length}`, "--json"];
    const argv = ["--model", checkpoint, ...typed(one), ...length];
    // One as a program; the others in this process, where the engine runs already.
    const told =
      one.index === 0
        ? await rcpa(dirname(checkpoint), "generate", ...argv)
        : await tell(command, dirname(checkpoint), ...argv);
    expect(told.code).toBe(0);
    const { prompt, promptTokens, responses } = JSON.parse(told.stdout);
    expect(prompt).toBe(one.renderedPrompt);
    expect(promptTokens).toBe(one.promptIds.length);
    expect(responses).toHaveLength(1);
    expect(responses[0].ids).toEqual(one.greedyIds);
    expect(responses[0].logprobs).toHaveLength(one.greedyIds.length);
  });

  it("samples the same for the same seed, and answers readably", async () => {
    const dir = temporaryFolder();
    const [example] = problems(1, 0);
    await writeOwnData(dir, "trl", [example!]);
    const ask = (...more: ReadonlyArray<string>) =>
      tell(
        command,
        dir,
        ...["--model", "tiny-vlm", "--image", "images/0.png"],
        ...["--prompt", example!.question, "--max-tokens", "12", ...more],
      );
    const first = await ask("--samples", "3", "--seed", "5");
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^1\. .*\n {2}\(\d+ tokens, mean log p -\d/);
    expect(first.stdout.match(/^[123]\. /gm)).toHaveLength(3);
    expect(await ask("--samples", "3", "--seed", "5")).toEqual(first);
    expect((await ask("--samples", "3", "--seed", "6")).stdout).not.toBe(first.stdout);
    const cold = await ask("--temperature", "0");
    expect(cold.stdout).toMatch(/^\S.*\n {2}\(\d+ tokens, mean log p -?\d/);
    expect(await ask("--greedy")).toEqual(cold);
  });
});

describe("wrong input", () => {
  const prompt = ["--model", "tiny-vlm", "--prompt", "describe the image"];

  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["no model", ["--prompt", "x"], /which model\?/],
    ["no prompt", ["--model", "tiny-vlm"], /which prompt\?/],
    ["a bare image", [...prompt, "a.png"], /what is "a\.png"\? images go after --image/],
    ["two temperatures", [...prompt, "--greedy", "--temperature", "0.5"], /leave one of them out/],
    ["no number", [...prompt, "--temperature", "hot"], /from 0 to 100, got "hot"/],
    [
      "a dash",
      [...prompt, "--temperature", "-1"],
      /--temperature needs a value; .* --temperature=-1/,
    ],
    ["below 0", [...prompt, "--temperature=-1"], /from 0 to 100, got "-1"/],
    ["no room", [...prompt, "--max-tokens", "0"], /--max-tokens takes a whole number from 1/],
    ["half a sample", [...prompt, "--samples", "1.5"], /--samples takes a whole number/],
    [
      "greedy samples",
      [...prompt, "--greedy", "--samples", "2"],
      /greedy responses are all the same/,
    ],
    ["a misspelt option", [...prompt, "--sample", "2"], /did you mean --samples\?/],
  ])("%s is told with the way out", async (_, argv, message) => {
    const { code, stdout } = await tell(command, temporaryFolder(), ...argv);
    expect(code).toMatch(message);
    expect(stdout).toBe("");
  });

  it.each<[string, ReadonlyArray<string>, RegExp]>([
    ["an unknown word", ["--prompt", "zebra"], /--prompt: "zebra" is not .*; `rcpa inspect MODEL`/],
    ["a missing image", [...prompt, "--image", "x.png"], /--image: there is no file "x\.png"/],
    ["no image", [...prompt, "--image", "text.png"], /--image: "text\.png" is no image in PNG/],
    ["too few images", ["--prompt", "<image> a"], /--prompt: has places for 1 image/],
    ["a mark", ["--prompt", "<|image_pad|>"], /--prompt: holds <\|image_pad\|>, which is a mark/],
  ])("%s is refused before weights are read", async (_, argv, message) => {
    const dir = temporaryFolder();
    writeFileSync(join(dir, "text.png"), "no picture");
    const { code, stderr, stdout } = await tell(command, dir, "--model", "tiny-vlm", ...argv);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(message);
  });
});
