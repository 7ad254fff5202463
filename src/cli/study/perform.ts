/** A study from its command line to its documents. CLI. */
import { basename, join, relative, resolve } from "node:path";
import * as Effect from "effect/Effect";
import type { ArmMaterial, StudyMaterial } from "../../report/study/material.ts";
import { PipelineInvalid } from "../../runtime/errors.ts";
import { engineNames } from "../args.ts";
import { findProblems } from "../problems.ts";
import { complain, speaker } from "../streams.ts";
import { pipelineOf } from "./cells.ts";
import { conduct, openCells } from "./conduct.ts";
import { armsText, asJson, writeDocuments } from "./documents.ts";
import { foresee } from "./foresee.ts";
import type { StudyJob } from "./job.ts";
import { openSurvey } from "./survey.ts";
import { startEngineName } from "./worker.ts";

/** Runs what is missing and writes the documents; gives the exit code. Fails: rejects with what cannot be had. */
export async function perform(job: StudyJob): Promise<number> {
  const { args } = job;
  const say = speaker({ json: args.json, events: false });
  const invalid = await problemsOf(job);
  if (invalid !== undefined) {
    complain(invalid);
    return 2;
  }
  const engine = await engineOf(job);
  const survey = openSurvey(job, engine);
  try {
    if (args.dryRun) {
      say(await foresee(job, survey, engine));
      return 0;
    }
    const { code, why } = args.stored
      ? { code: 0, why: "" }
      : await conduct(job, survey, engine, say);
    if (why !== "") complain(why);
    if (code !== 0) return code;
    return write(job, materialOf(job, await survey.arms(), engine), say);
  } finally {
    await survey.close();
  }
}

async function write(
  job: StudyJob,
  material: StudyMaterial,
  say: (text: string) => void,
): Promise<number> {
  const documents = await writeDocuments(material, job.args);
  say(`\n${armsText(material)}\n`);
  for (const [what, path] of Object.entries(documents)) say(`${what.padEnd(8)} ${path}`);
  if (job.args.json) process.stdout.write(`${asJson(material, documents)}\n`);
  return 0;
}

/** All problems of all pipelines; a runnable study has none. */
async function problemsOf(job: StudyJob): Promise<string | undefined> {
  const pipelines = Object.entries(job.study.arms).flatMap(([arm, { candidates }]) =>
    candidates.map((_, candidate) =>
      pipelineOf(job.study, { phase: "final", arm, candidate, seed: 0 }),
    ),
  );
  const seen = new Map<string, unknown>();
  for (const pipeline of pipelines) {
    const issues = await Effect.runPromise(
      findProblems({
        file: job.file,
        pipeline: async () => pipeline,
        cacheDir: join(resolve(job.args.out), "checks"),
      }),
    );
    for (const issue of issues) seen.set(JSON.stringify(issue), issue);
  }
  return seen.size === 0 ? undefined : new PipelineInvalid({ issues: [...seen.values()] }).message;
}

/** The engine that answers everything from the store, else the one that would compute. */
async function engineOf(job: StudyJob): Promise<string> {
  const { engine, stored } = job.args;
  if (engine !== "auto") return engine;
  const counts = new Map<string, number>();
  for (const name of engineNames) {
    const survey = openSurvey(job, name);
    const arms = await survey.arms();
    await survey.close();
    if (isWhole(job, arms)) return name;
    const cells = arms.flatMap(({ candidates, finals }) => [
      ...candidates.flatMap(({ tuning }) => tuning),
      ...finals,
    ]);
    counts.set(name, cells.filter(({ state }) => state !== "missing").length);
  }
  if (!stored) return startEngineName(job.file);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** Nothing is left to run, and something has been. */
const isWhole = (job: StudyJob, arms: ReadonlyArray<ArmMaterial>): boolean =>
  openCells(job, arms).length === 0 &&
  arms.some(({ finals }) => finals.some(({ state }) => state === "done"));

function materialOf(
  { study, args, file }: StudyJob,
  arms: ReadonlyArray<ArmMaterial>,
  engine: string,
): StudyMaterial {
  const { name, doc, contrasts = [], tuneSeeds, seeds, keep = 0 } = study;
  return {
    name,
    doc,
    arms,
    contrasts,
    tuneSeeds,
    seeds,
    keep,
    engine,
    command: commandOf(file, args),
  };
}

/** What a reader types to get the same: nothing of where it was stored, and how fast. */
function commandOf(file: string, { arms, seeds, stepsScale }: StudyJob["args"]): string {
  const short = relative(process.cwd(), file);
  return [
    `npx tsx ${short.startsWith("..") ? basename(file) : short}`,
    ...(arms === undefined ? [] : [`--arms ${arms.join(",")}`]),
    ...(seeds === undefined ? [] : [`--seeds ${seeds.join(",")}`]),
    ...(stepsScale === 1 ? [] : [`--steps-scale ${stepsScale}`]),
  ].join(" ");
}
