/** `run(import.meta, pipeline)`: makes a pipeline file a program when it is the file that was started. CLI. */
import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Pipeline } from "../dsl/pipeline.ts";
import { optionsText, readArgs } from "./args.ts";
import { bringAlong, type Extras, handlersOf } from "./extras.ts";

/**
 * Runs the pipeline with the options of the command line when `meta` belongs to the started file;
 * does nothing when the file was imported, so that other files can use its pipeline.
 *
 * Exit codes: 0 done, 1 failed, 2 invalid pipeline or option, 3 a declared budget not met, 130 interrupted.
 */
export async function run(
  meta: { readonly url?: string },
  pipeline: Pipeline,
  extras: Extras = {},
): Promise<void> {
  bringAlong(pipeline, extras);
  const file = entryFile(meta);
  if (file === undefined) return;
  outliveReaders();
  finish(await runFiles([{ file, pipeline }], process.argv.slice(2)));
}

/** A pipeline and the file that defines it. */
export interface Defined {
  readonly file: string;
  readonly pipeline: Pipeline;
}

/** Runs pipelines side by side with the same command-line options `argv`; gives the exit code, the worst of them. */
export async function runFiles(
  defined: ReadonlyArray<Defined>,
  argv: ReadonlyArray<string>,
): Promise<number> {
  const args = readArgs(argv);
  if (typeof args === "string") {
    process.stderr.write(`${args}\n${optionsText}\n`);
    return 2;
  }
  if (args.help) {
    const about = ({ name, doc }: Pipeline) => `pipeline ${name}${doc === "" ? "" : `: ${doc}`}\n`;
    const heads = defined.map(({ pipeline }) => about(pipeline)).join("");
    process.stdout.write(`${heads}\n${optionsText}\n`);
    return 0;
  }
  const { misfit } = await import("../runtime/select.ts");
  for (const { pipeline } of defined) {
    const wrong = misfit(pipeline, args.selection);
    if (wrong === undefined) continue;
    process.stderr.write(`${wrong}\n`);
    return 2;
  }
  const { runApp } = await import("./app.ts");
  return runApp(
    defined.map(({ file, pipeline }) => ({ file, pipeline, args, handlers: handlersOf(pipeline) })),
  );
}

/** Ends the process with `code` once its output is written, even if a tensor library keeps handles open. */
export function finish(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

/** A reader that goes away (`| head`) must not end a long run. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/** The file that `meta` belongs to when it is the one that was started; undefined when it was imported. */
export function entryFile(meta: { readonly url?: string }): string | undefined {
  const started = process.argv[1];
  if (started === undefined || meta.url === undefined) return undefined;
  const file = fileURLToPath(meta.url);
  const candidates = [started, `${started}.ts`].filter((path) => existsSync(path));
  const same = candidates.some((path) => realpathSync(path) === realpathSync(file));
  return same ? file : undefined;
}
