import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import type { Objective } from "../../src/dsl/training.ts";
import { batchPrompts, headOf, promptPass, type Vlm } from "../../src/models/model.ts";
import {
  inColumns,
  layOutResponses,
  responseLogProbabilities,
  rowsPass,
} from "../../src/models/responses.ts";
import { groupRelative } from "../../src/rl/advantage.ts";
import { klTerm } from "../../src/rl/kl.ts";
import {
  DEFAULT_POLICY_LOSS,
  NAMED_LOSSES,
  type PolicyLossOptions,
  policyLoss,
} from "../../src/rl/objective.ts";
import { reinforcementTerm } from "../../src/stages/losses.ts";
import type { Replay } from "../../src/stages/replay.ts";
import type { Rollouts } from "../../src/stages/rollout.ts";
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
const { sampling, reward, objective: usual } = smallOptions();
const noAnchor = smallOptions({ anchor: { weight: 0 } });
const REWARDS = [1, 0, 0, 1, 0, 1, 0, 0.5];

onBestEngine();
beforeAll(() => {
  writeModel(base, 1);
  writeModel(other, 2);
});

interface Scene {
  readonly vlm: Vlm;
  readonly reference: Vlm;
  readonly rollouts: Rollouts;
  readonly time: number;
}

/** Two groups of four responses by a policy that is not the base; every third response was cut off. */
const run = (body: (scene: Scene) => void) =>
  training({ base, policy: other, options: noAnchor }, (session, { policy }) => {
    const problems = session.examples.worked.slice(0, 2).map(session.read);
    const options = { ...sampling, group: 4, maxTokens: 12 };
    const rolled = rollOut(policy, problems, [4, 2], options, reward, stream(1, "target"));
    const responses = rolled.responses.map((one, row) => ({ ...one, finished: row % 3 > 0 }));
    const time = Math.max(...responses.map(({ ids }) => ids.length));
    const rollouts = { ...rolled, responses, rewards: Float32Array.from(REWARDS) };
    body({ vlm: policy.vlm, reference: session.base.vlm, rollouts, time });
  });

function inputsOf({ rollouts: { problems, responses }, time }: Scene, vlm: Vlm) {
  const prompts = problems.map(({ prompt }) => prompt);
  const batch = batchPrompts(prompts, vlm.config);
  return { batch, ids: responses.map((response) => response.ids), time };
}

function logProbsIn(scene: Scene, vlm = scene.vlm): tf.Tensor1D {
  const { batch, ids, time } = inputsOf(scene, vlm);
  return responseLogProbabilities(vlm, batch, promptPass(vlm, batch), ids, time);
}

const read = (scene: Scene, vlm?: Vlm) => values(() => logProbsIn(scene, vlm));

/** 1 on generated tokens of the rows that `counts` takes. */
const maskOf = ({ rollouts, time }: Scene, counts: (row: number) => boolean = () => true) =>
  rollouts.responses.flatMap(({ imposed, ids }, row) =>
    Array.from({ length: time }, (_, t) => (counts(row) && t >= imposed && t < ids.length ? 1 : 0)),
  );

function differentiate(vlm: Vlm, loss: () => tf.Scalar) {
  const result = gradients(loss, vlm.parameters);
  const byName = new Map(
    [...result.byName].map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]),
  );
  release([...result.byName.values()]);
  return { loss: result.loss, byName };
}

const termOf = (scene: Scene, own: Partial<Objective>, replay?: Replay) =>
  reinforcementTerm(
    ...([scene.vlm, scene.reference, scene.rollouts, { ...usual, ...own }, 12] as const),
    Number.POSITIVE_INFINITY,
    replay,
  )!;

const evaluate = (scene: Scene, own: Partial<Objective>, replay?: Replay) =>
  differentiate(scene.vlm, termOf(scene, own, replay).parts[0]!().loss);

interface ByHand {
  readonly options?: Partial<PolicyLossOptions>;
  readonly rewards?: ReadonlyArray<number>;
  readonly scale?: Objective["advantage"];
  readonly mask?: ReadonlyArray<number>;
  readonly oldLogprobs?: Float32Array;
  readonly more?: () => tf.Scalar;
}

