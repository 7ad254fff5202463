/**
 * What the runtime costs in a real training run: the main job on a small scale, with the runtime's own parts timed,
 * and in turn with a bare loop over the same step functions. `--rounds N`, `--steps-scale X`, `--json`.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import geometry from "../pipelines/geometry.ts";
import { plainReporter } from "../src/cli/reporter.ts";
import { adjust } from "../src/dsl/pipeline.ts";
import { plan } from "../src/runtime/plan.ts";
import { Resources } from "../src/runtime/resources.ts";
import { execute } from "../src/runtime/run.ts";
import { Stop } from "../src/runtime/stop.ts";
import { StageStore } from "../src/runtime/store.ts";
import { handlers } from "../src/stages/index.ts";
import { Engine, start } from "../src/tensor/engine.ts";
import { bareContext } from "./bare-context.ts";
import { numberOption, say, spreadOf, temporaryFolder } from "./measure.ts";
import { makeClock, type Part, timed } from "./parts.ts";

const pipeline = adjust(geometry, { stepsScale: numberOption("steps-scale", 0.05) });
const training = { ...pipeline, stages: pipeline.stages.filter(({ name }) => name !== "evaluate") };
const engine = await Effect.runPromise(start("auto"));

/** What a run took and what it made, so that both ways can be held against each other. */
interface Taken {
  readonly parts: ReadonlyMap<Part, number>;
  readonly weights: string;
}

const weightsIn = (artifacts: Readonly<Record<string, unknown>>): string => {
  const { dir } = artifacts.policy as { readonly dir: string };
  return createHash("sha256")
    .update(readFileSync(join(dir, "model.safetensors")))
    .digest("hex");
};

/** The run as `rcpa run` does it: store, events, metrics, progress, checkpoints. */
function withRuntime(): Promise<Taken> {
  const clock = makeClock();
  const services = Layer.mergeAll(
    StageStore.layerFile(temporaryFolder()),
    Stop.layer,
    Resources.layer(engine.memoryGiB),
  );
  const lines: Array<string> = [];
  const { hear } = plainReporter((line) => lines.push(line));
  const run = Effect.gen(function* () {
    const code = { files: {}, packages: {} };
    const open = yield* plan(training, engine.name, () => code);
    const watched = handlers.map((one) => timed(one, clock));
    const { artifacts } = yield* execute(open, watched, { subscribers: [hear] });
    return artifacts;
  });
  const whole = clock
    .during("stages and store", run)
    .pipe(Effect.provideService(Engine, engine), Effect.provide(services));
  return Effect.runPromise(whole).then((artifacts) => ({
    parts: clock.seconds(),
    weights: weightsIn(artifacts),
  }));
}

/** The same stages' functions, called one after the other. */
function bare(): Promise<Taken> {
  const clock = makeClock();
  const root = temporaryFolder();
  const run = Effect.gen(function* () {
    const artifacts: Record<string, unknown> = {};
    for (const stage of training.stages) {
      const dir = join(root, stage.name);
      mkdirSync(dir);
      const { run: work } = timed(handlers.find(({ name }) => name === stage.name)!, clock);
      Object.assign(artifacts, yield* work(bareContext(stage, training.seed, artifacts, dir)));
    }
    return artifacts;
  });
  const whole = clock.during("stages and store", run).pipe(Effect.provideService(Engine, engine));
  return Effect.runPromise(whole).then((artifacts) => ({
    parts: clock.seconds(),
    weights: weightsIn(artifacts),
  }));
}

const sum = (parts: Taken["parts"]) => [...parts.values()].reduce((a, b) => a + b, 0);
const seconds = (taken: Taken, part: Part) => taken.parts.get(part) ?? 0;
const share = (taken: Taken, ...own: ReadonlyArray<Part>) =>
  (100 * own.reduce((total, part) => total + seconds(taken, part), 0)) / sum(taken.parts);

// The first run of a process compiles and allocates; it counts for neither way.
const { weights } = await bare();
const pairs: Array<readonly [Taken, Taken]> = [];
for (let round = 0; round < numberOption("rounds", 5); round++) {
  const [run, loop] = [await withRuntime(), await bare()];
  if (run.weights !== weights || loop.weights !== weights) throw new Error("the runs differ");
  pairs.push([run, loop]);
}

const runs = pairs.map(([run]) => run);
const parts: ReadonlyArray<Part> = ["loop", "checkpoint files", "events", "stages and store"];
say(
  `share of ${sum(runs[0]!.parts).toFixed(0)} s`,
  "%",
  {
    "timed: all but the stages' own work": spreadOf(runs.map((run) => share(run, ...parts))),
    "  steps.jsonl, events, progress, hashing": spreadOf(runs.map((run) => share(run, "loop"))),
    "  writing checkpoints": spreadOf(runs.map((run) => share(run, "checkpoint files"))),
    "  notes and progress outside loops": spreadOf(runs.map((run) => share(run, "events"))),
    "  plan, store, locks": spreadOf(runs.map((run) => share(run, "stages and store"))),
    "in turn: run against bare loop": spreadOf(
      pairs.map(([run, loop]) => 100 * (sum(run.parts) / sum(loop.parts) - 1)),
    ),
  },
  { "timed: all but the stages' own work": 2, "in turn: run against bare loop": 2 },
);
