/** `compare(import.meta, study)`: makes a file with a study a program that runs it and writes what came of it. CLI. */
import { resolve } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Study } from "../dsl/study.ts";
import { studyProblems } from "../dsl/study.ts";
import { bringAlong, type Extras } from "./extras.ts";
import { entryFile, finish, outliveReaders, runFiles } from "./run.ts";
import { complain } from "./streams.ts";
import { pipelineOf, readCellId } from "./study/cells.ts";
import { readStudyArgs, restrict, type StudyJob, studyOptionsText } from "./study/job.ts";

/**
 * Runs the arms of a study with their seeds, each arm with the setting that is best on validation, and writes
 * one table and one page of plots; does nothing when the file was imported.
 *
 * Finished runs are found again, so that a second call goes on, or only writes.
 * Exit codes: 0 done, also where single runs failed, 1 failed, 2 invalid study or option, 130 interrupted.
 */
export async function compare<const Name extends string>(
  meta: { readonly url?: string },
  study: Study<Name>,
  extras: Extras = {},
): Promise<void> {
  for (const { candidates } of Object.values<Study["arms"][string]>(study.arms)) {
    for (const { pipeline } of candidates) bringAlong(pipeline, extras);
  }
  const file = entryFile(meta);
  if (file === undefined) return;
  outliveReaders();
  finish(await compareFile(file, study as Study, extras, process.argv.slice(2)));
}

async function compareFile(
  file: string,
  study: Study,
  extras: Extras,
  argv: ReadonlyArray<string>,
): Promise<number> {
  const args = readStudyArgs(argv, study);
  const problems = typeof args === "string" ? [args] : studyProblems(study);
  if (typeof args === "string" || problems.length > 0) {
    complain([...problems, studyOptionsText].join("\n"));
    return 2;
  }
  if (args.help) {
    process.stdout.write(`study ${study.name}: ${study.doc}\n\n${studyOptionsText}\n`);
    return 0;
  }
  const job = { file, study: restrict(study, args), args, handlers: extras.handlers ?? [] };
  if (args.cell !== undefined) return runCell({ ...job, study }, args.cell, extras);
  const { perform } = await import("./study/perform.ts");
  const exit = await Effect.runPromiseExit(
    Effect.tryPromise({ try: () => perform(job), catch: (e) => e as Error }),
  );
  if (Exit.isSuccess(exit)) return exit.value;
  const error = Cause.squash(exit.cause) as Error;
  complain(error.message);
  return 1;
}

/** In a child process: one cell, its events on stderr. */
async function runCell(job: StudyJob, text: string, extras: Extras): Promise<number> {
  const { endWithParent } = await import("./study/worker.ts");
  endWithParent();
  if (text === "engine") {
    const { start } = await import("../tensor/engine.ts");
    process.stdout.write(`${(await Effect.runPromise(start("auto"))).name}\n`);
    return 0;
  }
  const id = readCellId(text, job.study);
  if (id === undefined) {
    complain(`--cell: there is no cell "${text}"`);
    return 2;
  }
  const pipeline = pipelineOf(job.study, id);
  bringAlong(pipeline, extras);
  const { engine, stepsScale, out } = job.args;
  return runFiles(
    [{ file: job.file, pipeline }],
    [
      ...["--seed", `${id.seed}`, "--engine", engine, "--steps-scale", `${stepsScale}`],
      ...["--out", resolve(out), "--json", "--events"],
    ],
  );
}
