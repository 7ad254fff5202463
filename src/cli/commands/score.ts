/** `rcpa score`: log-probabilities of given completions under a model, token by token. CLI. */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readConfig } from "../../models/config.ts";
import { loadProcessor } from "../../models/processor.ts";
import {
  type ModelChoice,
  modelHelp,
  modelOptions,
  readModelChoice,
  withModel,
} from "../asked-model.ts";
import { type CaseReader, checkCases, readCases } from "../cases/case-file.ts";
import { type Scored, scoreCase } from "../cases/score-case.ts";
import { flag, readOptions, telling, text } from "../command-line.ts";
import { columns } from "../table.ts";

/** What `rcpa score --help` says. */
export const help = `${modelHelp}
  --cases FILE      one JSON object a line: prompt (text or messages) or messages, image or images
                    (path, base64, bytes), completion (text) or completion_ids; id if you like.
                    <image> in a text says where an image goes; without it images come first
  --images DIR      where paths of images begin; default: the folder of FILE
  --outside         images may lie outside that folder
  --end             score the end token too, after completions given as text
  --json            one JSON object a line and case: line, id, promptTokens, tokens, ids, logprobs
                    (nats), sum, mean

A completion is tokenised by itself, as in training. Cases are computed one by one, so a case's
numbers do not depend on its neighbours.`;

interface Request extends ModelChoice {
  readonly cases: string;
  readonly images: string;
  readonly outside: boolean;
  readonly end: boolean;
  readonly json: boolean;
}

/** Gives the exit code: 0, 1 when model or cases cannot be used; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const request = readRequest(argv);
  if (typeof request === "string") return request;
  return telling(async () => {
    const reader = readerOf(request);
    const count = await checkCases(reader);
    await withModel(request, async (model, engine) => {
      const total = { tokens: 0, sum: 0 };
      for await (const one of readCases(reader)) {
        const scored = scoreCase(model, one);
        total.tokens += scored.ids.length;
        total.sum += scored.sum;
        process.stdout.write(`${request.json ? JSON.stringify(scored) : render(scored)}\n`);
      }
      if (request.json) return;
      const mean = (total.sum / total.tokens).toFixed(4);
      const tokens = plural(total.tokens, "token");
      process.stdout.write(`${plural(count, "case")}, ${tokens}, mean ${mean}; ${engine.name}\n`);
    });
    return 0;
  });
}

function readRequest(argv: ReadonlyArray<string>): Request | string {
  const options = { cases: text, images: text, outside: flag, end: flag, json: flag } as const;
  const parsed = readOptions(argv, { ...modelOptions, ...options });
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (positionals[0] !== undefined) return `what is "${positionals[0]}"? cases go after --cases`;
  const choice = readModelChoice(values);
  if (typeof choice === "string") return choice;
  const { cases, outside = false, end = false, json = false } = values;
  if (!cases) return "which cases? --cases FILE.jsonl";
  if (!existsSync(cases)) return `--cases: there is no file ${cases}`;
  if (!statSync(cases).isFile()) return `--cases: ${cases} is no file`;
  const images = values.images ?? dirname(resolve(cases));
  if (!existsSync(images)) return `--images: there is no folder ${images}`;
  return { ...choice, cases, images, outside, end, json };
}

/** The processor alone: wrong cases are told before weights are read and an engine starts. */
function readerOf({ dir, cases, images, outside, end }: Request): CaseReader {
  const config = readConfig(dir);
  return {
    file: cases,
    folder: { dir: images, outside },
    processor: loadProcessor(dir),
    vocabulary: config.text.vocabSize,
    end: end ? config.tokens.eos[0] : undefined,
  };
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function render({ line, id, promptTokens, tokens, ids, logprobs, sum, mean }: Scored): string {
  const name = id === undefined ? "" : ` (${id})`;
  const head = `line ${line}${name}: ${plural(ids.length, "token")} after ${promptTokens} of prompt`;
  const rows = tokens.map((token, index) => [
    `  ${JSON.stringify(token)}`,
    `${ids[index]}`,
    logprobs[index]!.toFixed(4),
    Math.exp(logprobs[index]!).toFixed(4),
  ]);
  return [
    head,
    ...columns([["  token", "id", "log p", "p"], ...rows], [1, 2, 3]),
    `  sum ${sum.toFixed(4)}, mean ${mean.toFixed(4)}, perplexity ${Math.exp(-mean).toPrecision(4)}\n`,
  ].join("\n");
}
