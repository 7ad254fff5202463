import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { batchPrompts, promptPass, type Vlm } from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import { askBase } from "../../src/stages/anchor.ts";
import {
  anchorTerm,
  imitationTerm,
  reinforcementTerm,
  supervisedTerm,
} from "../../src/stages/losses.ts";
import type { Term } from "../../src/stages/parts.ts";
import type { Rollouts } from "../../src/stages/rollout.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { globalNorm } from "../../src/tensor/adam.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { expectAllClose } from "../support/allclose.ts";
import { values } from "../support/gradient-check.ts";
import {
  folderForFile,
  onBestEngine,
  rollOut,
  smallOptions,
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

/** A learner whose weights are not the base's. */
const run = (body: (session: Session, learner: Learner<object>) => void, policy = other) =>
  training({ base, policy, options: noAnchor }, body);

const problemsOf = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);

/** Log-probabilities of responses to one prompt each, all of one length, on the host. */
function logProbsOf(vlm: Vlm, problems: Rollouts["problems"], ids: ReadonlyArray<Array<number>>) {
  const time = Math.max(...ids.map(({ length }) => length));
  const all = values(() => {
    const batch = batchPrompts(
      problems.map(({ prompt }) => prompt),
      vlm.config,
    );
    return responseLogProbabilities(vlm, batch, promptPass(vlm, batch), ids, time);
  });
  return ids.map(({ length }, row) => [...all.subarray(row * time, row * time + length)]);
}

/** Value and gradient of a term; everything is released. */
function evaluate(vlm: Vlm, { parts }: Pick<Term, "parts">) {
  expect(parts).toHaveLength(1);
  const { loss, owned } = parts[0]!();
  const result = gradients(loss, vlm.parameters);
  const norm = globalNorm(result.byName);
  const byName = new Map(
    [...result.byName].map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]),
  );
  release([...result.byName.values()], owned);
  return { loss: result.loss, norm, byName };
}

/** Rollouts of the policy with rewards of one's own. */
function rolled(session: Session, { policy }: Learner<object>, rewards: ReadonlyArray<number>) {
  const problems = problemsOf(session).slice(0, 2);
  const options = { ...sampling, group: 4, maxTokens: 12 };
  const rollouts = rollOut(policy, problems, [4, 2], options, reward, stream(1, "losses"));
  return { ...rollouts, rewards: Float32Array.from(rewards) };
}

describe("supervisedTerm", () => {
  it("is the mean negative log-likelihood of all reference tokens", () =>
    run((session, { policy }) => {
      const problems = problemsOf(session);
      expect(new Set(problems.map(({ reference }) => reference.length)).size).toBeGreaterThan(1);
      const references = problems.map(({ reference }) => [...reference]);
      const all = logProbsOf(policy.vlm, problems, references).flat();
      const term = supervisedTerm(policy.vlm, problems);
      const { loss, norm } = evaluate(policy.vlm, term);
      expect(loss).toBeCloseTo(-all.reduce((sum, value) => sum + value, 0) / all.length, 5);
      expect(term.metrics.supervisedLoss).toBeCloseTo(loss, 5);
      expect(norm).toBeGreaterThan(0.1);
    }));
});

describe("anchorTerm", () => {
  const anchored = (session: Session, vlm: Vlm, weight: number) => {
    const problems = problemsOf(session);
    const ids = problems.map(({ reference }) => reference);
    const prompts = problems.map(({ prompt }) => prompt);
    return evaluate(vlm, anchorTerm(vlm, session.base.vlm, { prompts, ids }, weight));
  };

  it("is 0 with a gradient of 0 where the policy is the base", () =>
    run((session, { policy }) => {
      const { loss, norm } = anchored(session, policy.vlm, 0.5);
      expect(Math.abs(loss)).toBeLessThan(1e-6);
      expect(norm).toBeLessThan(1e-5);
    }, base));

  it("is positive elsewhere and grows with its weight", () =>
    run((session, { policy }) => {
      const [half, whole] = [0.5, 1].map((weight) => anchored(session, policy.vlm, weight));
      expect(half!.loss).toBeGreaterThan(1e-4);
      expect(whole!.loss / half!.loss).toBeCloseTo(2, 4);
      expect(whole!.norm / half!.norm).toBeCloseTo(2, 3);
    }));

  it("is the same whether the base's hidden states were kept or are computed again", () =>
    run((session, learner) => {
      const asked = { weight: 1, prompts: 4, images: "general", pool: 6 } as const;
      const pool = askBase(session.base, session.examples, asked, 6, 1);
      expect(pool.hidden!.map((states) => states.length)).toEqual(
        pool.ids.map(({ length }) => length),
      );
      const { prompts, ids } = pool;
      const { vlm } = learner.policy;
      const [kept, again] = [pool, { prompts, ids }].map((each) =>
        evaluate(vlm, anchorTerm(vlm, session.base.vlm, each, 1)),
      );
      expect(again!.loss).toBeGreaterThan(1e-4);
      expect(kept!.loss / again!.loss).toBeCloseTo(1, 4);
      for (const [name, gradient] of again!.byName) {
        expectAllClose(kept!.byName.get(name)!, gradient, 1e-5, name);
      }
    }));
});

