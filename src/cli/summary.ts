/** What a finished run says: the before → after table, or one JSON object. CLI. */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { duration } from "../core/duration.ts";
import { Evaluation, ModelRef, type Score } from "../dsl/artifacts.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import type { RunResult } from "../runtime/run.ts";
import { columns } from "./table.ts";

/** A finished run with what it was asked for. */
export interface Finished {
  readonly pipeline: Pipeline;
  readonly engine: string;
  readonly result: RunResult;
  /** Wall time of the whole command. */
  readonly seconds: number;
}

const decodeEvaluation = Schema.decodeUnknownOption(Evaluation);
const decodeModel = Schema.decodeUnknownOption(ModelRef);

/** The evaluation a run produced, if its pipeline makes one. */
function evaluationOf({ artifacts }: RunResult): Evaluation | undefined {
  return Option.getOrUndefined(decodeEvaluation(artifacts.evaluation));
}

function modelDirOf({ artifacts }: RunResult): string | undefined {
  return Option.getOrUndefined(decodeModel(artifacts.policy))?.dir;
}

/** The object of `--json`; accuracies in [0, 1], null where the pipeline measures nothing. */
export function asJson({ pipeline, engine, result, seconds }: Finished): string {
  const evaluation = evaluationOf(result);
  const accuracies = (suite: "domain" | "general") => {
    const found = evaluation?.[suite];
    if (found === undefined) return null;
    return { before: found.before.accuracy, after: found.after.accuracy, n: found.n };
  };
  return JSON.stringify({
    pipeline: pipeline.name,
    seed: pipeline.seed,
    engine,
    domain: accuracies("domain"),
    general: accuracies("general"),
    retention: evaluation?.retention?.value ?? null,
    blank: evaluation?.blank.accuracy ?? null,
    ...(evaluation?.also === undefined ? {} : { also: evaluation.also }),
    budgets: Object.fromEntries(result.verdicts.map(({ budget, ...verdict }) => [budget, verdict])),
    seconds: Math.round(seconds * 1000) / 1000,
    steps: result.steps,
    runDir: result.runDir,
    modelDir: modelDirOf(result) ?? null,
  });
}

/** The table and the places of a finished run, for a person. */
export function asText({ result, seconds }: Finished): string {
  const evaluation = evaluationOf(result);
  const model = modelDirOf(result);
  const report = join(result.runDir, "report.html");
  const peakGiB = process.resourceUsage().maxRSS / 1024 ** 2;
  return [
    ...(evaluation === undefined ? [] : ["", ...evaluationTable(evaluation), ""]),
    `done in ${duration(seconds)}, ${result.steps} steps, peak memory ${peakGiB.toFixed(2)} GiB`,
    `run    ${fromHere(result.runDir)}`,
    ...(existsSync(report) ? [`report ${fromHere(report)}`] : []),
    ...(model === undefined ? [] : [`model  ${fromHere(model)}`]),
  ].join("\n");
}

/** Before and after with their intervals, one line each. */
export function evaluationTable(evaluation: Evaluation): ReadonlyArray<string> {
  const { domain, general, retention, blank } = evaluation;
  const kept = retention === null ? "-" : interval(retention.value, retention.low, retention.high);
  const rows = [
    ["", "before", "after", "n"],
    compared("domain accuracy", domain),
    compared("general accuracy", general),
    ["retention", "", kept, ""],
    ["blank image", "", score(blank), `${blank.n}`],
    ...Object.entries(evaluation.families).map(([name, { before, after, n }]) => [
      `  ${name}`,
      before.toFixed(3),
      after.toFixed(3),
      `${n}`,
    ]),
    ...Object.entries(evaluation.also ?? {}).flatMap(([name, { families, ...whole }]) => [
      compared(name, whole),
      ...Object.entries(families).map(([family, one]) => compared(`  ${family}`, one)),
    ]),
  ];
  return columns(rows, [], "   ");
}

const compared = (name: string, { before, after, n }: Evaluation["domain"]) => [
  name,
  score(before),
  score(after),
  `${n}`,
];

function score({ accuracy, low, high }: Score): string {
  return interval(accuracy, low, high);
}

function interval(value: number, low: number, high: number): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** A path relative to this folder when it lies below it. */
export function fromHere(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
