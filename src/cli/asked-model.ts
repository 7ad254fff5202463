/** The model that a command asks: named by the user, put on an engine, released afterwards. CLI. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { modelFolder } from "../dsl/shipped.ts";
import { checkModelFolder } from "../models/folder.ts";
import { disposeModel } from "../models/model.ts";
import { expectedShapes } from "../models/weight-shapes.ts";
import { type LoadedModel, loadModel } from "../stages/policy.ts";
import { type EngineInfo, start } from "../tensor/engine.ts";
import { engineNames } from "./args.ts";
import { text } from "./command-line.ts";

/** Which model, and what computes. */
export interface ModelChoice {
  readonly dir: string;
  readonly engine: string;
}

/** The options that choose a model. */
export const modelOptions = { model: text, engine: text } as const;

/** What help says of them. */
export const modelHelp = `  --model DIR       a Hugging Face folder, or tiny-vlm, which ships with rcpa
  --engine NAME     auto | ${engineNames.join(" | ")}; default: auto, the best there is`;

/** Reads the options that choose a model; text is what is wrong with them. */
export function readModelChoice(values: {
  readonly model?: string | undefined;
  readonly engine?: string | undefined;
}): ModelChoice | string {
  const { model, engine = "auto" } = values;
  if (model === undefined || model === "") {
    return "which model? --model DIR names a Hugging Face folder; --model tiny-vlm ships with rcpa";
  }
  const dir = modelFolder(model);
  const problem = folderProblem(model, dir);
  if (problem !== undefined) return `--model: ${problem}`;
  if (engine !== "auto" && !(engineNames as ReadonlyArray<string>).includes(engine)) {
    return `--engine: there is no engine "${engine}"; engines: auto, ${engineNames.join(", ")}`;
  }
  return { dir, engine };
}

/** What keeps a path from being a model folder at first sight; undefined when nothing does. */
function folderProblem(name: string, dir: string): string | undefined {
  if (!existsSync(dir)) return `there is no folder ${name}; tiny-vlm ships with rcpa`;
  if (!statSync(dir).isDirectory()) return `${name} is a file; name the folder it is in`;
  if (existsSync(join(dir, "config.json"))) return undefined;
  if (existsSync(join(dir, "run.json"))) {
    return `${name} is a run; \`rcpa export ${name} --to DIR\` gives its model`;
  }
  return `${name} is no model folder: it has no config.json`;
}

/** The weights alone do not fit into the device's memory. */
class ModelTooLarge extends Schema.TaggedError<ModelTooLarge>()("ModelTooLarge", {
  message: Schema.String,
}) {}

/** The model gave NaN or infinity. */
export class NotFinite extends Schema.TaggedError<NotFinite>()("NotFinite", {
  where: Schema.String,
}) {
  override get message(): string {
    return `${this.where}: the model gives no number; its weights may hold NaN or infinity`;
  }
}

const GiB = 1024 ** 3;

/**
 * Starts the engine, loads the model, runs `body`, releases the model.
 *
 * Fails: `EngineUnavailable`, `ModelTooLarge`, and as `loadModel`.
 */
export async function withModel<A>(
  { dir, engine }: ModelChoice,
  body: (model: LoadedModel, engine: EngineInfo) => Promise<A>,
): Promise<A> {
  const config = checkModelFolder(dir);
  const started = await Effect.runPromise(Effect.result(start(engine)));
  if (started._tag === "Failure") throw started.failure;
  const info = started.success;
  checkRoom(dir, expectedShapes(config), info);
  const model = loadModel(dir);
  try {
    return await body(model, info);
  } finally {
    disposeModel(model.vlm);
  }
}

/** Weights are held as float32; less than that cannot suffice, whatever is asked. */
function checkRoom(
  dir: string,
  shapes: ReadonlyMap<string, ReadonlyArray<number>>,
  { device, memoryGiB }: EngineInfo,
): void {
  const elements = [...shapes.values()].map((shape) => shape.reduce((a, b) => a * b, 1));
  const needed = (4 * elements.reduce((a, b) => a + b, 0)) / GiB;
  if (needed <= memoryGiB) return;
  const message = `${dir}: the weights take ${needed.toFixed(1)} GiB in float32, ${device} has ${memoryGiB.toFixed(1)}`;
  throw new ModelTooLarge({ message });
}
