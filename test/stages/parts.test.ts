import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { modelFolder } from "../../src/dsl/shipped.ts";
import type { Objective } from "../../src/dsl/training.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import { askBase } from "../../src/stages/anchor.ts";
import {
  anchorTerm,
  imitationTerm,
  reinforcementTerm,
  supervisedTerm,
} from "../../src/stages/losses.ts";
import type { Term } from "../../src/stages/parts.ts";
import type { Replay } from "../../src/stages/replay.ts";
import type { Rollouts } from "../../src/stages/rollout.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { update } from "../../src/stages/update.ts";
import { measureConfidence } from "../../src/stages/worked.ts";
import {
  folderForFile,
  onBestEngine,
  rollOut,
  smallOptions,
  taughtModel,
  training,
  writeModel,
} from "../support/learner.ts";

const [base, other] = [folderForFile(), folderForFile()];
const { sampling, reward, objective, imitation } = smallOptions();
const noAnchor = smallOptions({ anchor: { weight: 0 } });

onBestEngine();
beforeAll(() => {
  writeModel(base, 1);
  writeModel(other, 2);
});

const run = (body: (session: Session, learner: Learner<object>) => void) =>
  training({ base, policy: other, options: noAnchor }, body);
const problemsOf = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);
const infinite = Number.POSITIVE_INFINITY;

/** Three groups of four, the second without spread; prefixes of several lengths. */
function rolled(session: Session, { policy }: Learner<object>, microBatch?: number): Rollouts {
  const problems = problemsOf(session).slice(0, 3);
  const options = { ...sampling, group: 4, maxTokens: 12 };
  const random = stream(1, "micro-batch");
  const rollouts = rollOut(policy, problems, [4, 0, 2], options, reward, random, microBatch);
  return { ...rollouts, rewards: Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0.5, 0.5) };
}

/** Loss, metrics, gradient norm and moved weights of one step from the same start. */
function step(learner: Learner<object>, make: (microBatch: number) => Term[], microBatch: number) {
  const { policy } = learner;
  // A step so small that all steps start, up to rounding, from the same weights.
  const optimizer = { ...smallOptions().optimizer, clipNorm: 1e6, learningRate: 1e-30 };
  for (const { mean, square } of policy.adam.moments.values()) {
    for (const moment of [mean, square]) tf.tidy(() => moment.assign(tf.zerosLike(moment)));
  }
  policy.adam = { ...policy.adam, updates: 0 };
  const terms = make(microBatch);
  const place = { stage: "trial", index: 0, total: 1 };
  const apart = Number.isFinite(microBatch);
  const { metrics } = update(policy, terms, optimizer, DEFAULT_SAFEGUARD, CALM, place, apart);
  const gradient = [...policy.adam.moments].map(
    ([name, { mean }]) => [name, Float32Array.from(mean.dataSync())] as const,
  );
  return {
    metrics,
    gradient: new Map(gradient),
    parts: terms.flatMap(({ parts }) => parts).length,
  };
}

/** ‖a − b‖ / ‖a‖ over all parameters together. */
function distance(a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>) {
  let [apart, norm] = [0, 0];
  for (const [name, values] of a) {
    values.forEach((value, at) => {
      apart += (value - b.get(name)![at]!) ** 2;
      norm += value ** 2;
    });
  }
  return Math.sqrt(apart / norm);
}

/** The step in parts of each size must be the undivided one. */
function expectEqual(
  learner: Learner<object>,
  make: (microBatch: number) => Term[],
  sizes: ReadonlyArray<number> = [6, 4, 3, 1],
) {
  const whole = step(learner, make, infinite);
  expect(whole.metrics.gradientNorm).toBeGreaterThan(1e-4);
  for (const rows of sizes) {
    const divided = step(learner, make, rows);
    expect(divided.parts, `${rows} rows`).toBeGreaterThan(whole.parts);
    expect(distance(whole.gradient, divided.gradient), `${rows} rows`).toBeLessThan(1e-6);
    expect(Object.keys(divided.metrics)).toEqual(Object.keys(whole.metrics));
    for (const [name, value] of Object.entries(whole.metrics)) {
      const scale = Math.max(1e-2, Math.abs(value));
      // The divergence is a small difference of log-probabilities: it has a few more roundings than they have.
      expect(Math.abs(divided.metrics[name]! - value) / scale, name).toBeLessThan(3e-6);
    }
  }
}

