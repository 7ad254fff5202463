/** The `rcpa` command: looks at engines and pipelines, and runs them. CLI. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as Effect from "effect/Effect";
import { type DescriptionForm, describe, descriptionForms } from "../dsl/describe.ts";
import { renderIssue } from "../dsl/issue.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import { optionsText } from "./args.ts";
import { finish, outliveReaders, runFile } from "./run.ts";

const usage = `rcpa: adapt a vision-language model to a domain without making it forget

  rcpa run FILE [options]        run the pipeline that FILE exports as default
  rcpa describe FILE [--json | --mermaid]
                                 print what the pipeline says, without running anything
  rcpa engine [install]          what computes here, and why; install the native one
  rcpa --help                    print this

${optionsText}`;

/** Runs the command line after the word `rcpa`; gives the exit code. */
export async function main(argv: ReadonlyArray<string>): Promise<number> {
  const [command, ...rest] = argv;
  switch (command) {
    case "run":
      return withPipeline(rest, (file, pipeline, options) => runFile(file, pipeline, options));
    case "describe":
      return withPipeline(rest, async (_file, pipeline, options) => show(pipeline, options));
    case "engine": {
      const { engineCommand } = await import("./engine.ts");
      return Effect.runPromise(engineCommand(rest));
    }
    case "--help":
    case "-h":
      process.stdout.write(`${usage}\n`);
      return 0;
    default:
      return refuse(command === undefined ? "no command" : `unknown command "${command}"`);
  }
}

async function withPipeline(
  argv: ReadonlyArray<string>,
  act: (file: string, pipeline: Pipeline, options: ReadonlyArray<string>) => Promise<number>,
): Promise<number> {
  const [name, ...options] = argv;
  if (name === undefined || name.startsWith("-")) return refuse("which pipeline FILE?");
  const file = resolve(name);
  if (!existsSync(file)) return refuse(`there is no file ${name}`);
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  if (!isPipeline(module.default)) return refuse(`${name} does not export a pipeline as default`);
  return act(file, module.default, options);
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "stages" in value && "issues" in value;
}

function show(pipeline: Pipeline, options: ReadonlyArray<string>): number {
  const flag = options[0] ?? "--text";
  const form = descriptionForms.find((known) => flag === `--${known}`);
  if (form === undefined || options.length > 1) return refuse(`unknown option "${options.at(-1)}"`);
  process.stdout.write(`${describe(pipeline, form satisfies DescriptionForm)}\n`);
  for (const issue of pipeline.issues) process.stderr.write(`${renderIssue(issue)}\n`);
  return pipeline.issues.length === 0 ? 0 : 2;
}

function refuse(reason: string): number {
  process.stderr.write(`rcpa: ${reason}\n\n${usage}\n`);
  return 2;
}

outliveReaders();
finish(await main(process.argv.slice(2)));
