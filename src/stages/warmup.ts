/** Handler of `warmup`: measures the base on the domain, then a few reward-only steps under the longest prefixes. */
import * as Effect from "effect/Effect";
import { stream } from "../core/seed.ts";
import { warmup as definition } from "../dsl/phases.ts";
import { startCurriculum } from "../rl/curriculum.ts";
import { handler, type StageContext } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { batchOf } from "./batches.ts";
import { meanRatio } from "./constrained.ts";
import { attempt } from "./failure.ts";
import { ciderOf } from "./references.ts";
import { type ReinforcementOptions, reinforce, rolloutsAtOnce } from "./reinforce.ts";
import { type Rollouts, sample, score } from "./rollout.ts";
import { openSession, type Session } from "./session.ts";
import { train } from "./train.ts";
import { measureConfidence, type Problem } from "./worked.ts";

const MEASURED_AT_ONCE = 50;
const PROBED_PROBLEMS = 64;

export const warmup = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs, seed, stage } = context;
    const { anchor, sampling } = options;
    const session = yield* openSession({
      imposes: true,
      ...{ stage, seed, inputs, anchor },
      maxTokens: sampling.maxTokens,
      microBatch: rolloutsAtOnce(context),
    });
    const curriculum = startCurriculum(yield* measureBase(context, session, options));
    const total = options.steps;
    const { policy } = yield* train(context, session, {
      total,
      memory: {},
      step: (learner, index) => {
        const batch = batchOf(session.examples.worked, sampling.prompts, index, seed, stage);
        const problems = batch.map(session.read);
        const most = ({ reference, imposable }: Problem) =>
          Math.min(imposable, Math.round(options.prefix.maxRatio * (reference.length - 1)));
        const more = (round: number, count: number) => {
          const { worked } = session.examples;
          const chosen = batchOf(worked, count, index, seed, stage, "refill", round);
          const further = chosen.map(session.read);
          return { problems: further, imposed: further.map(most) };
        };
        const constraint = { imposed: problems.map(most), more };
        const begun = reinforce(session, learner, problems, constraint, options, index, total);
        const finish = (rollouts: Rollouts) => {
          const lengths = rollouts.problems.map(({ reference }) => reference.length);
          const constraintRatio = meanRatio(rollouts.problems.map(most), lengths);
          return { rollouts, metrics: { ...begun.finish(rollouts).metrics, constraintRatio } };
        };
        return { ...begun, finish };
      },
    });
    return { policy, curriculum: { state: { ...curriculum } } };
  }, Effect.scoped),
);

/** Familiarity with the worked references, and success without any help, of the untouched base. */
const measureBase = Effect.fnUntraced(function* (
  context: Pick<StageContext<unknown, unknown>, "note" | "progress">,
  { base, examples, read, seed, stage, microBatch }: Session,
  { sampling, reward }: ReinforcementOptions,
) {
  const confidences: Array<number> = [];
  for (let first = 0; first < examples.worked.length; first += MEASURED_AT_ONCE) {
    const problems = examples.worked.slice(first, first + MEASURED_AT_ONCE).map(read);
    confidences.push(...(yield* attempt(() => measureConfidence(base, problems, microBatch.rows))));
    yield* context.progress(confidences.length, examples.worked.length);
  }
  const probed = batchOf(examples.domain.train, PROBED_PROBLEMS, 0, seed, stage, "probe").map(read);
  const samples = yield* attempt(() =>
    sample(
      base,
      probed,
      probed.map(() => 0),
      sampling,
      stream(seed, stage, "probe"),
      microBatch.rows,
    ),
  );
  const { success } = yield* score(samples, reward, () => ciderOf(examples));
  const mean = (values: ReadonlyArray<number>) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const measured = { familiarity: mean(confidences), unhintedSuccess: mean(success) };
  yield* context.note(
    `the base gives worked references ${measured.familiarity.toExponential(1)} per token (familiarity) ` +
      `and solves ${(100 * measured.unhintedSuccess).toFixed(1)} % of sampled attempts`,
  );
  return measured;
});