describe("reinforcementTerm", () => {
  const free = { ...objective, klWeight: 0 };
  const [mixed, flat] = [
    [1, 0, 0, 1, 0, 1, 0, 0],
    [1, 1, 1, 1, 0, 0, 0, 0],
  ];

  it("is no term at all when no group has a spread of rewards", () =>
    run((session, learner) => {
      const rollouts = rolled(session, learner, flat!);
      const { vlm } = learner.policy;
      expect(reinforcementTerm(vlm, session.base.vlm, rollouts, objective, 12)).toBeUndefined();
    }));

  it("has no gradient when all advantages are 0 and no divergence is weighed", () =>
    run((session, learner) => {
      const rollouts = rolled(session, learner, flat!);
      const { vlm } = learner.policy;
      const keep = { ...objective, zeroSpread: "keep" } as const;
      const term = (klWeight: number) =>
        reinforcementTerm(vlm, session.base.vlm, rollouts, { ...keep, klWeight }, 12)!;
      expect(evaluate(vlm, term(0)).norm).toBe(0);
      expect(evaluate(vlm, term(0.02)).norm).toBeGreaterThan(0);
    }));

  it("is the policy gradient of the generated tokens, whatever was imposed", () =>
    run((session, learner) => {
      const rollouts = rolled(session, learner, mixed!);
      const { vlm } = learner.policy;
      const own = evaluate(vlm, reinforcementTerm(vlm, session.base.vlm, rollouts, free, 12)!);
      const plain = evaluate(vlm, {
        parts: [() => ({ loss: () => plainPolicyGradient(vlm, rollouts), owned: [] })],
      });
      expect(own.norm).toBeGreaterThan(1e-3);
      expect([...own.byName.keys()]).toEqual([...plain.byName.keys()]);
      for (const [name, gradient] of own.byName) {
        expectAllClose(gradient, plain.byName.get(name)!, 1e-5, name);
      }
    }));

  it("gives no gradient to imposed tokens, whatever the advantages", () =>
    run((session, learner) => {
      const rollouts = rolled(session, learner, mixed!);
      const { vlm } = learner.policy;
      const imposed = rollouts.responses.map((one) => ({ ...one, imposed: one.ids.length }));
      const all = { ...rollouts, responses: imposed };
      expect(evaluate(vlm, reinforcementTerm(vlm, session.base.vlm, all, free, 12)!).norm).toBe(0);
    }));

  it("leaves a group without spread out as if it had not been there", () =>
    run((session, learner) => {
      const rewards = [...mixed!.slice(0, 4), ...flat!.slice(0, 4)];
      const both = rolled(session, learner, rewards);
      const first: Rollouts = {
        ...both,
        problems: both.problems.slice(0, 1),
        responses: both.responses.slice(0, 4),
        rewards: both.rewards.slice(0, 4),
      };
      const { vlm } = learner.policy;
      const [one, other] = [both, first].map((rollouts) =>
        evaluate(vlm, reinforcementTerm(vlm, session.base.vlm, rollouts, objective, 12)!),
      );
      expect(one!.norm).toBeGreaterThan(1e-3);
      expect(one!.loss).toBe(other!.loss);
      expect(one!.norm).toBe(other!.norm);
    }));
});

