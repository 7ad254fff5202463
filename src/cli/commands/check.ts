/** `rcpa check`: every problem of a pipeline file at once, without running anything. CLI. */
import { join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { type Issue, renderIssue } from "../../dsl/issue.ts";
import type { Pipeline } from "../../dsl/pipeline.ts";
import { defaultOut } from "../args.ts";
import { findFile, importPipeline } from "../pipeline-file.ts";
import { findProblems } from "../problems.ts";

/** Gives the exit code: 0, or 2 when there is any problem. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const found = findFile(argv);
  if (typeof found === "string") return found;
  const [flag, ...more] = found.options;
  if ((flag !== undefined && flag !== "--json") || more.length > 0) {
    return `unknown option "${more.at(-1) ?? flag}"`;
  }
  const { file } = found;
  let pipeline: Pipeline | undefined;
  const issues = await Effect.runPromise(
    findProblems({
      file,
      pipeline: async () => {
        const imported = await importPipeline(file);
        if ("stages" in imported) pipeline = imported;
        return imported;
      },
      cacheDir: join(resolve(defaultOut), "checks"),
    }),
  );
  const say = flag === "--json" ? asJson : asText;
  process.stdout.write(say(issues, pipeline));
  return issues.length === 0 ? 0 : 2;
}

function asText(issues: ReadonlyArray<Issue>, pipeline: Pipeline | undefined): string {
  if (issues.length === 0) return `ok ${pipeline?.name}: ${pipeline?.stages.length} stages\n`;
  const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
  return `${issues.map((issue) => `${renderIssue(issue)}\n\n`).join("")}${count}\n`;
}

/** One object: `ok`, the pipeline's name (null when it cannot be imported) and the issues. */
function asJson(issues: ReadonlyArray<Issue>, pipeline: Pipeline | undefined): string {
  const ok = issues.length === 0;
  return `${JSON.stringify({ ok, pipeline: pipeline?.name ?? null, issues })}\n`;
}