/** The same from `policyLoss` directly, its gradient brought to the weights by plain tensor operations. */
function byHand(scene: Scene, { options, rewards, scale, mask, oldLogprobs, more }: ByHand = {}) {
  const logprobs = read(scene);
  const own = groupRelative(Float32Array.from(rewards ?? REWARDS), {
    ...{ group: 4, scale: scale ?? "group", epsilon: 1e-4 },
  });
  const { loss, gradient } = policyLoss(
    { ...DEFAULT_POLICY_LOSS, ...options },
    {
      ...{ rows: 8, time: scene.time, logprobs, oldLogprobs: oldLogprobs ?? logprobs },
      referenceLogprobs: read(scene, scene.reference),
      mask: mask ?? maskOf(scene),
      advantages: own.advantages,
      maxCompletionLength: 12,
    },
  );
  const extra = more === undefined ? 0 : values(more)[0]!;
  const { byName } = differentiate(scene.vlm, () => {
    const plain = tf.sum(tf.mul(logProbsIn(scene), tf.tensor1d(gradient))) as tf.Scalar;
    return more === undefined ? plain : (tf.add(plain, more()) as tf.Scalar);
  });
  return { loss: loss + extra, byName };
}

type Result = ReturnType<typeof byHand>;

const apart = (a: Result, b: Result) =>
  Math.max(
    ...[...a.byName].flatMap(([name, own]) => [
      ...own.map((value, i) => Math.abs(value - b.byName.get(name)![i]!)),
    ]),
  );

/** The term's loss and gradient are the hand-made ones, and not those of the defaults. */
function expectSame(scene: Scene, own: Partial<Objective>, hand: ByHand, replay?: () => Replay) {
  const [term, wanted] = [evaluate(scene, own, replay?.()), byHand(scene, hand)];
  expect(term.loss).toBeCloseTo(wanted.loss, 5);
  expect([...term.byName.keys()]).toEqual([...wanted.byName.keys()]);
  for (const [name, gradient] of term.byName) {
    expectAllClose(gradient, wanted.byName.get(name)!, 1e-5, name);
  }
  expect(apart(term, evaluate(scene, {}, replay?.()))).toBeGreaterThan(1e-4);
}

