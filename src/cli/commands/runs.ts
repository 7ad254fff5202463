/** `rcpa runs`: the past runs of a store, newest first. CLI. */

import { renderVerdict } from "../../runtime/errors.ts";
import { shortId } from "../../runtime/find-run.ts";
import { listRuns, type RunSummary } from "../../runtime/history.ts";
import { readHistoryArgs } from "../history-args.ts";
import { columns } from "../table.ts";

/** Gives the exit code, or what is wrong with the arguments. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const args = readHistoryArgs(argv, 0);
  if (typeof args === "string") return args;
  const runs = listRuns(args.out);
  if (args.json) process.stdout.write(`${JSON.stringify(runs)}\n`);
  else process.stdout.write(`${renderRuns(runs, args.out)}\n`);
  return 0;
}

const head = "run when pipeline seed engine state steps min domain retention".split(" ");

/** The runs as a table; missed budgets, and what is wrong with a run's folder, stand below its row. */
export function renderRuns(runs: ReadonlyArray<RunSummary>, out: string): string {
  if (runs.length === 0) return `no runs in ${out} yet; another store: --out DIR`;
  const [top, ...lines] = columns([head, ...runs.map(row)], [3, 6, 7, 9]);
  const body = runs.flatMap(({ problems, verdicts }, index) => [
    lines[index]!,
    ...verdicts.filter(({ met }) => !met).map((verdict) => `  ! ${renderVerdict(verdict).trim()}`),
    ...problems.map((problem) => `  ! ${problem}`),
  ]);
  return [top, ...body].join("\n");
}

function row(run: RunSummary): ReadonlyArray<string> {
  const { domain, retention } = run;
  return [
    shortId(run.id),
    run.startedAt?.slice(0, 16).replace("T", " ") ?? "-",
    run.pipeline ?? "-",
    `${run.seed ?? "-"}`,
    run.engine ?? "-",
    run.state,
    `${run.steps}`,
    run.seconds === null ? "-" : (run.seconds / 60).toFixed(1),
    domain === null ? "-" : `${domain.before.toFixed(3)} → ${domain.after.toFixed(3)}`,
    retention === null ? "-" : retention.toFixed(3),
  ];
}
