/** A study to run, and how it was asked for. CLI. */
import { parseArgs } from "node:util";
import type { Study } from "../../dsl/study.ts";
import type { Handler } from "../../runtime/handler.ts";
import type { Engine } from "../../tensor/engine.ts";
import { type Args, readArgs } from "../args.ts";

/** The study with the file that defines it and what that brings along. */
export interface StudyJob {
  readonly file: string;
  readonly study: Study;
  readonly args: StudyArgs;
  readonly handlers: ReadonlyArray<Handler<Engine>>;
}

/** A study's command line, read. */
export interface StudyArgs extends Pick<Args, "engine" | "stepsScale" | "out" | "json" | "help"> {
  /** Arms and seeds to restrict it to. */
  readonly arms: ReadonlyArray<string> | undefined;
  readonly seeds: ReadonlyArray<number> | undefined;
  /** Child processes at one time. */
  readonly jobs: number;
  /** Markdown file that gets the results. */
  readonly to: string | undefined;
  readonly dryRun: boolean;
  /** Runs nothing, writes what there is. */
  readonly stored: boolean;
  /** The one cell to run, in a child process. */
  readonly cell: string | undefined;
}

/** What `--help` prints, and what follows a wrong option. */
export const studyOptionsText = `options:
  --arms A,B        only these arms; default: all
  --seeds 1,2,3     only these seeds; default: the study's own
  --jobs N          so many runs at one time; default: 1
  --engine NAME     as of a pipeline; default: auto, the best there is
  --steps-scale X   multiply every number of steps by X, for a quicker try; default: 1
  --out DIR         where results, runs and documents go; default: .rcpa
  --to FILE.md      also write the results into this file, between the study's own marks
  --stored          run nothing: write what is stored
  --dry-run         print what would run and what it would cost, and run nothing
  --json            the last line is one JSON object; all else goes to stderr
  --help            print this`;

const own = {
  arms: { type: "string" },
  seeds: { type: "string" },
  jobs: { type: "string" },
  to: { type: "string" },
  "dry-run": { type: "boolean" },
  stored: { type: "boolean" },
  cell: { type: "string" },
} as const;

const shared = {
  engine: { type: "string" },
  "steps-scale": { type: "string" },
  out: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Reads a command line of `study`; text is what is wrong with it, for the user. */
export function readStudyArgs(argv: ReadonlyArray<string>, study: Study): StudyArgs | string {
  const parsed = parse(argv);
  if (typeof parsed === "string") return parsed;
  const base = readArgs(sharedArgv(parsed));
  if (typeof base === "string") return base;
  const arms = parsed.arms?.split(",");
  const unknown = arms?.find((name) => !Object.hasOwn(study.arms, name));
  if (unknown !== undefined) {
    return `--arms: there is no arm "${unknown}"; arms: ${Object.keys(study.arms).join(", ")}`;
  }
  const seeds = parsed.seeds?.split(",").map(Number);
  if (parsed.seeds === "" || seeds?.some((seed) => !Number.isSafeInteger(seed))) {
    return `--seeds takes whole numbers, as in --seeds 1,2,3, got "${parsed.seeds}"`;
  }
  const jobs = Number(parsed.jobs ?? 1);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= 64)) {
    return `--jobs takes a whole number from 1 to 64, got "${parsed.jobs}"`;
  }
  if (parsed.to !== undefined && !parsed.to.endsWith(".md")) return "--to takes a Markdown file";
  const { engine, stepsScale, out, json, help } = base;
  const { to, cell, stored = false, "dry-run": dryRun = false } = parsed;
  return { engine, stepsScale, out, json, help, arms, seeds, jobs, to, dryRun, stored, cell };
}

type Parsed = Exclude<ReturnType<typeof parse>, string>;

function parse(argv: ReadonlyArray<string>) {
  try {
    const options = { ...own, ...shared };
    return parseArgs({ args: [...argv], allowPositionals: false, options }).values;
  } catch (error) {
    return (error as Error).message.split(". To specify")[0]!;
  }
}

/** The options that pipelines have as well, as they were given. */
function sharedArgv(parsed: Parsed): ReadonlyArray<string> {
  return Object.keys(shared).flatMap((name) => {
    const value = parsed[name as keyof typeof shared];
    if (value === undefined) return [];
    return value === true ? [`--${name}`] : [`--${name}=${value}`];
  });
}

/** The study with the arms and seeds that were asked for. */
export function restrict(study: Study, { arms, seeds }: StudyArgs): Study {
  const names = arms ?? Object.keys(study.arms);
  const kept = Object.fromEntries(names.map((name) => [name, study.arms[name]!]));
  const contrasts = (study.contrasts ?? []).filter((pair) =>
    pair.every((name) => names.includes(name)),
  );
  return { ...study, arms: kept, contrasts, seeds: seeds ?? study.seeds };
}
