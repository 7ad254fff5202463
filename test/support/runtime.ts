/** Runs pipelines in this process against a store in a temporary folder, for tests of the runtime. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { afterAll } from "vitest";
import type { Pipeline } from "../../src/dsl/pipeline.ts";
import type { Event } from "../../src/runtime/events.ts";
import type { Code } from "../../src/runtime/fingerprint.ts";
import type { Handler } from "../../src/runtime/handler.ts";
import { type Plan, type PlanOptions, plan } from "../../src/runtime/plan.ts";
import { Resources } from "../../src/runtime/resources.ts";
import { execute } from "../../src/runtime/run.ts";
import { Stop } from "../../src/runtime/stop.ts";
import { StageStore } from "../../src/runtime/store.ts";

const made: Array<string> = [];
// Registered before the test file's own hooks, so it runs after them, whether tests failed or not.
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A fresh folder below the system's temporary one, removed at the end of the test file. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "rcpa-test-"));
  made.push(dir);
  return dir;
}

/** The runtime's services over the store in `root`. */
const services = (root: string) =>
  Layer.mergeAll(StageStore.layerFile(root), Stop.layer, Resources.layer(4));

/** Code whose only file has the given hash. */
export const codeOf = (hash: string): Code => ({ files: { "code.ts": hash }, packages: {} });

/** Plans for an engine called "test" and code of the given hash. */
export const planIn = (
  root: string,
  pipeline: Pipeline,
  code = "code",
  options: PlanOptions = {},
): Promise<Plan> =>
  Effect.runPromise(
    Effect.provide(
      plan(pipeline, "test", () => codeOf(code), options),
      services(root),
    ),
  );

/** Plans and runs; gives the plan, every event, and the result or the error. */
export const runIn = async (
  root: string,
  pipeline: Pipeline,
  handlers: ReadonlyArray<Handler>,
  hear: (event: Event, stop: Stop["Service"]) => void = () => {},
  options: PlanOptions = {},
) => {
  const events: Array<Event> = [];
  const program = Effect.gen(function* () {
    const stop = yield* Stop;
    const planned = yield* plan(pipeline, "test", () => codeOf("code"), options);
    const subscribers = [(event: Event) => events.push(event), (e: Event) => hear(e, stop)];
    const outcome = yield* Effect.result(
      stop.interrupting(execute(planned, handlers, { subscribers })),
    );
    return { planned, outcome };
  });
  const { planned, outcome } = await Effect.runPromise(Effect.provide(program, services(root)));
  return {
    plan: planned,
    events,
    result: outcome._tag === "Success" ? outcome.success : undefined,
    error: outcome._tag === "Failure" ? outcome.failure : undefined,
  };
};
