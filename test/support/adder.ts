/** A small real pipeline for tests of the runtime: writes numbers, then adds random ones of them step by step. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, option, pipeline, run, Steps } from "rcpa";
import { stream } from "../../src/core/seed.ts";

declare module "rcpa" {
  interface Artifacts {
    numbers: { readonly file: string };
  }
}

export const numbers = define({
  name: "numbers",
  version: 1,
  doc: "Writes the numbers from 0.",
  needs: [],
  gives: ["numbers"],
  engine: false,
  options: Schema.Struct({
    count: option(Schema.Int, { doc: "How many.", unit: "numbers", default: 10 }),
  }),
});

export const add = define({
  name: "add",
  version: 1,
  doc: "Adds one randomly chosen number a step.",
  needs: ["numbers"],
  gives: ["policy"],
  options: Schema.Struct({
    steps: Steps({ doc: "Additions." }),
    scale: option(Schema.Finite, { doc: "Factor of each number.", unit: "-", default: 1 }),
    pauseMs: option(Schema.Int, {
      doc: "Time a step takes at least.",
      unit: "ms",
      default: 0,
      operational: true,
    }),
    checkpointEvery: option(Schema.Int, {
      doc: "Steps between checkpoints.",
      unit: "steps",
      default: 10,
      operational: true,
    }),
  }),
});

const numbersHandler = handler(numbers, (context) =>
  Effect.sync(() => {
    const file = context.artifact("numbers.json");
    const values = Array.from({ length: context.options.count }, (_, index) => index);
    writeFileSync(file, JSON.stringify(values));
    return { numbers: { file } };
  }),
);

interface Sum {
  total: number;
}

const addHandler = handler(add, (context) =>
  Effect.gen(function* () {
    const { steps, scale, pauseMs, checkpointEvery } = context.options;
    const values = readJson(context.inputs.numbers.file) as ReadonlyArray<number>;
    const sum = yield* context.loop<Sum, never, never>({
      total: steps,
      checkpointEvery,
      start: Effect.succeed({ total: 0 }),
      restore: (dir) => Effect.sync(() => readJson(join(dir, "sum.json")) as Sum),
      step: (state, index) =>
        Effect.sync(() => {
          state.total += scale * stream(context.seed, "add", index).pick(values);
          state.total /= 1.01;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
          return { reward: state.total };
        }),
      save: (state, dir) => Effect.sync(() => writeJson(join(dir, "sum.json"), state)),
    });
    mkdirSync(context.artifact("model"));
    writeJson(context.artifact("model/sum.json"), sum);
    return { policy: { dir: context.artifact("model") } };
  }),
);

export const adderHandlers = [numbersHandler, addHandler];

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value));
}

const adder = pipeline("adder", { doc: "adds numbers" }).pipe(
  numbers({ count: 7 }),
  add({ steps: 60, pauseMs: Number(process.env.ADDER_PAUSE_MS ?? 0) }),
);
export default adder;
run(import.meta, adder, { handlers: adderHandlers });
