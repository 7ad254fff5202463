import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { beforeAll, describe, expect, it } from "vitest";
import { headOf } from "../../src/models/model.ts";
import { inColumns } from "../../src/models/responses.ts";
import { groupRelative } from "../../src/rl/advantage.ts";
import { DEFAULT_POLICY_LOSS, policyLoss } from "../../src/rl/objective.ts";
import { DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import type { ConstrainedOptions } from "../../src/stages/constrained.ts";
import { reinforcementTerm } from "../../src/stages/losses.ts";
import { passPart, type SharedPart, type Term } from "../../src/stages/parts.ts";
import { anchor, type Constraint, reinforce } from "../../src/stages/reinforce.ts";
import { type Rollouts, score } from "../../src/stages/rollout.ts";
import {
  type Learner,
  restoreLearner,
  type Session,
  saveLearner,
} from "../../src/stages/session.ts";
import { update } from "../../src/stages/update.ts";
import { hostLoss } from "../../src/tensor/ops/host-loss.ts";
import { logProbabilities } from "../../src/tensor/ops/log-probability.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

const [base, other] = [folderForFile(), folderForFile()];
const TOTAL = 10;
const INDEX = 7;
const REWARDS = [1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0.5, 0, 0, 0, 0, 1];

onBestEngine();
beforeAll(() => {
  writeModel(base, 1);
  writeModel(other, 2);
});

const withUpdates = (updates: number, learningRate = 1e-3) =>
  smallOptions({
    objective: { updates, klWeight: 0 },
    optimizer: { learningRate, finalLearningRate: learningRate / 10 },
  });

const run = <A>(
  options: ConstrainedOptions,
  body: (session: Session, learner: Learner<object>) => A,
) => training<A>({ base, policy: other, options }, body);

/** A step sampled, and scored with rewards of one's own. */
function begin(
  session: Session,
  learner: Learner<object>,
  options: ConstrainedOptions,
  more: Partial<Constraint> = {},
  index = INDEX,
) {
  const problems = session.examples.worked.slice(0, 4).map(session.read);
  const constraint = { imposed: [4, 2, 0, 0], ...more };
  const step = reinforce(session, learner, problems, constraint, options, index, TOTAL);
  const never = () => {
    throw new Error("no CIDEr is asked for here");
  };
  const scored = Effect.runSync(score(step.samples, step.reward, never));
  return { ...step, rollouts: { ...scored, rewards: Float32Array.from(REWARDS) } };
}

const stepped = (
  session: Session,
  learner: Learner<object>,
  options: ConstrainedOptions,
  index?: number,
) => {
  const { finish, rollouts } = begin(session, learner, options, {}, index);
  return finish(rollouts).metrics;
};

const everything = (learner: Learner<object>) => {
  const { guard, policy } = learner;
  return structuredClone({ guard, updates: policy.adam.updates, weights: weightsOf(learner) });
};

/** The policy's term with `policyLoss` directly; `old` is filled by the first update. */
function handMade(
  { policy }: Learner<object>,
  rollouts: Rollouts,
  old: { of?: Float32Array },
): Term {
  const ids = rollouts.responses.map((response) => response.ids);
  const time = Math.max(...ids.map(({ length }) => length));
  const { advantages } = groupRelative(rollouts.rewards, {
    ...{ group: 4, scale: "group", epsilon: 1e-4 },
  });
  const mask = rollouts.responses.flatMap(({ imposed, ids: own }) =>
    Array.from({ length: time }, (_, t) => (t >= imposed && t < own.length ? 1 : 0)),
  );
  const options = { ...DEFAULT_POLICY_LOSS, beta: 0 };
  const prompts = rollouts.problems.map(({ prompt }) => prompt);
  const model = policy.vlm;
  const lossOf: SharedPart["lossOf"] = (hidden, laidOut) => {
    const all = inColumns(logProbabilities(hidden, headOf(model), laidOut.targets), laidOut);
    return hostLoss(all, (logprobs) => {
      old.of ??= logprobs.slice();
      return policyLoss(options, {
        ...{ rows: ids.length, time, logprobs, oldLogprobs: old.of, mask, advantages },
        maxCompletionLength: 18,
      });
    });
  };
  return {
    parts: [() => passPart({ model, responses: { prompts, ids, time }, lossOf })],
    metrics: {},
  };
}

describe("several updates on the same responses", () => {
  it("are as many hand-made ones: same weights, each counted once, at the step's rate", async () => {
    const options = withUpdates(2);
    const own = await run(options, (session, learner) => {
      const metrics = stepped(session, learner, options);
      return { ...everything(learner), rate: metrics.learningRate };
    });
    const byHand = await run(options, (session, learner) => {
      const { rollouts } = begin(session, learner, options);
      const old = {};
      const place = { stage: session.stage, index: INDEX, total: TOTAL };
      let rate: number | undefined;
      for (let i = 0; i < 2; i++) {
        const terms = [
          handMade(learner, rollouts, old),
          anchor(session, learner, options.anchor, INDEX)!,
        ];
        const [guard, { optimizer }] = [learner.guard, options];
        const one = update(learner.policy, terms, optimizer, DEFAULT_SAFEGUARD, guard, place);
        learner.guard = one.guard;
        rate = one.metrics.learningRate;
      }
      return { ...everything(learner), rate };
    });
    expect(own.updates).toBe(2);
    expect(own.guard.norms).toHaveLength(2);
    expect(own).toEqual(byHand);
  });

  it("begin with ratios of exactly 1 and nothing clipped, whatever the rate", () => {
    const options = withUpdates(2, 0.05);
    return run(options, (session, learner) => {
      const { rollouts } = begin(session, learner, options);
      const [models, { objective, optimizer }] = [
        [learner.policy.vlm, session.base.vlm] as const,
        options,
      ];
      const term = reinforcementTerm(...models, rollouts, objective, 18)!;
      const place = { stage: session.stage, index: INDEX, total: TOTAL };
      update(learner.policy, [term], optimizer, DEFAULT_SAFEGUARD, learner.guard, place);
      expect(term.metrics).toMatchObject({ meanRatio: 1, clipFraction: 0 });
    });
  });

  it("clip in the second update at a large rate, not at a tiny one", async () => {
    const second = (rate: number) => {
      const options = withUpdates(2, rate);
      return run(options, (session, learner) => stepped(session, learner, options));
    };
    const [tiny, large] = [await second(1e-8), await second(0.05)];
    expect(tiny.clipFraction).toBe(0);
    expect(tiny.meanRatio).toBeCloseTo(1, 4);
    expect(tiny.meanRatio).not.toBe(1);
    expect(large.clipFraction).toBeGreaterThan(0.05);
    // Small as well, since its expectation under the old policy is 1 whatever the new one.
    expect(Math.abs(large.meanRatio! - 1)).toBeGreaterThan(1e-3);
  });

  it("log neither ratio nor clip when there is one, which could only be 1 and 0", () => {
    const options = withUpdates(1);
    return run(options, (session, learner) => {
      const metrics = stepped(session, learner, options);
      expect(metrics.policyLoss).toBeDefined();
      expect(metrics.meanRatio).toBeUndefined();
      expect(metrics.clipFraction).toBeUndefined();
      expect(learner.policy.adam.updates).toBe(1);
    });
  });

  it("go on after a checkpoint as without one, bit by bit", async () => {
    const options = withUpdates(3);
    const saved = join(temporaryFolder(), "state");
    mkdirSync(saved);
    const straight = await run(options, (session, learner) => {
      stepped(session, learner, options, 0);
      Effect.runSync(saveLearner(learner, saved));
      stepped(session, learner, options, 1);
      return everything(learner);
    });
    const resumed = await run(options, (session) => {
      const rest = Effect.gen(function* () {
        const learner = yield* restoreLearner<object>({ dir: other }, session.base)(saved);
        stepped(session, learner, options, 1);
        return everything(learner);
      });
      return Effect.runSync(Effect.scoped(rest));
    });
    expect(straight.updates).toBe(6);
    expect(resumed).toEqual(straight);
  });

  it("are not taken twice when memory runs out in the second", async () => {
    const options = withUpdates(2);
    const lack = "OOM when allocating tensor";
    const taken = (failing: number) =>
      run(options, (session, learner) => {
        let calls = 0;
        const imitated = () => {
          calls += 1;
          if (calls === failing) throw new Error(lack);
          return [3, 0, 2, 1];
        };
        const more = { imitation: options.imitation, imitated };
        const { finish, rollouts } = begin(session, learner, options, more);
        if (failing > 0) {
          expect(() => finish(rollouts)).toThrow(lack);
          expect(learner.policy.adam.updates).toBe(failing - 1);
        }
        finish(rollouts);
        return everything(learner);
      });
    const whole = await taken(0);
    expect(whole.updates).toBe(2);
    expect(await taken(1)).toEqual(whole);
    expect(await taken(2)).toEqual(whole);
  });

  it("end with one that a safeguard refuses, which counts once", () => {
    const options = withUpdates(5);
    return run(options, (session, learner) => {
      const { finish, rollouts } = begin(session, learner, options);
      const before = weightsOf(learner);
      const rewards = rollouts.rewards.map((reward) => reward * Number.POSITIVE_INFINITY || 0);
      const { metrics } = finish({ ...rollouts, rewards });
      expect(metrics.skipped).toBe(1);
      expect(learner.guard).toMatchObject({ consecutive: 1, skipped: 1 });
      expect(learner.policy.adam.updates).toBe(0);
      expect(weightsOf(learner)).toEqual(before);
    });
  });
});
