import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Optimizer } from "../../src/dsl/training.ts";
import { type Part, partOf } from "../../src/models/layout.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import { Diverged } from "../../src/runtime/errors.ts";
import { anchorTerm, imitationTerm, supervisedTerm } from "../../src/stages/losses.ts";
import { sharedLoss, type Term } from "../../src/stages/parts.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { update } from "../../src/stages/update.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { readParameters } from "../../src/tensor/parameters.ts";
import { expectAllClose } from "../support/allclose.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

const dir = folderForFile();
const options = smallOptions({ anchor: { weight: 0 } });
const place = { stage: "trial", index: 0, total: 10 };

onBestEngine();
beforeAll(() => {
  writeModel(dir);
});

const run = <A>(body: (session: Session, learner: Learner<object>) => A) =>
  training({ base: dir, options }, body);
const supervised = ({ examples, read }: Session, { policy }: Learner<object>) =>
  supervisedTerm(policy.vlm, examples.worked.slice(0, 2).map(read));

/** The term times a factor that makes it useless. */
const times = (term: Term, factor: number): Term => ({
  ...term,
  parts: term.parts.map((make) => () => {
    const { loss, owned } = make();
    return { loss: () => tf.mul(loss(), factor) as tf.Scalar, owned };
  }),
});

/** Moments of the optimizer, end to end. */
const momentsOf = ({ policy: { adam } }: Learner<object>) =>
  [...adam.moments].map(([name, { mean, square }]) => {
    const arrays = readParameters(new Map(Object.entries({ mean, square })));
    return [name, [...arrays.values()].map(({ data }) => Array.from(data))];
  });

describe("terms with the same prompts", () => {
  it("have the gradient of one pass for each, whether or not they share one", () =>
    run((session, learner) => {
      const problems = session.examples.worked.slice(0, 4).map(session.read);
      const prompts = problems.map(({ prompt }) => prompt);
      const { vlm } = learner.policy;
      const base = session.base.vlm;
      const terms = () => [
        supervisedTerm(vlm, problems.slice(0, 3)),
        imitationTerm(vlm, problems, [3, 9, 1, 0], [0, 0.5, 0, 0], options.imitation)!,
        anchorTerm(
          vlm,
          base,
          {
            prompts: [prompts[3]!, prompts[1]!],
            ids: [
              [7, 8],
              [9, 7, 8, 9, 7],
            ],
          },
          0.5,
        ),
      ];
      const parts = () => terms().flatMap((term) => term.parts.map((make) => make()));
      const together = parts();
      const shared = gradients(
        () =>
          sharedLoss(
            vlm,
            together.map(({ shared }) => shared!),
          ),
        vlm.parameters,
      );
      const alone = parts();
      const own = gradients(
        () => tf.addN(alone.map(({ loss }) => loss())) as tf.Scalar,
        vlm.parameters,
      );
      expect(shared.loss).toBeCloseTo(own.loss, 5);
      for (const [name, gradient] of own.byName) {
        const expected = gradient.dataSync<"float32">();
        expectAllClose(shared.byName.get(name)!.dataSync<"float32">(), expected, 1e-5, name);
      }
      release([...shared.byName.values(), ...own.byName.values()]);
      for (const { owned } of [...together, ...alone]) release(owned);
    }));
});

describe("the learning rate", () => {
  /** As an update without terms reports it. */
  const rates = (own: Partial<Optimizer>, steps: ReadonlyArray<number>) =>
    run((_, { policy }) => {
      const { optimizer } = smallOptions({ optimizer: own });
      return steps.map((index) => {
        const at = { stage: "trial", index, total: 100 };
        return update(policy, [], optimizer, DEFAULT_SAFEGUARD, CALM, at).metrics.learningRate!;
      });
    });

  it("is constant unless told otherwise", async () => {
    expect(await rates({ learningRate: 2e-3 }, [0, 50, 99])).toEqual([2e-3, 2e-3, 2e-3]);
  });

  it("rises over the warm-up steps, then has its full value", async () => {
    const own = { learningRate: 1e-2, warmupSteps: 4 };
    const [first, third, fifth, later] = await rates(own, [0, 2, 4, 50]);
    expect(first).toBeCloseTo(0.2e-2, 12);
    expect(third).toBeCloseTo(0.6e-2, 12);
    expect([fifth, later]).toEqual([1e-2, 1e-2]);
  });

  it("falls on a line from `decayFrom` to its final value at the last step", async () => {
    const own = { learningRate: 1e-2, finalLearningRate: 1e-3, decayFrom: 0.59 };
    const [before, start, middle, end] = await rates(own, [58, 59, 79, 99]);
    expect([before, start]).toEqual([1e-2, 1e-2]);
    expect(middle).toBeCloseTo(0.55e-2, 12);
    expect(end).toBeCloseTo(1e-3, 12);
  });
});