describe("a step in parts", () => {
  const losses = ["grpo", "bnpo", "dr_grpo", "dapo", "gspo", "cispo", "sapo", "luspo"] as const;

  it.each(losses)("is the undivided one for %s, with a divergence", (loss) =>
    run((session, learner) => {
      const rollouts = rolled(session, learner);
      const own: Objective = { ...objective, loss, klWeight: 0.1 };
      const make = (own: Objective) => (rows: number) => [
        reinforcementTerm(learner.policy.vlm, session.base.vlm, rollouts, own, 12, rows)!,
      ];
      expectEqual(learner, make(own), [3]);
      if (loss === "dapo") expectEqual(learner, make({ ...own, zeroSpread: "keep" }));
    }),
  );

  it.each<Partial<Objective>>([
    { entropyBonus: 0.1, klEstimator: "k2" },
    { kl: "reward" },
    { maskTruncated: true, updates: 2 },
  ])("is the undivided one in the first update and in a later one with %o", (more) =>
    run((session, learner) => {
      const rolledOut = rolled(session, learner);
      const responses = rolledOut.responses.map((one, x) => ({ ...one, finished: x % 4 !== 1 }));
      const rollouts = { ...rolledOut, responses };
      const own: Objective = { ...objective, klWeight: 0.1, ...more };
      const make = (replay: () => Replay) => (rows: number) => [
        reinforcementTerm(learner.policy.vlm, session.base.vlm, rollouts, own, 12, rows, replay())!,
      ];
      const first: Replay = { done: 0 };
      expectEqual(
        learner,
        make(() => ({ done: 0 })),
        [6, 1],
      );
      const [sampled] = [
        step(
          learner,
          make(() => first),
          infinite,
        ),
      ];
      if (own.updates > 1) expect(sampled.metrics).toMatchObject({ meanRatio: 1, clipFraction: 0 });
      const random = stream(1, "old");
      const oldLogprobs = first.oldLogprobs!.map((value) => value + 0.2 * random.normal());
      expectEqual(
        learner,
        make(() => ({ done: 1, oldLogprobs })),
        [6, 1],
      );
    }),
  );

  it.each(["gated", "p(1-p)", "entropy-top", "luffy", "uniform"] as const)(
    "is the undivided one for imitation weighted by %s",
    (strategy) =>
      run((session, learner) => {
        const problems = problemsOf(session);
        const own = { ...imitation, strategy, weight: strategy === "uniform" ? 1000 : 1 };
        // Three references count; the fourth group succeeded but is part of the normaliser.
        const [imitated, success] = [
          [5, 3, 7, 2],
          [0, 0.25, 0.5, 1],
        ];
        const make = (rows: number) => [
          imitationTerm(learner.policy.vlm, problems, imitated, success, own, rows)!,
        ];
        const whole = step(learner, make, infinite);
        for (const rows of [2, 1]) {
          const divided = step(learner, make, rows);
          expect(divided.parts).toBe(3 - (rows - 1));
          expect(distance(whole.gradient, divided.gradient)).toBeLessThan(1e-6);
          expect(divided.metrics.imitationLoss).toBeCloseTo(whole.metrics.imitationLoss!, 6);
          expect(divided.metrics.imitationShare).toBe(whole.metrics.imitationShare);
        }
      }),
  );

  it("is the undivided one for all terms of a step together, on the shipped model", async () => {
    const shipped = modelFolder("tiny-vlm");
    const policy = await taughtModel(base, shipped, 3);
    await training(
      { base: shipped, policy, options: noAnchor },
      (session, learner: Learner<object>) => {
        const problems = problemsOf(session);
        const { vlm } = learner.policy;
        const rollouts = rolled(session, learner);
        const prompts = problems.map(({ prompt }) => prompt);
        const answers = problems.map(({ reference }) => reference);
        const asked = { weight: 0.5, prompts: 4, images: "general", pool: 4 } as const;
        const pool = askBase(session.base, session.examples, asked, 6, 1);
        expect(pool.hidden).toHaveLength(4);
        expectEqual(learner, (rows) => [
          reinforcementTerm(vlm, session.base.vlm, rollouts, objective, 12, rows)!,
          imitationTerm(vlm, problems, [5, 3, 7, 2], [0, 0, 0, 0], imitation, rows)!,
          anchorTerm(vlm, session.base.vlm, { prompts, ids: answers }, 0.5, rows),
          anchorTerm(vlm, session.base.vlm, pool, 0.5, rows),
          supervisedTerm(vlm, problems, rows),
        ]);
      },
    );
  });

  it("samples the same responses and measures the same confidences", () =>
    run((session, learner) => {
      const whole = rolled(session, learner);
      const { policy } = learner;
      const confidences = measureConfidence(policy, problemsOf(session));
      for (const rows of [8, 3, 1]) {
        const divided = rolled(session, learner, rows);
        expect(divided.responses.map(({ ids }) => ids)).toEqual(
          whole.responses.map(({ ids }) => ids),
        );
        measureConfidence(policy, problemsOf(session), rows).forEach((value, x) => {
          expect(value / confidences[x]! - 1).toBeCloseTo(0, 5);
        });
      }
    }));
});
