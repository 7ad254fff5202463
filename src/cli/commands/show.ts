/** `rcpa show`: one past run, stage by stage, with its metrics, evaluation and places. CLI. */

import { duration } from "../../core/duration.ts";
import { renderVerdict } from "../../runtime/errors.ts";
import { type RunHistory, readRun } from "../../runtime/history.ts";
import type { StageHistory } from "../../runtime/stage-history.ts";
import { readHistoryArgs, refusing } from "../history-args.ts";
import { evaluationTable, fromHere } from "../summary.ts";
import { columns, wrapped } from "../table.ts";

/** Gives the exit code, or what is wrong with the arguments. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const args = readHistoryArgs(argv, 1);
  if (typeof args === "string") return args;
  return refusing(() => {
    const run = readRun(args.runs[0]!, args.out);
    process.stdout.write(`${args.json ? JSON.stringify(run) : renderRun(run)}\n`);
  });
}

/** A run as text for a person. */
export function renderRun(run: RunHistory): string {
  const result = run.evaluation === null ? [] : ["", ...evaluationTable(run.evaluation)];
  const model = run.modelDir === null ? "-" : fromHere(run.modelDir);
  const problems = run.problems.map((problem) => `! ${problem}`);
  return [
    ...[...header(run), ...problems, ""],
    ...stageLines(run.stages),
    ...[...result, "", `run    ${fromHere(run.dir)}`, `model  ${model}`],
  ].join("\n");
}

function header(run: RunHistory): ReadonlyArray<string> {
  const { environment = {} } = run.record ?? {};
  const engine = environment.engine as { readonly [field: string]: unknown } | null | undefined;
  const about = engine ? ` (${engine.version}, ${engine.device}, threads ${engine.threads})` : "";
  const time = run.seconds === null ? "" : `, ${duration(run.seconds)}`;
  const file = typeof environment.file === "string" ? `, ${fromHere(environment.file)}` : "";
  return columns([
    ["run", run.id],
    ["state", run.state],
    ["started", `${run.startedAt?.slice(0, 19).replace("T", " ") ?? "-"} UTC${time}`],
    ["pipeline", `${run.pipeline ?? "-"}, seed ${run.seed ?? "-"}${file}`],
    ["engine", `${run.engine ?? "-"}${about}`],
    ...(run.memoryGib === null ? [] : [["memory", `${run.memoryGib.toFixed(2)} GiB at most`]]),
    ...run.verdicts.map((verdict) => ["budget", renderVerdict(verdict).trim()]),
  ]);
}

function stageLines(stages: ReadonlyArray<StageHistory>): ReadonlyArray<string> {
  const head = ["stage", "", "steps", "time", "key"];
  const rows = stages.map(({ id, state, steps, seconds, key }) => [
    id,
    state,
    `${steps}`,
    seconds === null ? "-" : duration(seconds),
    key,
  ]);
  const [top, ...lines] = columns([head, ...rows], [2, 3]);
  return [top!, ...stages.flatMap((stage, index) => [lines[index]!, ...details(stage)])];
}

/** What happened in a stage, indented below its row. */
function details(stage: StageHistory): ReadonlyArray<string> {
  const metrics = Object.entries(stage.metrics).map(
    ([name, value]) => `${name} ${Number(value.toPrecision(3))}`,
  );
  const events = [
    ...(stage.resumedAfter === null ? [] : [`resumed after step ${stage.resumedAfter}`]),
    ...(stage.attempts > 1 ? [`${stage.attempts} attempts`] : []),
    ...stage.notes,
    ...(stage.failure === null ? [] : [stage.failure.detail]),
  ];
  const lines = events.flatMap((text) => wrapped(text.split(/\s+/), " "));
  if (metrics.length === 0) return lines.map((line) => `    ${line}`);
  const last = wrapped(metrics, ", ");
  return [...lines, "mean of the last 10 steps:", ...last].map((line) => `    ${line}`);
}
