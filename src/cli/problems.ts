/** Everything that is wrong with a pipeline before it runs: the compiler's and the definition's problems together. CLI. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { hubText, isHubName, localPath, parseHubName } from "../core/hub-name.ts";
import { type Issue, renderSite } from "../dsl/issue.ts";
import type { Pipeline } from "../dsl/pipeline.ts";
import type { AnyStage } from "../dsl/stage.ts";
import { treeHash } from "../runtime/code.ts";
import { forecast, foreseenIssues } from "../runtime/estimate.ts";
import { handlersOf, rewardsOf } from "./extras.ts";
import type { Unfetched } from "./hub/fetch.ts";
import { fetchReads } from "./hub/reads.ts";
import { unmetLimits } from "./limits.ts";
import { locate } from "./locate.ts";
import { missingRewards } from "./own-rewards.ts";
import { typeCheck } from "./type-check.ts";

/** What is looked at. */
export interface Subject {
  readonly file: string;
  /** The pipeline of the file, or why it cannot be had. */
  readonly pipeline: () => Promise<Pipeline | Issue>;
  /** Where clean results of the compiler are remembered. */
  readonly cacheDir: string;
}

/**
 * All problems of a pipeline file, in the order of their places: types, options, files it names,
 * budgets and memory that cannot be had. The compiler works beside the rest.
 */
export const findProblems = Effect.fnUntraced(function* (subject: Subject) {
  const code = treeHash(fileURLToPath(new URL("..", import.meta.url)));
  const typed = Effect.result(typeCheck(subject.file, code, subject.cacheDir));
  const defined = Effect.promise(async () => definitionIssues(await subject.pipeline()));
  const [types, own] = yield* Effect.all([typed, defined], { concurrency: 2 });
  const compiler = types._tag === "Failure" ? (types.failure.issues as ReadonlyArray<Issue>) : [];
  const kept = own.filter(({ code }) => code !== "FailedImport" || !compiler.some(stopsImport));
  return yield* Effect.promise(async () => {
    const located = await locate([...compiler, ...kept]);
    return inOrder(saidOnce(located));
  });
});

/** Without the compiler's words at places where the definition says the same in the user's. */
function saidOnce(issues: ReadonlyArray<Issue>): ReadonlyArray<Issue> {
  const places = issues.filter(({ code }) => code !== "TypeError").flatMap(({ at }) => at ?? []);
  return issues.filter(
    ({ code, at }) =>
      code !== "TypeError" || !places.some((place) => renderSite(place) === renderSite(at!)),
  );
}

/** Text that does not parse, and missing modules or exports: the loader would say the same with less. */
const stopsImport = ({ message }: Issue) => /^TS(1\d{3}|2305|2307|2614):/.test(message);

async function definitionIssues(pipeline: Pipeline | Issue): Promise<ReadonlyArray<Issue>> {
  if (!("stages" in pipeline)) return [pipeline];
  const unfetched = await fetchReads(pipeline.stages);
  const { foresights } = await import("../stages/foresight.ts");
  const all = [...handlersOf(pipeline), ...foresights];
  const foreseen = foreseenIssues(pipeline.stages, all);
  const known = new Set(foreseen.map(({ path }) => path));
  return [
    ...pipeline.issues,
    ...foreseen,
    ...missingRewards(pipeline.stages, rewardsOf(pipeline)),
    ...pipeline.stages
      .flatMap((stage) => missingFiles(stage, unfetched))
      .filter(({ path }) => !known.has(path)),
    ...(await unmetLimits(pipeline, forecast(pipeline.stages, all, pipeline.seed))),
  ];
}

/** Outside files and folders that a stage reads and that are not there. */
function missingFiles(stage: AnyStage, unfetched: Unfetched): ReadonlyArray<Issue> {
  const missing = stage.reads.filter((path) => !existsSync(localPath(path)));
  return missing.map((file) => {
    const option = optionWith(stage.options, file);
    const failed = unfetched.get(file);
    return {
      code: "MissingFile",
      path: [stage.name, ...option].join("."),
      message:
        failed === undefined
          ? `there is no file or folder ${file}`
          : `${failed.name}: ${failed.reason}`,
      hint: failed?.hint ?? "relative paths start from the folder the command is given in",
      ...(stage.at && { at: stage.at }),
    };
  });
}

/** The path of the option whose text means the file; empty when none does. */
function optionWith(options: unknown, file: string): ReadonlyArray<string> {
  if (typeof options !== "object" || options === null) return [];
  for (const [key, value] of Object.entries(options)) {
    if (typeof value === "string" && means(value, file)) return [key];
    const below = optionWith(value, file);
    if (below.length > 0) return [key, ...below];
  }
  return [];
}

/** Whether a text of an option is the path or the name that a stage reads. */
function means(text: string, place: string): boolean {
  if (!isHubName(place)) return resolve(text) === resolve(place);
  const names = [parseHubName(text, "model"), parseHubName(text, "dataset")];
  return names.some((name) => name !== undefined && hubText(name) === place);
}

function inOrder(issues: ReadonlyArray<Issue>): ReadonlyArray<Issue> {
  const place = ({ at }: Issue) => [at?.file ?? "", at?.line ?? 0, at?.column ?? 0] as const;
  return [...issues].sort((a, b) => {
    const [[fileA, lineA, columnA], [fileB, lineB, columnB]] = [place(a), place(b)];
    return fileA === fileB ? lineA - lineB || columnA - columnB : fileA < fileB ? -1 : 1;
  });
}
