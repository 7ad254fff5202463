/** How long 1,000 answers from the store take: looked up one by one, planned and run as a pipeline of 1,000 stages. `--rounds N`, `--json`. */
import { writeFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { define, handler, option, pipeline } from "rcpa";
import { isComplete, type Plan, plan } from "../src/runtime/plan.ts";
import { Resources } from "../src/runtime/resources.ts";
import { execute } from "../src/runtime/run.ts";
import { Stop } from "../src/runtime/stop.ts";
import { StageStore } from "../src/runtime/store.ts";
import { inTurn, numberOption, say, secondsOf, temporaryFolder } from "./measure.ts";

const stages = 1000;

const tiny = define({
  ...{ name: "tiny", version: 1, doc: "Writes its number.", engine: false },
  ...{ needs: [], gives: [] },
  options: Schema.Struct({ number: option(Schema.Int, { doc: "Which one.", unit: "-" }) }),
});
const tinyHandler = handler(tiny, ({ options, artifact }) =>
  Effect.sync(() => {
    writeFileSync(artifact("number.txt"), `${options.number}`);
    return {};
  }),
);
const many = pipeline("many").pipe(
  ...Array.from({ length: stages }, (_, number) => tiny({ number })),
);

const root = temporaryFolder();
const services = Layer.mergeAll(StageStore.layerFile(root), Stop.layer, Resources.layer(1));
const withServices = <A, E>(work: Effect.Effect<A, E, StageStore | Stop | Resources>) =>
  Effect.runPromise(Effect.provide(work, services));
const code = { files: { "tiny.ts": "1" }, packages: {} };
const planned = () => withServices(plan(many, "none", () => code));
const ran = (open: Plan) => withServices(execute(open, [tinyHandler]));

const filling = await secondsOf(async () => ran(await planned()));
const hits = await planned();
if (!isComplete(hits)) throw new Error("the store does not answer everything");

const finds = Effect.gen(function* () {
  const store = yield* StageStore;
  for (const { fingerprint } of hits.stages) yield* store.find(fingerprint);
});

const measure = (name: string, work: () => Promise<unknown>) => async () => ({
  [name]: await secondsOf(work),
});
const measured = await inTurn(numberOption("rounds", 7), [
  measure("1,000 finds", () => withServices(finds)),
  measure("plan of 1,000 stored stages", planned),
  measure("run of 1,000 stored stages", () => ran(hits)),
  measure("plan and run", async () => ran(await planned())),
]);
const first = { median: filling, low: filling, high: filling, n: 1 };
say("store", "s", { ...measured, "first run, all computed": first }, { "plan and run": 2 });
