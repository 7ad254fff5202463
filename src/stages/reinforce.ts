/** One step of reinforcement: roll out, score, and update on the reinforcement, imitation and anchor terms. Serves the four reinforcement phases. */
import { stream } from "../core/seed.ts";
import type { Imitation } from "../dsl/curriculum.ts";
import type { Anchor, Objective, Optimizer, Reward, Sampling } from "../dsl/training.ts";
import { componentNames } from "../rewards/components.ts";
import { groupRelative } from "../rl/advantage.ts";
import { DEFAULT_SAFEGUARD } from "../rl/safeguard.ts";
import type { StageContext } from "../runtime/handler.ts";
import { drawAnchors } from "./anchor.ts";
import { anchorTerm, imitationTerm, reinforcementTerm } from "./losses.ts";
import { type MicroBatch, microBatchOf } from "./micro-batch.ts";
import type { Term } from "./parts.ts";
import { further, type More } from "./refill.ts";
import { type Replay, repeatUpdate } from "./replay.ts";
import { type Rollouts, type Samples, sample } from "./rollout.ts";
import type { Learner, Session } from "./session.ts";
import { type StepPlace, type Update, update } from "./update.ts";
import type { Problem } from "./worked.ts";

/** The options that every reinforcement stage has. */
export interface ReinforcementOptions {
  readonly sampling: Sampling;
  readonly optimizer: Optimizer;
  readonly objective: Objective;
  readonly anchor: Anchor;
  readonly reward: Reward;
  /** Responses computed at once; null: all. */
  readonly microBatch: number | null;
}

/** What is imposed in a step, and what of it is imitated once the rollouts are known. */
export interface Constraint {
  /** [prompt]: k_x tokens. */
  readonly imposed: ArrayLike<number>;
  readonly imitation?: Imitation;
  /** [prompt]: K_x tokens, given each group's share of success. */
  readonly imitated?: (success: ReadonlyArray<number>) => ArrayLike<number>;
  /** Further problems, to make up for groups without spread; default: none are to be had. */
  readonly more?: More;
  /** Worked references whose thoughts are imitated beside the rollouts. */
  readonly rehearsed?: ReadonlyArray<Problem>;
}

