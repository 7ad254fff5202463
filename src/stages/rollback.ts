/** The last good state of a learner, kept on disk, and the way back to it when health breaks. Serves all training stages. */
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import type { ModelRef } from "../dsl/artifacts.ts";
import type { Safeguard } from "../dsl/safeguard.ts";
import { DEFAULT_HEALTH, type HealthVerdict, judgeHealth } from "../rl/health.ts";
import { CALM } from "../rl/safeguard.ts";
import { noSpaceAsStoreFull } from "../runtime/checkpoint.ts";
import { Diverged } from "../runtime/errors.ts";
import type { StageContext, StepMetrics } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";
import { disposePolicy, type LoadedModel, loadPolicy } from "./policy.ts";
import { type Learner, readState, restoreLearner, saveLearner } from "./session.ts";

/** Where a stage's last good state lies and what it goes by. */
export interface Refuge<Memory> {
  /** The copy's folder; the state before the first copy is the stage's input. */
  readonly dir: string;
  readonly input: ModelRef;
  /** The reference, whose weights a policy may use. */
  readonly base: LoadedModel;
  /** The stage's own values before its first step. */
  readonly memory: Memory;
  readonly stage: string;
  readonly note: StageContext<unknown, unknown>["note"];
}

const GOOD = "good";
const NAMES = { kl: "the KL to the base", entropy: "the entropy", reward: "the average reward" };

/** Writes the learner and its last good state into an empty folder; what both share is written once. */
export const saveWithGood = Effect.fnUntraced(function* <Memory>(
  { dir }: Pick<Refuge<Memory>, "dir">,
  learner: Learner<Memory>,
  to: string,
) {
  if (learner.kept.current) return yield* attempt(() => share(dir, to));
  yield* saveLearner(learner, to);
  if (learner.kept.steps > 0) yield* attempt(() => share(dir, join(to, GOOD)));
});

/** Reads what `saveWithGood` left, and takes the good state out of the checkpoint, which goes when newer ones come. */
export const restoreWithGood = Effect.fnUntraced(function* <Memory>(
  { dir, input, base }: Pick<Refuge<Memory>, "dir" | "input" | "base">,
  from: string,
) {
  const learner = yield* restoreLearner<Memory>(input, base)(from);
  yield* attempt(() => {
    rmSync(dir, { recursive: true, force: true });
    if (learner.kept.steps > 0) share(learner.kept.current ? from : join(from, GOOD), dir);
  });
  return learner;
});

/**
 * Judges step `index` by its metrics; keeps the state from time to time, or goes back to the one kept.
 *
 * Without a reward among the metrics nothing is judged. The step's number goes on after a rollback, so
 * that the same problems and draws do not come again. Gives what is added to the metrics.
 * Fails: `Diverged` when a rollback too many is called for.
 */
export const watchHealth = Effect.fnUntraced(function* <Memory>(
  refuge: Refuge<Memory>,
  safeguard: Safeguard,
  learner: Learner<Memory>,
  index: number,
  metrics: StepMetrics,
) {
  if (metrics.reward === undefined) return {};
  const reading = { kl: metrics.klNats, entropy: metrics.entropy, reward: metrics.reward };
  const options = { ...DEFAULT_HEALTH, ...safeguard };
  const average = judgeHealth(learner.health, reading, { ...options, patience: Infinity }).state;
  const judged = judgeHealth(learner.health, reading, options);
  learner.health = judged.state;
  if (judged.verdict !== "continue") {
    const values = { ...reading, reward: average.reward };
    yield* leave(refuge, learner, index, judged, values);
  } else if (judged.state.broken === 0 && (index + 1) % safeguard.every === 0) {
    yield* keep(refuge, learner, index + 1);
  }
  const { rollbacks } = learner.health;
  return rollbacks === 0 ? {} : { rollbacks };
});

const leave = Effect.fnUntraced(function* <Memory>(
  refuge: Refuge<Memory>,
  learner: Learner<Memory>,
  index: number,
  { verdict, broken, state: { rollbacks, rateFactor } }: HealthVerdict,
  values: Readonly<Partial<Record<keyof typeof NAMES, number | undefined>>>,
) {
  const { stage, note } = refuge;
  const [name, value] = [NAMES[broken[0]!], values[broken[0]!] ?? Number.NaN];
  if (verdict === "diverged") {
    const quantity = `after ${rollbacks - 1} rollbacks ${name}`;
    return yield* new Diverged({ stage, step: index, quantity, value });
  }
  // What a step did shows in the next one, so a kept state may be the first bad one: twice is too often.
  const steps = learner.kept.tried ? 0 : learner.kept.steps;
  learner.kept = { steps, current: false, tried: true };
  const state = steps === 0 ? "the stage's start" : `the state after step ${steps}`;
  yield* note(
    `rollback ${rollbacks} after step ${index + 1}: ${name} was out of bounds too long ` +
      `(${value.toPrecision(3)}); back to ${state} with ${rateFactor} of the learning rate`,
  );
  yield* attempt(() => goBack(refuge, learner));
});

const keep = Effect.fnUntraced(function* <Memory>(
  { dir }: Refuge<Memory>,
  learner: Learner<Memory>,
  steps: number,
) {
  learner.kept = { steps, current: true, tried: false };
  yield* attempt(() => {
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
  });
  yield* saveLearner(learner, dir).pipe(noSpaceAsStoreFull(dir, "the last good state"));
});

/** Everything of the good state but its health: the count of rollbacks goes on. Memory: one policy at a time. */
function goBack<Memory>(
  { dir, input, base, memory }: Refuge<Memory>,
  learner: Learner<Memory>,
): void {
  const first = learner.kept.steps === 0;
  const good = first ? { guard: CALM, memory: structuredClone(memory) } : readState<Memory>(dir);
  disposePolicy(learner.policy);
  const policy = loadPolicy(first ? input.dir : join(dir, "policy"), base);
  learner.policy = { ...policy, dir: input.dir, rateFactor: learner.health.rateFactor };
  learner.guard = good.guard;
  learner.memory = good.memory;
}

/** Gives the files of a folder, which nobody writes to any more, a second place without a second copy. */
function share(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) share(source, target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // Not every file system has links; a full disk is told by the copy.
    if (existsSync(target)) throw error;
    copyFileSync(source, target);
  }
}
