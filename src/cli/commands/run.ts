/** `rcpa run`: runs the pipeline a file exports, as starting the file itself does. CLI. */
import { readPipelineFile } from "../pipeline-file.ts";
import { runFile } from "../run.ts";

/** Gives the exit code of the run. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const found = await readPipelineFile(argv);
  return typeof found === "string" ? found : runFile(found.file, found.pipeline, found.options);
}
