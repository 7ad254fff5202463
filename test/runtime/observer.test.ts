import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import { describe, expect, it } from "vitest";
import type { Attend } from "../../src/runtime/observer.ts";
import { plan } from "../../src/runtime/plan.ts";
import { Resources } from "../../src/runtime/resources.ts";
import { execute } from "../../src/runtime/run.ts";
import { Stop } from "../../src/runtime/stop.ts";
import { StageStore } from "../../src/runtime/store.ts";
import { codeOf, temporaryDir } from "../support/runtime.ts";

const work = define({
  ...{ name: "work", version: 1, doc: "Works.", engine: false, needs: [], gives: ["policy"] },
  options: Schema.Struct({}),
});
const good = handler(work, ({ outDir }) => Effect.succeed({ policy: { dir: outDir } }));
const bad = handler(work, () => Effect.fail({ _tag: "Broken", message: "broken" } as const));

async function observed(one: typeof good | typeof bad) {
  const root = temporaryDir();
  const log: Array<string> = [];
  const attend: Attend = (runDir) => ({
    hear: ({ _tag }) => log.push(_tag),
    close: async () => {
      await Promise.resolve();
      log.push(`closed ${basename(runDir)}, locked: ${existsSync(join(runDir, "LOCK"))}`);
    },
  });
  const program = Effect.gen(function* () {
    const planned = yield* plan(pipeline("study").pipe(work()), "test", () => codeOf("code"));
    yield* execute(planned, [one], { observers: [attend] });
  });
  const layers = Layer.mergeAll(StageStore.layerFile(root), Stop.layer, Resources.layer(4));
  await Effect.runPromise(Effect.result(Effect.provide(program, layers)));
  return { log, run: readdirSync(join(root, "runs"))[0]! };
}

describe("an observer", () => {
  it("hears every event and closes once, when the run's lock is given back", async () => {
    const { log, run } = await observed(good);
    expect(log).toEqual([
      ...["RunStarted", "StageStarted", "StageDone", "RunDone"],
      `closed ${run}, locked: false`,
    ]);
  });

  it("closes after a failure as well", async () => {
    const { log, run } = await observed(bad);
    expect(log).toEqual([
      ...["RunStarted", "StageStarted", "StageFailed"],
      `closed ${run}, locked: false`,
    ]);
  });
});