describe("update", () => {
  it("moves every parameter that takes part, and reports loss, norm and rate", () =>
    run((session, learner) => {
      const before = weightsOf(learner);
      const term = supervised(session, learner);
      const { policy } = learner;
      const { metrics } = update(policy, [term], options.optimizer, DEFAULT_SAFEGUARD, CALM, place);
      expect(metrics).toMatchObject({ learningRate: 3e-4, skipped: 0 });
      expect(metrics.loss).toBeCloseTo(metrics.supervisedLoss!, 5);
      expect(metrics.gradientNorm).toBeGreaterThan(0);
      const after = weightsOf(learner);
      for (const name of Object.keys(before)) expect(after[name], name).not.toEqual(before[name]);
      expect(policy.adam.updates).toBe(1);
    }));

  it("adds its terms up", () =>
    run((session, learner) => {
      const terms = [1, 2, 0.5].map((factor) => times(supervised(session, learner), factor));
      const { metrics } = update(
        learner.policy,
        terms,
        options.optimizer,
        DEFAULT_SAFEGUARD,
        CALM,
        place,
      );
      expect(metrics.loss! / metrics.supervisedLoss!).toBeCloseTo(3.5, 4);
    }));

  it("does nothing without a term", () =>
    run((_, learner) => {
      const before = weightsOf(learner);
      const step = update(learner.policy, [], options.optimizer, DEFAULT_SAFEGUARD, CALM, place);
      expect(step).toEqual({ guard: CALM, metrics: { learningRate: 3e-4 } });
      expect(weightsOf(learner)).toEqual(before);
    }));

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "skips and counts a step whose loss is %d: weights, moments and count stay",
    (factor) =>
      run((session, learner) => {
        const { policy } = learner;
        update(policy, [supervised(session, learner)], options.optimizer, DEFAULT_SAFEGUARD, CALM, {
          ...place,
        });
        const before = [weightsOf(learner), momentsOf(learner), policy.adam.updates];
        const useless = times(supervised(session, learner), factor);
        const step = update(policy, [useless], options.optimizer, DEFAULT_SAFEGUARD, CALM, place);
        expect(step.guard).toMatchObject({ consecutive: 1, skipped: 1 });
        expect(step.metrics.skipped).toBe(1);
        expect([weightsOf(learner), momentsOf(learner), policy.adam.updates]).toEqual(before);
      }),
  );

  it("diverges after too many skipped steps in a row, saying where and what", () =>
    run((session, learner) => {
      const before = weightsOf(learner);
      let guard = CALM;
      const fail = (index: number) => {
        const useless = times(supervised(session, learner), Number.NaN);
        const at = { ...place, index };
        const step = update(
          learner.policy,
          [useless],
          options.optimizer,
          DEFAULT_SAFEGUARD,
          guard,
          at,
        );
        guard = step.guard;
      };
      for (let index = 0; index < DEFAULT_SAFEGUARD.patience - 1; index++) fail(index);
      expect(() => fail(4)).toThrow(Diverged);
      expect(() => fail(4)).toThrow("the loss became NaN at step 4 of trial");
      expect(weightsOf(learner)).toEqual(before);
    }));

  it.each<{ freeze: ReadonlyArray<Part> }>([
    { freeze: ["vision"] },
    { freeze: ["projector"] },
    { freeze: ["text"] },
    { freeze: ["vision", "projector"] },
  ])("leaves frozen parts bit by bit as they were: $freeze", ({ freeze }) =>
    run((session, learner) => {
      const before = weightsOf(learner);
      const optimizer = { ...options.optimizer, freeze, weightDecay: 0.1 };
      for (let index = 0; index < 2; index++) {
        const term = supervised(session, learner);
        update(learner.policy, [term], optimizer, DEFAULT_SAFEGUARD, CALM, { ...place, index });
      }
      const after = weightsOf(learner);
      for (const name of Object.keys(before)) {
        if (freeze.includes(partOf(name))) expect(after[name], name).toEqual(before[name]);
        else expect(after[name], name).not.toEqual(before[name]);
      }
    }),
  );
});
