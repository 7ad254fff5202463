import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { DEFAULT_IMITATION } from "../../src/rl/imitation.ts";
import { reinforce } from "../../src/stages/reinforce.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { measureConfidence } from "../../src/stages/worked.ts";
import {
  folderForFile,
  onBestEngine,
  rollOut,
  smallOptions,
  take,
  taughtModel,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

const dir = folderForFile();
const options = smallOptions({
  sampling: { group: 8 },
  optimizer: { learningRate: 2e-3 },
  objective: { klWeight: 0 },
  anchor: { weight: 0 },
});
let taught: string;

onBestEngine();
beforeAll(async () => {
  taught = await taughtModel(dir, writeModel(dir), 80);
});

const mean = (values: Float32Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const problemsOf = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);

/** Share of right answers over many free samples. */
function success(session: Session, { policy }: Learner<object>): number {
  const problems = problemsOf(session);
  const sampling = { ...options.sampling, group: 24 };
  const random = stream(9, "probe");
  const all = rollOut(policy, problems, [0, 0, 0, 0], sampling, options.reward, random).success;
  return all.reduce((sum, value) => sum + value, 0) / all.length;
}

describe("reinforce", () => {
  it("raises the share of rewarded responses by more than a quarter of all in 80 steps", () =>
    training({ base: dir, policy: taught, options }, (session, learner) => {
      const problems = problemsOf(session);
      const before = success(session, learner);
      for (let index = 0; index < 80; index++) {
        take(reinforce(session, learner, problems, { imposed: [0, 0, 0, 0] }, options, index, 80));
      }
      const after = success(session, learner);
      expect(before).toBeLessThan(0.4);
      expect(after).toBeGreaterThan(before + 0.25);
    }));

  it("leaves the weights alone when no group has a spread and nothing anchors", () =>
    training({ base: dir, options }, (session, learner) => {
      const before = weightsOf(learner);
      const { zeroSpread, metrics } = take(
        reinforce(session, learner, problemsOf(session), { imposed: [0, 0, 0, 0] }, options, 0, 1),
      );
      expect([...zeroSpread]).toEqual([1, 1, 1, 1]);
      expect(metrics).toMatchObject({ reward: 0, zeroSpreadShare: 1 });
      expect(metrics.loss).toBeUndefined();
      expect(weightsOf(learner)).toEqual(before);
    }));

  it("rehearses the thoughts of worked references, and leaves likely tokens alone", () =>
    training({ base: dir, policy: taught, options }, (session, learner) => {
      const problems = problemsOf(session);
      const rehearsed = session.examples.worked.slice(4, 8).map(session.read);
      const thoughts = rehearsed.map((problem) => ({
        ...problem,
        reference: problem.reference.slice(0, problem.imposable),
      }));
      const familiarity = () => mean(measureConfidence(learner.policy, thoughts));
      // Nothing is rewarded, so that rehearsal is all that can move the weights.
      const silent = {
        ...options,
        sampling: { ...options.sampling, group: 2 },
        reward: { ...options.reward, answer: 0, format: 0, steps: 0 },
      };
      const step = (threshold: number, index: number) => {
        const imitation = { ...DEFAULT_IMITATION, threshold };
        const constraint = { imposed: [0, 0, 0, 0], rehearsed, imitation };
        return take(reinforce(session, learner, problems, constraint, silent, index, 12)).metrics;
      };
      const before = familiarity();
      const losses = Array.from({ length: 12 }, (_, index) => step(0.95, index).imitationLoss!);
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      expect(familiarity()).toBeGreaterThan(before);
      expect(step(0, 12)).toMatchObject({ imitationLoss: 0, imitationShare: 0 });
    }));
});
