/** `rcpa generate`: what a model answers to a prompt with images. CLI. */
import { stream } from "../../core/seed.ts";
import { isProblem } from "../../data/turns.ts";
import { type Generated, generate } from "../../models/generate.ts";
import { loadProcessor, type Processor } from "../../models/processor.ts";
import {
  type ModelChoice,
  modelHelp,
  modelOptions,
  NotFinite,
  readModelChoice,
  withModel,
} from "../asked-model.ts";
import { readConversation } from "../cases/conversation.ts";
import { preparePrompt } from "../cases/prepare.ts";
import { flag, readOptions, telling, text, texts, wholeNumber } from "../command-line.ts";
import { printable } from "../printable.ts";

/** What `rcpa generate --help` says. */
export const help = `${modelHelp}
  --prompt T        the question; <image> says where an image goes, without it images come first
  --image P         an image file; several follow each other, or repeat the option
  --system T        a system message before the question
  --greedy          take the likeliest token each time; the same as --temperature 0
  --temperature X   0 to 100: below 1 likelier tokens are favoured; default: 1
  --max-tokens N    longest response, the end token counted; default: 256
  --samples N       responses, computed side by side; default: 1
  --seed N          of the sampling; default: 0
  --json            one JSON object: prompt as the model gets it, and of each response text, ids,
                    tokens, logprobs (nats, at temperature 1), sum, mean, finished`;

interface Request extends ModelChoice {
  readonly prompt: string;
  readonly system: string | undefined;
  readonly images: ReadonlyArray<string>;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly samples: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Responses computed side by side; more would need more memory and save no time. */
const AT_ONCE = 32;

/** Gives the exit code: 0, 1 when model or prompt cannot be used; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const request = readRequest(argv);
  if (typeof request === "string") return request;
  return telling(async () => {
    // The processor alone: a wrong prompt is told before weights are read and an engine starts.
    const processor = loadProcessor(request.dir);
    const system = request.system === undefined ? [] : [message("system", request.system)];
    const asked = [...system, message("user", request.prompt)];
    const conversation = readConversation(asked, request.images);
    if (isProblem(conversation)) return refuse(conversation.problem, conversation.of);
    // What the user names on the command line may be anywhere.
    const folder = { dir: process.cwd(), outside: true };
    const prompt = await preparePrompt(conversation, processor, folder);
    if (isProblem(prompt)) return refuse(prompt.problem, prompt.of);
    return withModel(request, async ({ vlm }, engine) => {
      const random = stream(request.seed, "generate");
      // Nothing is suppressed: what is told is what the model itself says.
      const responses = generate(vlm, [prompt], {
        ...{ ...request, random, suppressed: [], atOnce: AT_ONCE },
      });
      const answered = responses.map((one, index) => describe(one, index, processor));
      const rendered = processor.render(conversation.messages);
      const { temperature, seed, maxTokens } = request;
      const asked = { prompt: rendered, promptTokens: prompt.ids.length, images: request.images };
      const object = { ...asked, temperature, seed, maxTokens, engine: engine.name };
      const json = JSON.stringify({ ...object, responses: answered });
      process.stdout.write(request.json ? `${json}\n` : render(answered, maxTokens));
      return 0;
    });
  });
}

const message = (role: string, content: string) => ({ role, content });

function refuse(problem: string, of: "texts" | "images"): number {
  const hint = /is not among the/.test(problem) ? "; `rcpa inspect MODEL` lists them" : "";
  process.stderr.write(`rcpa: --${of === "texts" ? "prompt" : "image"}: ${problem}${hint}\n`);
  return 1;
}

function readRequest(argv: ReadonlyArray<string>): Request | string {
  const parsed = readOptions(argv, {
    ...{ ...modelOptions, prompt: text, image: texts, system: text, greedy: flag, json: flag },
    ...{ temperature: text, "max-tokens": text, samples: text, seed: text },
  });
  if (typeof parsed === "string") return parsed;
  const { values } = parsed;
  const images = imagesOf(parsed.tokens);
  if (typeof images === "string") return images;
  const choice = readModelChoice(values);
  if (typeof choice === "string") return choice;
  const { prompt, system, greedy = false, json = false } = values;
  if (!prompt?.trim()) return "which prompt? --prompt TEXT";
  const temperature = temperatureOf(values.temperature, greedy);
  const maxTokens = wholeNumber("--max-tokens", values["max-tokens"] ?? "256", 1, 16_384);
  const samples = wholeNumber("--samples", values.samples ?? "1", 1, 1024);
  const most = Number.MAX_SAFE_INTEGER;
  const seed = wholeNumber("--seed", values.seed ?? "0", -most, most);
  for (const one of [temperature, maxTokens, samples, seed]) {
    if (typeof one === "string") return one;
  }
  const numbers = { temperature, maxTokens, samples, seed } as Record<string, number>;
  if (temperature === 0 && samples !== 1) {
    return "--samples: greedy responses are all the same; leave --greedy or --samples out";
  }
  return { ...choice, prompt, system, images, json, ...(numbers as Numbers) };
}

type Numbers = Pick<Request, "temperature" | "maxTokens" | "samples" | "seed">;

function temperatureOf(value: string | undefined, greedy: boolean): number | string {
  if (value === undefined) return greedy ? 0 : 1;
  const read = value.trim() === "" ? Number.NaN : Number(value);
  if (!(read >= 0 && read <= 100))
    return `--temperature takes a number from 0 to 100, got "${value}"`;
  return greedy && read !== 0 ? "--greedy is --temperature 0; leave one of them out" : read;
}

type Tokens = Exclude<ReturnType<typeof readOptions>, string>["tokens"];

/** Images in order: each `--image`, and the names that follow one. */
function imagesOf(tokens: Tokens): ReadonlyArray<string> | string {
  const images: Array<string> = [];
  let following = false;
  for (const token of tokens ?? []) {
    if (token.kind === "positional") {
      if (!following)
        return `what is "${token.value}"? images go after --image, the question after --prompt`;
      images.push(token.value);
    } else following = token.kind === "option" && token.name === "image";
    if (token.kind === "option" && token.name === "image") images.push(token.value!);
  }
  return images;
}

/** One response, as `--json` gives it. */
interface Answered {
  readonly text: string;
  readonly ids: ReadonlyArray<number>;
  readonly tokens: ReadonlyArray<string>;
  readonly logprobs: ReadonlyArray<number>;
  readonly sum: number;
  readonly mean: number;
  readonly finished: boolean;
}

/** Fails: `NotFinite`. */
function describe(
  { ids, logProbs, finished }: Generated,
  index: number,
  { tokenizer }: Processor,
): Answered {
  const wrong = logProbs.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new NotFinite({ where: `response ${index + 1}, token ${wrong + 1}` });
  const sum = logProbs.reduce((a, b) => a + b, 0);
  return {
    text: tokenizer.decode(ids, { skipSpecial: true }),
    ids,
    tokens: ids.map((id) => tokenizer.decode([id])),
    ...{ logprobs: logProbs, sum, mean: sum / logProbs.length, finished },
  };
}

function render(answered: ReadonlyArray<Answered>, maxTokens: number): string {
  const lines = answered.map(({ text, ids, mean, finished }, index) => {
    const number = answered.length === 1 ? "" : `${index + 1}. `;
    const cut = finished ? "" : `, cut off at --max-tokens ${maxTokens}`;
    return `${number}${printable(text)}\n  (${ids.length} tokens, mean log p ${mean.toFixed(4)}${cut})\n`;
  });
  return lines.join("\n");
}