export interface ReinforcementStep {
  readonly rollouts: Rollouts;
  /** [prompt]: 1 where all rewards of the group are equal. */
  readonly zeroSpread: Uint8Array;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A step whose responses are sampled; `finish` takes it once they are scored, and may be called again when memory ran out. */
export interface SampledStep<Outcome> {
  readonly samples: Samples;
  readonly reward: Reward;
  /** More samples for the step, given all so far; undefined when it has enough. May be called again when memory ran out. */
  readonly refill?: (rollouts: Rollouts, round: number) => Samples | undefined;
  readonly finish: (rollouts: Rollouts) => Outcome;
}

/** The micro-batch of a reinforcement stage at its start. */
export function rolloutsAtOnce(
  context: Pick<StageContext<ReinforcementOptions, unknown>, "options" | "halvings">,
): MicroBatch {
  const { microBatch, sampling } = context.options;
  return microBatchOf(microBatch, sampling.prompts * sampling.group, context.halvings);
}

/** Samples the responses of step `index` of `total`; finishing it changes `learner` in place. Fails: throws `Diverged`. */
export function reinforce<Memory>(
  session: Session,
  learner: Learner<Memory>,
  problems: ReadonlyArray<Problem>,
  constraint: Constraint,
  options: ReinforcementOptions,
  index: number,
  total: number,
): SampledStep<ReinforcementStep> {
  const started = performance.now();
  const { sampling, reward } = options;
  const random = stream(session.seed, session.stage, "rollout", index);
  const { rows } = session.microBatch;
  const samples = sample(learner.policy, problems, constraint.imposed, sampling, random, rows);
  let rolloutSeconds = (performance.now() - started) / 1000;
  const replay: Replay = { done: 0 };
  return {
    samples,
    reward,
    refill: (rollouts, round) => {
      const began = performance.now();
      const next = further(constraint, sampling, rollouts, round);
      if (next === undefined) return undefined;
      const drawn = stream(session.seed, session.stage, "rollout", index, "refill", round);
      const micro = session.microBatch.rows;
      const more = sample(learner.policy, next.problems, next.imposed, sampling, drawn, micro);
      rolloutSeconds += (performance.now() - began) / 1000;
      return more;
    },
    finish: (rollouts) => {
      const { zeroSpread, metrics } = learn(
        ...([session, learner, rollouts, constraint, options] as const),
        { stage: session.stage, index, total, seed: session.seed },
        replay,
      );
      const stepSeconds = (performance.now() - started) / 1000;
      const tokensPerSecond = rollouts.generatedTokens / stepSeconds;
      const pace = { rolloutSeconds, stepSeconds, tokensPerSecond };
      return { rollouts, zeroSpread, metrics: { ...metrics, ...pace } };
    },
  };
}

/** The updates on scored rollouts, of which `replay` says how many are done; numbers are the last one's. */
function learn<Memory>(
  session: Session,
  learner: Learner<Memory>,
  rollouts: Rollouts,
  constraint: Constraint,
  options: ReinforcementOptions,
  place: StepPlace,
  replay: Replay,
) {
  const { sampling, objective } = options;
  const spread = { group: sampling.group, scale: objective.advantage, epsilon: 1e-4 };
  const { zeroSpread } = groupRelative(rollouts.rewards, spread);
  const { metrics } = repeatUpdate(replay, objective.updates, () =>
    learnOnce(session, learner, rollouts, constraint, options, place, replay),
  );
  const groups = sampling.refill > 0 ? { groups: zeroSpread.length } : {};
  return { zeroSpread, metrics: { ...describe(rollouts, zeroSpread), ...groups, ...metrics } };
}

function learnOnce<Memory>(
  session: Session,
  learner: Learner<Memory>,
  rollouts: Rollouts,
  constraint: Constraint,
  { sampling, objective, anchor: held, optimizer }: ReinforcementOptions,
  place: StepPlace,
  replay: Replay,
): Update {
  const { policy } = learner;
  const { rows } = session.microBatch;
  const { maxTokens } = sampling;
  const models = [policy.vlm, session.base.vlm] as const;
  const terms = [
    reinforcementTerm(...models, rollouts, objective, maxTokens, rows, replay),
    imitation(policy.vlm, rollouts, constraint, rows),
    rehearsal(policy.vlm, constraint, rows),
    anchor(session, learner, held, place.index),
  ].filter((term): term is Term => term !== undefined);
  const updated = update(
    policy,
    terms,
    optimizer,
    DEFAULT_SAFEGUARD,
    learner.guard,
    place,
    Number.isFinite(rows),
  );
  learner.guard = updated.guard;
  return updated;
}

function imitation(
  vlm: Learner<unknown>["policy"]["vlm"],
  { problems, success }: Rollouts,
  constraint: Constraint,
  microBatch: number,
): Term | undefined {
  if (constraint.imitation === undefined || constraint.imitated === undefined) return undefined;
  const imitated = constraint.imitated(success);
  return imitationTerm(vlm, problems, imitated, success, constraint.imitation, microBatch);
}

/** Imitation of all that may be shown of the rehearsed references, as if their groups had failed. */
function rehearsal(
  vlm: Learner<unknown>["policy"]["vlm"],
  { rehearsed = [], imitation: how }: Constraint,
  microBatch: number,
): Term | undefined {
  if (how === undefined || rehearsed.length === 0) return undefined;
  const lengths = rehearsed.map(({ imposable }) => imposable);
  const failed = rehearsed.map(() => 0);
  return imitationTerm(vlm, rehearsed, lengths, failed, how, microBatch);
}

/** The anchor's term for a step; undefined without an anchor. */
export function anchor<Memory>(
  session: Session,
  { policy }: Learner<Memory>,
  options: Anchor,
  index: number,
): Term | undefined {
  if (session.anchors === undefined) return undefined;
  const { seed, stage, base, microBatch } = session;
  const drawn = drawAnchors(session.anchors, options.prompts, seed, stage, index);
  return anchorTerm(policy.vlm, base.vlm, drawn, options.weight, microBatch.rows);
}

function describe(rollouts: Rollouts, zeroSpread: Uint8Array): Record<string, number> {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const { responses, components, success, failures } = rollouts;
  const { answer = mean(success), ...others } = components;
  return {
    reward: mean(rollouts.rewards),
    accuracy: answer,
    ...named(others),
    ...Object.fromEntries(
      Object.entries(failures).map(([name, count]) => [`reward/${name}Failures`, count]),
    ),
    zeroSpreadShare: mean(zeroSpread),
    entropy: mean(responses.map(({ entropy }) => entropy)),
    responseTokens: mean(responses.map(({ ids }) => ids.length)),
    truncatedShare: mean(responses.map(({ finished }) => (finished ? 0 : 1))),
  };
}

/** Components as metrics; those of a user's own rewards apart, so that no name can hide another metric. */
function named(components: Readonly<Record<string, number>>): Record<string, number> {
  const shipped: ReadonlySet<string> = new Set(componentNames);
  return Object.fromEntries(
    Object.entries(components).map(([name, value]) => [
      shipped.has(name) ? name : `reward/${name}`,
      value,
    ]),
  );
}
