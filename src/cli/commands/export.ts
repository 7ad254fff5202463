/** `rcpa export`: the model of a past run as a Hugging Face folder. CLI. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { exportPolicy, NoAdapter } from "../../models/lora/export.ts";
import { ADAPTER_CONFIG } from "../../models/lora/peft-folder.ts";
import { readRun } from "../../runtime/history.ts";
import { defaultOut } from "../args.ts";
import { flag, readOptions, telling, text } from "../command-line.ts";
import { modelOfRun, NoModel } from "../run-model.ts";
import { fromHere } from "../summary.ts";

/** What `rcpa export --help` says. */
export const help = `  RUN               an id, its beginning, \`latest\`, or a run's folder; \`rcpa runs\` lists them
  --to DIR          where the model goes; it appears whole or not at all
  --format NAME     merged: all weights, float32, as \`transformers\` loads them; the default
                    peft: the adapter alone, of a run that trained one
  --stage STAGE     the model that STAGE gave; default: the last one of the run
  --replace         DIR may hold a model, which is replaced
  --out DIR         the store of the run; default: ${defaultOut}
  --json            one JSON object: run, stage, format, from, to, files, parameters`;

interface Request {
  readonly run: string;
  readonly to: string;
  readonly format: "merged" | "peft";
  readonly stage: string | undefined;
  readonly out: string;
  readonly json: boolean;
}

/** Gives the exit code: 0, 1 when there is no such model, 2 when there is no such run or stage; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const request = readRequest(argv);
  if (typeof request === "string") return request;
  return telling(async () => write(request));
}

function write({ run: name, to, format, stage: wanted, out, json }: Request): number {
  const run = readRun(name, out);
  const { stage, dir } = modelOfRun(run, wanted);
  const parameters = exported(dir, format, to, `${stage} of the run ${run.id}`);
  const files = readdirSync(to).sort();
  const object = { run: run.id, stage, format, from: dir, to: resolve(to), files, parameters };
  const bytes = files.reduce((sum, file) => sum + statSync(join(to, file)).size, 0);
  const size = `${parameters.toLocaleString("en")} parameters, ${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [`${fromHere(resolve(to))}: model of ${stage}, run ${run.id}; ${size}`, ...files];
  process.stdout.write(json ? `${JSON.stringify(object)}\n` : `${lines.join("\n  ")}\n`);
  return 0;
}

/** Number of parameters; an adapter that is not there is a model that is not. */
function exported(dir: string, format: Request["format"], to: string, whose: string): number {
  try {
    return exportPolicy(dir, format, to);
  } catch (error) {
    if (!(error instanceof NoAdapter)) throw error;
    const reason = `${whose} trained the weights themselves: it has no adapter`;
    throw new NoModel({ reason, hint: "--format merged gives all weights" });
  }
}

function readRequest(argv: ReadonlyArray<string>): Request | string {
  const options = { to: text, format: text, stage: text, out: text, replace: flag, json: flag };
  const parsed = readOptions(argv, options);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const [run, ...more] = positionals;
  if (run === undefined) return "which RUN? `rcpa runs` lists them; `latest` is the newest";
  if (more[0] !== undefined) return `one argument too many: ${more[0]}`;
  const { to, format = "merged", stage, out = defaultOut, replace = false, json = false } = values;
  if (!to) return "where to? --to DIR";
  if (format !== "merged" && format !== "peft") {
    return `--format: there is no format "${format}"; formats: merged, peft`;
  }
  if (stage === "") return "--stage takes a stage";
  if (out === "") return "--out takes a folder";
  const taken = takenBy(to, format, replace);
  return taken ?? { run, to, format, stage, out, json };
}

/** What is in the way at `to`; undefined when nothing is. */
function takenBy(to: string, format: Request["format"], replace: boolean): string | undefined {
  if (!existsSync(to)) return undefined;
  if (!statSync(to).isDirectory()) return `--to: ${to} is a file`;
  if (replace || readdirSync(to).length === 0) return undefined;
  const [mark, kind, one] =
    format === "peft"
      ? [ADAPTER_CONFIG, "adapter", "an adapter"]
      : ["config.json", "model", "a model"];
  if (!existsSync(join(to, mark))) {
    return `--to: ${to} is not empty and no ${kind} folder; it is left alone`;
  }
  return `--to: ${to} holds ${one} already; --replace replaces it`;
}
