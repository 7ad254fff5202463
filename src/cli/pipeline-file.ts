/** Finds the pipeline in the file that a command line names. CLI. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Issue, Site } from "../dsl/issue.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import { localClosure } from "../runtime/code.ts";
import { PipelineInvalid } from "../runtime/errors.ts";

/** A pipeline with the file it is written in and the arguments that follow its name. */
export interface PipelineFile {
  readonly file: string;
  readonly pipeline: Pipeline;
  readonly options: ReadonlyArray<string>;
}

/**
 * Imports the file named by the first argument; text is what is wrong with the command line.
 *
 * Fails: throws `PipelineInvalid` when the file throws, or exports no pipeline.
 */
export async function readPipelineFile(
  argv: ReadonlyArray<string>,
): Promise<PipelineFile | string> {
  const found = findFile(argv);
  if (typeof found === "string") return found;
  const pipeline = await importPipeline(found.file);
  if ("stages" in pipeline) return { ...found, pipeline };
  throw new PipelineInvalid({ issues: [pipeline] });
}

/** The file that the first argument names, and the arguments after it; text is what is wrong. */
export function findFile(argv: ReadonlyArray<string>): Omit<PipelineFile, "pipeline"> | string {
  const [name, ...options] = argv;
  if (name === undefined || name.startsWith("-")) return "which pipeline FILE?";
  const file = resolve(name);
  return existsSync(file) ? { file, options } : `there is no file ${name}`;
}

/** The pipeline that a file exports, without running it, or why it cannot be had. */
export async function importPipeline(file: string): Promise<Pipeline | Issue> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
    if (isPipeline(module.default)) return module.default;
  } catch (error) {
    return thrownIssue(error, file);
  }
  const message = "the file does not export a pipeline as default";
  const hint = 'export default pipeline("name").pipe(...)';
  const at = { file, line: 1, column: 1 };
  return { code: "FailedImport", path: "", message, hint, at };
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "stages" in value && "issues" in value;
}

/** What the loader's transformer says about a file that does not parse. */
const unparsed = /^(.+?):(\d+):(\d+): ERROR: (.*)$/m;
const frame = /(?:\(|at )((?:file:\/\/)?\/?[^()]+?):(\d+):(\d+)\)?$/;

function thrownIssue(error: unknown, file: string): Issue {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const [, path, line, column, text] = unparsed.exec(message) ?? [];
  if (path !== undefined) {
    const at = { file: path, line: Number(line), column: Number(column) + 1 };
    return { code: "FailedImport", path: "", message: `the file does not parse: ${text}`, at };
  }
  return {
    code: "FailedImport",
    path: "",
    message: `the file throws when it is imported: ${name}: ${message}`,
    hint: "importing a pipeline file may only define its pipeline",
    at: ownFrame(stack ?? "", file) ?? { file, line: 1, column: 1 },
  };
}

/** The innermost place of a stack in the file or in a local file it imports. */
function ownFrame(stack: string, file: string): Site | undefined {
  const own = new Set(localClosure(file));
  for (const row of stack.split("\n")) {
    const [, place, line, column] = frame.exec(row.trim()) ?? [];
    if (place === undefined) continue;
    const path = place.startsWith("file:") ? fileURLToPath(place.split("?")[0]!) : place;
    if (own.has(path)) return { file: path, line: Number(line), column: Number(column) };
  }
  return undefined;
}
