/** `rcpa eval`: scores of a model on general benchmarks, and what it keeps of another one's. CLI. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import type { Suite } from "../../evals/read.ts";
import { suiteRetention, suiteScore } from "../../evals/scores.ts";
import { type Outcome, suiteKinds } from "../../evals/suite.ts";
import { loadTokenizer } from "../../models/tokenizer.ts";
import {
  type ModelChoice,
  modelHelp,
  modelOptions,
  readModelChoice,
  withModel,
} from "../asked-model.ts";
import { flag, readOptions, telling, text, texts, wholeNumber } from "../command-line.ts";
import { printable } from "../printable.ts";
import { type Answered, type Asking, askSuite, checkSuite } from "../suites/ask.ts";
import { evalJson, evalText, type SuiteResult } from "../suites/result.ts";
import { readSuite } from "../suites/source.ts";

/** What `rcpa eval --help` says. */
export const help = `${modelHelp}
  --suite NAME=PATH a benchmark in its usual layout; repeat it for several. PATH is a file, a folder
                    in Hugging Face layout, or hf://datasets/org/name
                      mmbench    TSV: question, A to D, answer, image (base64, or another row's index)
                      mmstar     Parquet: question with its options, answer, image
                      mathvista  Parquet: question, choices, answer, answer_type, decoded_image
                      pope       JSONL: text, label, image; or Parquet: question, answer, image
                      vqa        Parquet: question, answers, image; or
                                 vqa=QUESTIONS.json,ANNOTATIONS.json,IMAGES
                    NAME=PATH,IMAGES says where paths of images begin; default: the folder of PATH
  --against DIR     another model, asked the same: retention is score over its score
  --limit N         the first N rows of each suite; default: all
  --max-tokens N    longest response, the end token counted; default: 256
  --details FILE    one JSON object a line and question: suite, id, prompt, response, answer, truth,
                    score; FILE must not be there yet
  --json            one JSON object: suites, each with accuracy, measures and groups (value, low,
                    high, n), unread, cut, against, retention; the mean retention

Answers are greedy and found in the responses by rules, not by a judge model. Intervals cover 95 %:
Wilson for shares, normal for the mean of VQA. Exit code 1: model or rows cannot be used.`;

interface Request extends Asking {
  readonly model: string;
  readonly choice: ModelChoice;
  readonly base: { readonly name: string; readonly choice: ModelChoice } | undefined;
  readonly suites: ReadonlyArray<Suite>;
  readonly details: string | undefined;
  readonly json: boolean;
}

/** Gives the exit code: 0, 1 when model or suites cannot be used; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  let misuse: string | undefined;
  const code = await telling(async () => {
    const request = readRequest(argv);
    if (typeof request !== "string") return evaluate(request);
    misuse = request;
    return 2;
  });
  return misuse ?? code;
}

async function evaluate(request: Request): Promise<number> {
  const { model, choice, base, suites, details, json, maxTokens } = request;
  const started = performance.now();
  // The tokenizers alone: wrong rows are told before weights are read and an engine starts.
  const choices = base === undefined ? [choice] : [choice, base.choice];
  const tokenizers = choices.map(({ dir }) => loadTokenizer(dir));
  for (const suite of suites) await checkSuite(suite, tokenizers, request.limit);
  if (details !== undefined) writeFileSync(details, "", { flag: "wx" });
  const after = await outcomesOf(choice, model, request);
  const before = base && (await outcomesOf(base.choice, base.name, request));
  const results = suites.map((suite, index): SuiteResult => {
    const now = after.outcomes[index]!;
    const own = { suite, after: suiteScore(suite.kind, now) };
    const old = before?.outcomes[index];
    if (old === undefined) return own;
    const retention = suiteRetention(suite.kind, old, now);
    return { ...own, before: suiteScore(suite.kind, old), retention };
  });
  const seconds = (performance.now() - started) / 1000;
  const found = { model, against: base?.name, engine: after.engine, maxTokens, seconds, results };
  process.stdout.write(`${json ? evalJson(found) : printable(evalText(found))}\n`);
  return 0;
}

/** A line of a terminal that the next one takes the place of; elsewhere nothing. */
function showProgress(text: string): void {
  const width = process.stderr.columns;
  if (!process.stderr.isTTY || !width) return;
  process.stderr.write(`\r\u001b[K${printable(text).slice(0, width - 1)}`);
}

/** The outcomes of every suite, by one model, and what computed them. */
async function outcomesOf(choice: ModelChoice, name: string, request: Request) {
  return withModel(choice, async (model, { name: engine }) => {
    const outcomes: Array<ReadonlyArray<Outcome>> = [];
    for (const suite of request.suites) {
      const own: Array<Outcome> = [];
      for await (const one of askSuite(model, suite, request)) {
        own.push(one.outcome);
        showProgress(`${name}: ${suite.kind}, ${own.length} answered`);
        if (request.details !== undefined) {
          appendFileSync(request.details, `${JSON.stringify(detail(one, suite, name))}\n`);
        }
      }
      outcomes.push(own);
    }
    showProgress("");
    return { outcomes, engine };
  });
}

function detail({ file, line, item, response, outcome }: Answered, { kind }: Suite, model: string) {
  const { id, prompt, groups, truth } = item;
  const { answer, score, cut } = outcome;
  const place = { suite: kind, model, file, line, id };
  return { ...place, groups, prompt, response, answer, truth, score, cut };
}

function readRequest(argv: ReadonlyArray<string>): Request | string {
  const parsed = readOptions(argv, {
    ...{ ...modelOptions, suite: texts, against: text, limit: text, "max-tokens": text },
    ...{ details: text, json: flag },
  });
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (positionals[0] !== undefined) return `what is "${positionals[0]}"? suites go after --suite`;
  const choice = readModelChoice(values);
  if (typeof choice === "string") return choice;
  const { suite: named = [], against, limit, details, json = false } = values;
  const other = against === undefined ? undefined : readModelChoice({ ...values, model: against });
  if (typeof other === "string") return other.replace("--model:", "--against:");
  const base = other && { name: against!, choice: other };
  if (named.length === 0) return `which suite? --suite NAME=PATH; NAME: ${suiteKinds.join(", ")}`;
  const suites = named.map(readSuite);
  const wrong = suites.find((one) => typeof one === "string");
  if (typeof wrong === "string") return wrong;
  const most =
    limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber("--limit", limit, 1, 1e9);
  if (typeof most === "string") return most;
  const maxTokens = wholeNumber("--max-tokens", values["max-tokens"] ?? "256", 1, 16_384);
  if (typeof maxTokens === "string") return maxTokens;
  if (details === "") return "--details takes a file";
  if (details !== undefined && existsSync(details)) return `--details: ${details} is there already`;
  const asking = { limit: most, maxTokens, details, json };
  return { ...asking, model: values.model!, choice, base, suites: suites as Array<Suite> };
}
