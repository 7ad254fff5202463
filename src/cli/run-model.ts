/** The model that a past run made: of its last stage that gave one, or of a named one. CLI. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { ModelRef } from "../dsl/artifacts.ts";
import type { RunHistory } from "../runtime/history.ts";
import type { StageHistory } from "../runtime/stage-history.ts";
import { readStored } from "../runtime/stored.ts";

/** A model folder in the store, and the stage that made it. */
export interface RunModel {
  readonly stage: string;
  readonly dir: string;
}

/** A run has no model to give; `hint` says what there is. */
export class NoModel extends Schema.TaggedError<NoModel>()("NoModel", {
  reason: Schema.String,
  hint: Schema.String,
}) {
  override get message(): string {
    return this.hint === "" ? this.reason : `${this.reason}; ${this.hint}`;
  }
}

/** No stage of a run has the name. */
class StageNotFound extends Schema.TaggedError<StageNotFound>()("StageNotFound", {
  message: Schema.String,
}) {}

/**
 * Finds the model of a run.
 *
 * @param stage its id; undefined takes the last stage that gave a model
 * Fails: throws `NoModel`, `StageNotFound`.
 */
export function modelOfRun(run: RunHistory, stage: string | undefined): RunModel {
  const given = run.stages.map((one) => ({ stage: one.id, dir: policyOf(run, one) }));
  const models = given.filter((one): one is RunModel => one.dir !== undefined);
  const names = models.map((one) => one.stage).join(", ");
  const hint = names === "" ? `its state is ${run.state}` : `models: ${names}`;
  if (stage !== undefined && !run.stages.some(({ id }) => id === stage)) {
    throw new StageNotFound({ message: `the run ${run.id} has no stage ${stage}; ${hint}` });
  }
  const found = stage === undefined ? models.at(-1) : models.find((one) => one.stage === stage);
  if (found === undefined) {
    const reason =
      stage === undefined
        ? `no stage of the run ${run.id} gave a model`
        : `the stage ${stage} of the run ${run.id} gave no model`;
    throw new NoModel({ reason, hint });
  }
  if (existsSync(join(found.dir, "config.json"))) return found;
  const reason = `what ${found.stage} gave is no model folder, or is gone: ${found.dir}`;
  throw new NoModel({ reason, hint: "" });
}

/** Names that are no work of a stage: the frozen base, and a copy outside the store. */
const foreign = ["reference", "exported"];

/** The folder of the model under training that a stage gives: `policy`, or the only one under another name. */
function policyOf(run: RunHistory, { key, state }: StageHistory): string | undefined {
  if (state !== "stored" && state !== "computed") return undefined;
  const outputs = readStored(resolve(run.dir, "..", ".."), key).result?.outputs ?? {};
  const own = decode(outputs.policy)?.dir;
  if (own !== undefined) return own;
  const others = Object.entries(outputs)
    .filter(([name]) => !foreign.includes(name))
    .flatMap(([, value]) => decode(value)?.dir ?? [])
    .filter((dir) => existsSync(join(dir, "config.json")));
  return others.length === 1 ? others[0] : undefined;
}

const decode = (value: unknown): ModelRef | undefined =>
  Option.getOrUndefined(Schema.decodeUnknownOption(ModelRef)(value));
