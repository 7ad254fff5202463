/** Every way a run can end early, as tagged errors that land in events and in the report. Serves the runtime layer. */
import * as Schema from "effect/Schema";
import type { Issue } from "../dsl/issue.ts";
import { renderIssue } from "../dsl/issue.ts";

/** What a stage may fail with: any tagged error whose message says what was wrong and where. */
export interface StageError {
  readonly _tag: string;
  readonly message: string;
  /** True when trying again cannot help, whatever a retry policy says. */
  readonly final?: boolean;
}

/** The definition has problems; nothing ran. Exit code 2. */
export class PipelineInvalid extends Schema.TaggedError<PipelineInvalid>()("PipelineInvalid", {
  issues: Schema.Array(Schema.Unknown),
}) {
  override get message(): string {
    const issues = this.issues as ReadonlyArray<Issue>;
    const count = issues.length === 1 ? "1 problem" : `${issues.length} problems`;
    return `${count} in the pipeline:\n${issues.map((issue) => `  ${renderIssue(issue)}`).join("\n")}`;
  }
}

/** A stage failed for good; `reason` is the tag of the error beneath, `detail` its message. Exit code 1. */
export class StageFailed extends Schema.TaggedError<StageFailed>()("StageFailed", {
  stage: Schema.String,
  reason: Schema.String,
  detail: Schema.String,
  at: Schema.optionalKey(Schema.String),
}) {
  override get message(): string {
    const at = this.at === undefined ? "" : ` (defined at ${this.at})`;
    return `stage ${this.stage}${at} failed: ${this.reason}: ${this.detail}`;
  }
}

/** The user or the system asked the run to stop; what was done is kept. Exit code 130. */
export class Interrupted extends Schema.TaggedError<Interrupted>()("Interrupted", {
  stage: Schema.optionalKey(Schema.String),
  step: Schema.optionalKey(Schema.Int),
}) {
  override get message(): string {
    const stage = this.stage === undefined ? "" : ` in stage ${this.stage}`;
    const step = this.step === undefined ? "" : ` after step ${this.step}, checkpoint saved`;
    return `interrupted${stage}${step}; run the same command to go on`;
  }
}

/** A loss, gradient or weight stopped being a finite or plausible number. Never retried blindly. */
export class Diverged extends Schema.TaggedError<Diverged>()("Diverged", {
  stage: Schema.String,
  step: Schema.Int,
  quantity: Schema.String,
  value: Schema.Number,
}) {
  override get message(): string {
    return `${this.quantity} became ${this.value} at step ${this.step} of ${this.stage}`;
  }
}

/** A failure that may pass by itself (a busy file, a dropped connection): retried with back-off. */
export class Transient extends Schema.TaggedError<Transient>()("Transient", {
  detail: Schema.String,
}) {
  override get message(): string {
    return this.detail;
  }
}

/** The disk has no room for what the run wanted to keep; nothing half-written is left in use. */
export class StoreFull extends Schema.TaggedError<StoreFull>()("StoreFull", {
  path: Schema.String,
  during: Schema.String,
}) {
  override get message(): string {
    return `no space left on device while writing ${this.during} to ${this.path}; free some space and run the same command to go on`;
  }
}

/** Reading or writing the store failed for another reason than space. */
export class StoreBroken extends Schema.TaggedError<StoreBroken>()("StoreBroken", {
  path: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.path}: ${this.detail}`;
  }
}

/** Another live process works in the same place. */
export class RunLocked extends Schema.TaggedError<RunLocked>()("RunLocked", {
  path: Schema.String,
  pid: Schema.Int,
  host: Schema.String,
}) {
  override get message(): string {
    return `process ${this.pid} on ${this.host} is already running this pipeline here (lock ${this.path})`;
  }
}

/** A stage asks for more memory than the device has. */
export class ResourceTooSmall extends Schema.TaggedError<ResourceTooSmall>()("ResourceTooSmall", {
  neededGib: Schema.Number,
  capacityGib: Schema.Number,
}) {
  override get message(): string {
    return `needs ${this.neededGib} GiB, the device has ${this.capacityGib} GiB`;
  }
}

/** The device or the process had no memory left for what a stage wanted to hold at once. */
export class OutOfMemory extends Schema.TaggedError<OutOfMemory>()("OutOfMemory", {
  /** What the tensor library or the JavaScript engine said. */
  detail: Schema.String,
  /** True when less cannot be held at once. */
  final: Schema.optionalKey(Schema.Boolean),
}) {
  override get message(): string {
    return `out of memory: ${this.detail}`;
  }
}

/** An attempt at a stage took longer than its author allows; what was done is kept. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", {
  stage: Schema.String,
  limitMinutes: Schema.Number,
  step: Schema.optionalKey(Schema.Int),
}) {
  override get message(): string {
    const step = this.step === undefined ? "" : `; checkpoint saved after step ${this.step}`;
    return `the attempt took longer than ${this.limitMinutes} min${step}`;
  }
}

/** One declared budget and what became of it; `reached` is null when it was not measured. */
export const Verdict = Schema.Struct({
  budget: Schema.String,
  limit: Schema.Number,
  reached: Schema.NullOr(Schema.Number),
  met: Schema.Boolean,
});
export type Verdict = typeof Verdict.Type;

/** The run missed a declared budget, at its end or before: `stage` and `step` say where it stopped. Exit code 3. */
export class BudgetNotMet extends Schema.TaggedError<BudgetNotMet>()("BudgetNotMet", {
  verdicts: Schema.Array(Verdict),
  stage: Schema.optionalKey(Schema.String),
  step: Schema.optionalKey(Schema.Int),
}) {
  override get message(): string {
    const { stage, step } = this;
    const saved = step === undefined ? "" : ` after step ${step}, checkpoint saved`;
    const where = stage === undefined ? "" : `; stopped in stage ${stage}${saved}`;
    return [`budget not met${where}`, ...this.verdicts.map(renderVerdict)].join("\n");
  }
}

/** What became of a budget, in words. */
export function renderVerdict({ budget, limit, reached, met }: Verdict): string {
  const bound = budget.startsWith("max") ? "at most" : "at least";
  const text = reached === null ? "not measured" : String(Number(reached.toFixed(4)));
  return `  ${met ? "met    " : "not met"}  ${budget}: ${text}, ${bound} ${limit} was asked`;
}

/** What ends a loop before its time, after a checkpoint. */
export type Cut = Interrupted | TimedOut | BudgetNotMet;

/** How long-running work in a stage can fail besides the stage's own errors. */
export type RuntimeFailure = Cut | StoreFull | StoreBroken;
