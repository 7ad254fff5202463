/**
 * Loading a model beside reading its file.
 *
 *   npx tsx bench/load.ts --model DIR [--rounds 7] [--json]
 *
 * DIR is what bench/make-real-size.ts writes. Each round is a process of its own, which reads `model.safetensors` whole,
 * forgets it, starts the engine and loads the model: both find the file where the system keeps what was read before.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Effect from "effect/Effect";
import { loadModel } from "../src/stages/policy.ts";
import { start } from "../src/tensor/engine.ts";
import { inTurn, numberOption, say, secondsOf, textOption } from "./measure.ts";

const dir = textOption("model");
if (dir === undefined) throw new Error("--model takes the folder of a model");

if (process.argv.includes("--once")) {
  const read = await secondsOf(() => readFileSync(join(dir, "model.safetensors")).length);
  await Effect.runPromise(start("auto"));
  const load = await secondsOf(() => loadModel(dir));
  const rss = process.resourceUsage().maxRSS / 1024;
  console.log(
    JSON.stringify({
      "read, s": read,
      "load, s": load,
      "load / read": load / read,
      "peak RSS, MiB": rss,
    }),
  );
} else {
  const own = fileURLToPath(import.meta.url);
  const once = async () =>
    JSON.parse(
      execFileSync("npx", ["tsx", own, "--model", dir, "--once"], { encoding: "utf8" }),
    ) as Readonly<Record<string, number>>;
  say(`loading ${dir}`, "", await inTurn(numberOption("rounds", 7), [once]), {
    "load / read": 1.5,
  });
}