describe("the objective's options", () => {
  it("change nothing by default", () =>
    run((scene) => {
      const [term, wanted] = [evaluate(scene, {}), byHand(scene)];
      expect(term.loss).toBeCloseTo(wanted.loss, 5);
      expect(apart(term, wanted)).toBeLessThan(1e-5);
    }));

  it.each(["k1", "k2", "k3"] as const)("estimate the divergence in the loss by %s", (one) =>
    run((scene) => {
      const own = { klEstimator: one, klWeight: 0.5 };
      expectSame(scene, own, { options: { klEstimator: one, beta: 0.5 } });
    }),
  );

  it.each(["k1", "k2", "k3"] as const)("take the divergence by %s off the reward", (one) =>
    run((scene) => {
      const [logprobs, reference, mask] = [
        read(scene),
        read(scene, scene.reference),
        maskOf(scene),
      ];
      const rewards = REWARDS.map((reward, row) => {
        let sum = 0;
        for (let t = row * scene.time; t < (row + 1) * scene.time; t++)
          if (mask[t] === 1) sum += klTerm(one, logprobs[t]!, reference[t]!).value;
        return reward - 0.3 * sum;
      });
      const own = { kl: "reward", klEstimator: one, klWeight: 0.3 } as const;
      expectSame(scene, own, { rewards, options: { beta: 0 } });
    }),
  );

  it("still measure a divergence that is in the reward, and leave groups without spread out", () =>
    run((scene) => {
      const flat = Float32Array.of(1, 1, 1, 1, 0, 1, 0, 0);
      const one = { ...scene, rollouts: { ...scene.rollouts, rewards: flat } };
      const [replay, keep]: [Replay, Replay] = [{ done: 0 }, { done: 0 }];
      const inReward = { kl: "reward", klWeight: 0.3 } as const;
      const term = termOf(one, inReward, replay);
      differentiate(one.vlm, term.parts[0]!().loss);
      expect(term.metrics.klNats).toBeGreaterThan(1e-3);
      termOf(one, { ...inReward, zeroSpread: "keep" }, keep);
      expect(replay.target!.advantages).toHaveLength(4);
      expect(keep.target!.advantages.slice(4)).toEqual(replay.target!.advantages);
      expect(keep.target!.advantages.slice(0, 4).some((value) => value !== 0)).toBe(true);
    }));

  it.each(["batch", "none"] as const)("divide advantages by: %s", (scale) =>
    run((scene) => expectSame(scene, { advantage: scale }, { scale })),
  );

  it("leave truncated responses out of the loss, not out of their group's mean", () =>
    run((scene) => {
      const mask = maskOf(scene, (row) => row % 3 > 0);
      expectSame(scene, { maskTruncated: true }, { mask });
    }));

  it("add the mean entropy of next-token distributions, with its weight", () =>
    run((scene) => {
      const mask = maskOf(scene);
      const count = mask.reduce<number>((sum, value) => sum + value, 0);
      const more = () => {
        const { batch, ids, time } = inputsOf(scene, scene.vlm);
        const rows = layOutResponses(batch, ids, time, scene.vlm.config.tokens.pad);
        const hidden = rowsPass(scene.vlm, batch, promptPass(scene.vlm, batch), rows);
        const logits = tf.matMul(hidden, tf.transpose(headOf(scene.vlm)));
        const logs = tf.sub(logits, tf.logSumExp(logits, 1, true));
        const negative = inColumns(tf.sum(tf.mul(tf.exp(logs), logs), 1) as tf.Tensor1D, rows);
        return tf.mul(tf.sum(tf.mul(negative, tf.tensor1d(mask))), 0.2 / count) as tf.Scalar;
      };
      expectSame(scene, { entropyBonus: 0.2 }, { more });
    }));

  it("clip ratios to the old log-probabilities, from the second update on", () =>
    run((scene) => {
      const logprobs = read(scene);
      const random = stream(1, "old");
      const oldLogprobs = logprobs.map((value) => value + 0.3 * random.normal());
      const own = { epsilonLow: 0.05, epsilonHigh: 0.1, updates: 2 };
      const options = { epsilonLow: 0.05, epsilonHigh: 0.1 };
      const replay = () => ({ done: 1, oldLogprobs });
      expectSame(scene, own, { options, oldLogprobs }, replay);
      expect(apart(evaluate(scene, own), evaluate(scene, {}))).toBe(0);
    }));

  it("bound ratios on both sides: beyond delta nothing pushes down, where the clip would", () =>
    run((scene) => {
      const logprobs = read(scene);
      const oldLogprobs = logprobs.map((value, i) => value - (i % 2 === 0 ? 1 : 0.05));
      const replay = () => ({ done: 1, oldLogprobs });
      const own = { updates: 2, delta: 1.5 };
      expectSame(scene, own, { options: { delta: 1.5 }, oldLogprobs }, replay);
    }));

  it.each(["token", "sequence"] as const)("form ratios by the %s under any loss", (level) =>
    run((scene) => {
      const logprobs = read(scene);
      const random = stream(2, "old");
      const oldLogprobs = logprobs.map((value) => value + 0.3 * random.normal());
      const loss = level === "token" ? "gspo" : "dr_grpo";
      const { kind, epsilonLow, epsilonHigh } = NAMED_LOSSES[loss];
      const own = { updates: 2, loss, ratio: level } as const;
      const options = { kind, level, epsilonLow, epsilonHigh };
      expectSame(scene, own, { options, oldLogprobs }, () => ({ done: 1, oldLogprobs }));
    }),
  );

  it("take each loss's usual clip range unless told otherwise", () =>
    run((scene) => {
      const rangeOf = (own: Partial<Objective>) => {
        const replay: Replay = { done: 0 };
        termOf(scene, own, replay);
        const { epsilonLow, epsilonHigh } = replay.target!.options;
        return [epsilonLow, epsilonHigh];
      };
      expect(rangeOf({})).toEqual([0.2, 0.28]);
      expect(rangeOf({ loss: "gspo" })).toEqual([3e-4, 4e-4]);
      expect(rangeOf({ loss: "gspo", epsilonHigh: 0.1 })).toEqual([3e-4, 0.1]);
      expect(rangeOf({ epsilonLow: 0 })).toEqual([0, 0.28]);
    }));
});