/** `−Σ A log π / tokens` over generated tokens in plain tensor operations, A by hand. */
function plainPolicyGradient(vlm: Vlm, { problems, responses, rewards, group }: Rollouts) {
  const ids = responses.map((response) => response.ids);
  const time = Math.max(...ids.map(({ length }) => length));
  const advantage = (row: number) => {
    const first = row - (row % group);
    const own = [...rewards.subarray(first, first + group)];
    const mean = own.reduce((sum, value) => sum + value, 0) / group;
    const squares = own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return (rewards[row]! - mean) / (Math.sqrt(squares / (group - 1)) + 1e-4);
  };
  const tokens = responses.reduce((sum, { logProbs }) => sum + logProbs.length, 0);
  const weights = responses.flatMap(({ imposed, ids: own }, row) =>
    Array.from({ length: time }, (_, t) =>
      t >= imposed && t < own.length ? -advantage(row) / tokens : 0,
    ),
  );
  const prompts = problems.map(({ prompt }) => prompt);
  const batch = batchPrompts(prompts, vlm.config);
  const logProbs = responseLogProbabilities(vlm, batch, promptPass(vlm, batch), ids, time);
  return tf.sum(tf.mul(logProbs, tf.tensor1d(weights))) as tf.Scalar;
}

describe("imitationTerm", () => {
  const plain = { ...imitation, strategy: "p(1-p)" } as const;

  it("is absent when nothing is imitated, every group succeeded, or it is switched off", () =>
    run((session, { policy: { vlm } }) => {
      const problems = problemsOf(session);
      const term = (imitated: Array<number>, success: Array<number>, own = imitation) =>
        imitationTerm(vlm, problems, imitated, success, own);
      expect(term([0, 0, 0, 0], [0, 0, 0, 0])).toBeUndefined();
      expect(term([3, 3, 3, 3], [1, 1, 1, 1])).toBeUndefined();
      expect(term([3, 3, 3, 3], [0, 0, 0, 0], { ...imitation, weight: 0 })).toBeUndefined();
      const none = { ...imitation, strategy: "none" } as const;
      expect(term([3, 3, 3, 3], [0, 0, 0, 0], none)).toBeUndefined();
    }));

  it("weighs imitated tokens by failure and strategy, over the length of all references", () =>
    run((session, { policy: { vlm } }) => {
      const problems = problemsOf(session);
      const [imitated, success] = [
        [5, 0, 3, 2],
        [0, 0, 0.25, 1],
      ];
      const references = problems.map(({ reference }) => [...reference]);
      const length = references.flat().length;
      const logProbs = logProbsOf(vlm, problems, references);
      const expected = [0, 2].reduce((sum, x) => {
        const own = logProbs[x]!.slice(0, imitated[x]!);
        const terms = own.map((value) => Math.exp(value) * (1 - Math.exp(value)) * value);
        return sum - ((1 - success[x]!) * terms.reduce((a, b) => a + b, 0)) / length;
      }, 0);
      const term = imitationTerm(vlm, problems, imitated, success, plain)!;
      expect(evaluate(vlm, term).loss).toBeCloseTo(expected, 6);
    }));

  it("is a thousandth of the likelihood when uniform, as in its source", () =>
    run((session, { policy: { vlm } }) => {
      const problems = problemsOf(session).slice(0, 1);
      const reference = [...problems[0]!.reference];
      const sum = logProbsOf(vlm, problems, [reference])[0]!.reduce((a, b) => a + b, 0);
      const uniform = { ...imitation, strategy: "uniform" } as const;
      const term = imitationTerm(vlm, problems, [reference.length], [0], uniform)!;
      expect(evaluate(vlm, term).loss).toBeCloseTo((-0.001 * sum) / reference.length, 7);
    }));

  it("takes the tokens of highest entropy under entropy-top", () =>
    run((session, { policy: { vlm } }) => {
      const problems = problemsOf(session);
      const top = { ...imitation, strategy: "entropy-top" } as const;
      const term = imitationTerm(vlm, problems, [10, 10, 10, 10], [0, 0, 0, 0], top)!;
      expect(evaluate(vlm, term).norm).toBeGreaterThan(0);
      expect(term.metrics.imitationShare).toBeCloseTo(0.2, 1);
    }));
});
