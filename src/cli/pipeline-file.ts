/** Finds the pipeline in the file that a command line names. CLI. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Pipeline } from "../dsl/pipeline.ts";

/** A pipeline with the file it is written in and the arguments that follow its name. */
export interface PipelineFile {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly options: ReadonlyArray<string>;
}

/** Imports the file named by the first argument; text is what is wrong, for the user. */
export async function readPipelineFile(
  argv: ReadonlyArray<string>,
): Promise<PipelineFile | string> {
  const [name, ...options] = argv;
  if (name === undefined || name.startsWith("-")) return "which pipeline FILE?";
  const file = resolve(name);
  if (!existsSync(file)) return `there is no file ${name}`;
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  if (!isPipeline(module.default)) return `${name} does not export a pipeline as default`;
  return { file, pipeline: module.default, options };
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "stages" in value && "issues" in value;
}
