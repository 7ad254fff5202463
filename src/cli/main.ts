/** The `rcpa` command: one module below `commands/` for each word. CLI. */
import { optionsText } from "./args.ts";
import { fetchArguments } from "./hub/reads.ts";
import { finish, outliveReaders } from "./run.ts";

/** Takes the arguments after its word; gives the exit code, or text that says how it was misused. */
type Command = (argv: ReadonlyArray<string>) => Promise<number | string>;

interface Entry {
  /** The arguments, as usage shows them. */
  readonly takes: string;
  readonly about: string;
  /** `help` tells the options of a command that has many. */
  readonly load: () => Promise<{ readonly command: Command; readonly help?: string }>;
}

const commands: Readonly<Record<string, Entry>> = {
  new: {
    takes: "NAME [--data FILE|DIR] [--test FILE] [--model DIR] [--json]",
    about: "write a pipeline for your own rows, after looking at them",
    load: () => import("./commands/new.ts"),
  },
  run: {
    takes: "FILE... [options]",
    about: "run the pipeline that FILE exports as default; several at once",
    load: () => import("./commands/run.ts"),
  },
  check: {
    takes: "FILE [--json]",
    about: "every problem of the pipeline at once: types, options, files, budgets, memory",
    load: () => import("./commands/check.ts"),
  },
  plan: {
    takes: "FILE [--json | --mermaid] [options]",
    about: "what a run would do and why, and what it would cost here, without starting it",
    load: () => import("./commands/plan.ts"),
  },
  describe: {
    takes: "FILE [--json | --mermaid]",
    about: "print what the pipeline says, without running anything",
    load: () => import("./commands/describe.ts"),
  },
  runs: {
    takes: "[--out DIR] [--json]",
    about: "list past runs",
    load: () => import("./commands/runs.ts"),
  },
  show: {
    takes: "RUN [--out DIR] [--json]",
    about: "one past run in full; RUN is an id, its beginning, `latest`, or a folder",
    load: () => import("./commands/show.ts"),
  },
  diff: {
    takes: "RUN RUN [--out DIR] [--json]",
    about: "two past runs: what was asked for, code, environment, results, metrics",
    load: () => import("./commands/diff.ts"),
  },
  report: {
    takes: "RUN [--to FILE] [--out DIR] [--json]",
    about: "write the page about a past run again, into its folder or to FILE",
    load: () => import("./commands/report.ts"),
  },
  gc: {
    takes: "[--out DIR] [--dry-run] [--keep-days N]",
    about: "delete results no run refers to, checkpoints of finished stages, and leftovers",
    load: () => import("./commands/gc.ts"),
  },
  export: {
    takes: "RUN --to DIR [--format merged|peft] [--stage STAGE] [--replace] [--out DIR] [--json]",
    about: "the model of a past run as a Hugging Face folder",
    load: () => import("./commands/export.ts"),
  },
  inspect: {
    takes: "DIR|FILE [--model DIR] [--json]",
    about: "what a model folder or a file of rows holds, and what is wrong with it",
    load: () => import("./commands/inspect.ts"),
  },
  score: {
    takes: "--model DIR --cases FILE.jsonl [--json] [options]",
    about: "log-probabilities of given completions under a model, token by token",
    load: () => import("./commands/score.ts"),
  },
  generate: {
    takes: "--model DIR --prompt T [--image P...] [--greedy] [--json] [options]",
    about: "what a model answers to a prompt with images",
    load: () => import("./commands/generate.ts"),
  },
  eval: {
    takes: "--model DIR --suite NAME=PATH... [--against DIR] [--limit N] [--json] [options]",
    about: "scores on general benchmarks (MMBench, MMStar, MathVista, POPE, VQA), and retention",
    load: () => import("./commands/eval.ts"),
  },
  engine: {
    takes: "[install] [--engine NAME] [--json]",
    about: "what computes here, and why; install the native one",
    load: () => import("./commands/engine.ts"),
  },
};

function usage(): string {
  const entries = Object.entries(commands).map(
    ([word, { takes, about }]) => `  rcpa ${word} ${takes}\n      ${about}`,
  );
  return [
    "rcpa: adapt a vision-language model to a domain without making it forget",
    entries.join("\n"),
    `of a run, ${optionsText}`,
  ].join("\n\n");
}

/** Runs the command line after the word `rcpa`; gives the exit code. */
async function main(argv: ReadonlyArray<string>): Promise<number> {
  const [word, ...rest] = argv;
  if (word === "--help" || word === "-h") {
    process.stdout.write(`${usage()}\n`);
    return 0;
  }
  if (word === undefined) return refuse("no command", usage());
  const entry = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (entry === undefined) return refuse(`unknown command "${word}"`, usage());
  const { command, help } = await entry.load();
  const line = `usage: rcpa ${word} ${entry.takes}`;
  if (asksForHelp(rest, help)) {
    process.stdout.write(`${entry.about}\n\n${line}${help === undefined ? "" : `\n\n${help}`}\n`);
    return 0;
  }
  const unfetched = await fetchArguments(rest);
  if (unfetched !== undefined) {
    process.stderr.write(`rcpa: ${unfetched}\n`);
    return 1;
  }
  const outcome = await command(rest).catch(refuseInvalid);
  if (typeof outcome === "number") return outcome;
  return refuse(outcome, help === undefined ? line : `${line}\n\nrcpa ${word} --help says more`);
}

/** A pipeline file's own `--help`, which comes after it, is answered by the file. */
const asksForHelp = (argv: ReadonlyArray<string>, help: string | undefined): boolean =>
  (help === undefined ? argv.slice(0, 1) : argv).some((one) => one === "--help" || one === "-h");

/** A pipeline that cannot be imported, in the words of its error; anything else is a fault of the program. */
function refuseInvalid(error: { readonly _tag?: string; readonly message: string }): number {
  if (error._tag !== "PipelineInvalid") throw error;
  process.stderr.write(`${error.message}\n`);
  return 2;
}

function refuse(reason: string, help: string): number {
  process.stderr.write(`rcpa: ${reason}\n\n${help}\n`);
  return 2;
}

outliveReaders();
finish(await main(process.argv.slice(2)));
