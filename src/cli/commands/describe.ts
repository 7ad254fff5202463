/** `rcpa describe`: what a pipeline says, as text, JSON or Mermaid, without touching an engine. CLI. */
import { type DescriptionForm, describe, descriptionForms } from "../../dsl/describe.ts";
import { renderIssue } from "../../dsl/issue.ts";
import { locate } from "../locate.ts";
import { readPipelineFile } from "../pipeline-file.ts";

/** Gives the exit code: 0, or 2 when the pipeline has problems. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const found = await readPipelineFile(argv);
  if (typeof found === "string") return found;
  const [flag = "--text", ...more] = found.options;
  const form = descriptionForms.find((known) => flag === `--${known}`);
  if (form === undefined || more.length > 0) return `unknown option "${more.at(-1) ?? flag}"`;
  process.stdout.write(`${describe(found.pipeline, form satisfies DescriptionForm)}\n`);
  for (const issue of await locate(found.pipeline.issues))
    process.stderr.write(`${renderIssue(issue)}\n`);
  return found.pipeline.issues.length === 0 ? 0 : 2;
}
