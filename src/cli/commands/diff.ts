/** `rcpa diff`: two past runs side by side: what was asked for, code, surroundings, results and metrics. CLI. */
import {
  diffRuns,
  type FieldChange,
  type NumberPair,
  type RunDiff,
} from "../../runtime/compare.ts";
import type { RunSummary } from "../../runtime/history.ts";
import { readHistoryArgs, refusing } from "../history-args.ts";
import { columns } from "../table.ts";

/** Gives the exit code, or what is wrong with the arguments. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const args = readHistoryArgs(argv, 2);
  if (typeof args === "string") return args;
  return refusing(() => {
    const found = diffRuns(args.runs[0]!, args.runs[1]!, args.out);
    process.stdout.write(`${args.json ? JSON.stringify(found) : renderDiff(found)}\n`);
  });
}

/** The comparison as text for a person. */
export function renderDiff(diff: RunDiff): string {
  const { left, right, configuration, code, environment, results, metrics } = diff;
  const stages = [...new Set(metrics.map(({ stage }) => stage))];
  const ofStage = (name: string) => metrics.filter(({ stage }) => stage === name);
  return [
    ...columns([head("left", left), head("right", right)]),
    ...section("configuration", configuration),
    ...section("code", code, codeChange),
    ...section("environment", environment),
    ...numbers("results", results),
    ...stages.flatMap((stage) => numbers(`${stage}, mean of the last 10 steps`, ofStage(stage))),
  ].join("\n");
}

function head(side: string, { id, state, problems }: RunSummary): ReadonlyArray<string> {
  return [side, id, state, ...problems.map((problem) => `! ${problem}`)];
}

function section(
  name: string,
  changes: ReadonlyArray<FieldChange>,
  text: (change: FieldChange) => string = valueChange,
): ReadonlyArray<string> {
  if (changes.length === 0) return ["", `${name}: the same`];
  const rows = changes.map((change) => [change.field, text(change)]);
  return ["", name, ...columns(rows).map((line) => `  ${line}`)];
}

const valueChange = ({ left, right }: FieldChange): string => `${brief(left)} → ${brief(right)}`;

/** A file's hash says nothing to a person; a package's version does. */
function codeChange(change: FieldChange): string {
  if (change.field.startsWith("package ")) return valueChange(change);
  if (change.left === null) return "only right";
  return change.right === null ? "only left" : "changed";
}

function brief(value: unknown): string {
  if (value === null) return "-";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function numbers(name: string, pairs: ReadonlyArray<NumberPair>): ReadonlyArray<string> {
  const measured = pairs.filter(({ left, right }) => left !== null || right !== null);
  if (measured.length === 0) return [];
  const rows = measured.map((pair) => [
    pair.name,
    figure(pair.left),
    figure(pair.right),
    pair.difference === null ? "" : `${pair.difference > 0 ? "+" : ""}${figure(pair.difference)}`,
  ]);
  const lines = columns([["", "left", "right", "difference"], ...rows], [1, 2, 3]);
  return ["", name, ...lines.map((line) => `  ${line}`)];
}

const figure = (value: number | null): string =>
  value === null ? "-" : `${Number(value.toPrecision(4))}`;
