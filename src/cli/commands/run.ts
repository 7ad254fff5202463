/** `rcpa run`: runs the pipelines that files export, as starting such a file itself does. CLI. */
import { readPipelineFile } from "../pipeline-file.ts";
import { type Defined, runFiles } from "../run.ts";

/** Gives the exit code of the run, of several pipelines the worst. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const first = argv.findIndex((word) => word.startsWith("-"));
  const count = first === -1 ? argv.length : first;
  const [files, options] = [argv.slice(0, Math.max(1, count)), argv.slice(Math.max(1, count))];
  const defined: Array<Defined> = [];
  for (const name of files) {
    const found = await readPipelineFile([name]);
    if (typeof found === "string") return found;
    defined.push(found);
  }
  return runFiles(defined, options);
}
