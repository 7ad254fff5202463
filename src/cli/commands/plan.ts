/** `rcpa plan`: what a run would do and what it would cost, without starting it. CLI. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Option from "effect/Option";
import { misfit } from "../../runtime/select.ts";
import { StageStore } from "../../runtime/store.ts";
import { type Args, optionsText, readArgs } from "../args.ts";
import { stageCosts } from "../costs.ts";
import { handlersOf } from "../extras.ts";
import { readPipelineFile } from "../pipeline-file.ts";
import { planAsJson, planAsMermaid, planAsText } from "../plan-text.ts";
import { prepare } from "../prepare.ts";

/** Gives the exit code: 0, 1 when planning failed, 2 when the pipeline is invalid. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const mermaid = argv.includes("--mermaid");
  const found = await readPipelineFile(argv.filter((text) => text !== "--mermaid"));
  if (typeof found === "string") return found;
  const args = readArgs(found.options);
  if (typeof args === "string") return args;
  if (args.json && mermaid) return "--json or --mermaid, not both";
  if (args.help) {
    process.stdout.write(`rcpa plan FILE [--json | --mermaid]\n\n${optionsText}\n`);
    return 0;
  }
  const { file, pipeline } = found;
  const wrong = misfit(pipeline, args.selection);
  if (wrong !== undefined) return wrong;
  const job = { file, pipeline, args, handlers: handlersOf(pipeline) };
  const form = mermaid ? planAsMermaid : args.json ? planAsJson : planAsText;
  const work = Effect.gen(function* () {
    const out = resolve(args.out);
    const ready = yield* prepare(job, out);
    const base = process.memoryUsage().rss;
    const cacheDir = join(out, "checks");
    const costs = yield* Effect.promise(() => stageCosts(ready, job.handlers, cacheDir, base));
    return form(ready, costs);
  });
  const exit = await withStore(args, (layer) => Effect.runPromiseExit(Effect.provide(work, layer)));
  if (Exit.isSuccess(exit)) {
    process.stdout.write(`${exit.value}\n`);
    return 0;
  }
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause));
  process.stderr.write(`${error?.message ?? Cause.pretty(exit.cause)}\n`);
  return error?._tag === "PipelineInvalid" || error?._tag === "NotStored" ? 2 : 1;
}

type Layer = ReturnType<typeof StageStore.layerFile>;

/** The store as it is; where there is none yet, an empty one elsewhere, so that nothing is written. */
async function withStore<A>({ out }: Args, body: (layer: Layer) => Promise<A>): Promise<A> {
  if (existsSync(join(out, "format.json"))) return body(StageStore.layerFile(resolve(out)));
  const empty = mkdtempSync(join(tmpdir(), "rcpa-plan-"));
  try {
    return await body(StageStore.layerFile(empty));
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
}
