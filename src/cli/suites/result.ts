/** What `rcpa eval` found, for a person and as JSON. CLI. */
import type { Suite } from "../../evals/read.ts";
import { meanRetention, type Share, type SuiteScore } from "../../evals/scores.ts";
import { columns } from "../table.ts";

/** A suite with the scores of the model and, when there was one, of the base. */
export interface SuiteResult {
  readonly suite: Suite;
  readonly after: SuiteScore;
  readonly before?: SuiteScore;
  /** Null when the base scored nothing. */
  readonly retention?: Share | null;
}

/** What was asked for and found. */
export interface EvalResult {
  readonly model: string;
  readonly against: string | undefined;
  readonly engine: string;
  readonly maxTokens: number;
  readonly seconds: number;
  readonly results: ReadonlyArray<SuiteResult>;
}

/** The object of `--json`; shares in [0, 1], retention null without a base or where it scored nothing. */
export function evalJson(found: EvalResult): string {
  const { model, against, engine, maxTokens, seconds, results } = found;
  const suites = results.map(({ suite, after, before, retention }) => ({
    ...{ suite: suite.kind, path: suite.place, ...after },
    ...{ against: before ?? null, retention: retention ?? null },
  }));
  return JSON.stringify({
    ...{ model, against: against ?? null, engine, maxTokens, suites },
    retention: meanOf(results),
    seconds: Math.round(seconds * 1000) / 1000,
  });
}

const meanOf = (results: ReadonlyArray<SuiteResult>): number | null =>
  meanRetention(results.map(({ retention }) => retention ?? null));

/** One line a suite, below it its further measures and its groups; then what limits the numbers. */
export function evalText({ results, against, maxTokens }: EvalResult): string {
  const head = against === undefined ? ["", "score", "n"] : ["", "base", "model", "retention", "n"];
  const rows = results.flatMap((result) => rowsOf(result, against !== undefined));
  const table = columns([head, ...rows], [head.length - 1], "   ");
  const mean = meanOf(results);
  const kept = mean === null ? "-" : mean.toFixed(3);
  const lines = results.flatMap((result) => remarks(result, maxTokens));
  return [
    ...table,
    ...(against === undefined ? [] : [`mean retention ${kept}`]),
    ...[...new Set(lines)],
  ].join("\n");
}

/** A table with more lines is read by nobody; `--json` has them all. */
const MOST_GROUPS = 40;

function rowsOf({ suite, after, before, retention }: SuiteResult, paired: boolean) {
  const row = (name: string, now: Share | null, old: Share | null | undefined, kept?: string) =>
    paired
      ? [name, words(old ?? null), words(now), kept ?? "", `${now?.n ?? 0}`]
      : [name, words(now), `${now?.n ?? 0}`];
  const groups = Object.entries(after.groups)
    .slice(0, 1)
    .filter(([, values]) => Object.keys(values).length <= MOST_GROUPS);
  return [
    row(suite.kind, after.accuracy, before?.accuracy, words(retention ?? null)),
    ...Object.entries(after.measures).map(([name, one]) =>
      row(`  ${name}`, one, before?.measures[name]),
    ),
    ...groups.flatMap(([field, values]) =>
      Object.entries(values).map(([name, one]) =>
        row(`  ${name}`, one, before?.groups[field]?.[name]),
      ),
    ),
  ];
}

function words(one: Share | null): string {
  if (one === null) return "-";
  return `${one.value.toFixed(3)} [${one.low.toFixed(3)}, ${one.high.toFixed(3)}]`;
}

/** What a reader of the numbers should know. */
function remarks({ suite, after, before }: SuiteResult, maxTokens: number): ReadonlyArray<string> {
  const of = (name: string, { unread, cut }: SuiteScore) => [
    ...(unread > 0
      ? [`${name}: no answer found in ${unread} responses, which count as wrong`]
      : []),
    ...(cut > 0 ? [`${name}: ${cut} responses cut off at --max-tokens ${maxTokens}`] : []),
  ];
  const base = before === undefined ? [] : of(`${suite.kind}, base`, before);
  return [...of(suite.kind, after), ...base];
}
