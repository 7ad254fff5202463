import { beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { answer } from "../../src/rewards/answer.ts";
import { format } from "../../src/rewards/format.ts";
import { steps } from "../../src/rewards/steps.ts";
import { decodeResponse } from "../../src/stages/policy.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import {
  folderForFile,
  onBestEngine,
  rollOut,
  smallOptions,
  taughtModel,
  training,
  writeModel,
} from "../support/learner.ts";

const dir = folderForFile();
const options = smallOptions({ anchor: { weight: 0 } });
const { sampling, reward } = options;
let taught: string;

onBestEngine();
beforeAll(async () => {
  taught = await taughtModel(dir, writeModel(dir), 75);
});

const run = <A>(body: (session: Session, learner: Learner<object>) => A) =>
  training({ base: dir, policy: taught, options }, body);
const problemsOf = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);

describe("rollOut", () => {
  it("keeps what is imposed and counts only the rest as generated", () =>
    run((session, { policy }) => {
      const problems = problemsOf(session);
      const imposed = [0, 3, 5, problems[3]!.imposable];
      const rollouts = rollOut(policy, problems, imposed, sampling, reward, stream(1, "test"));
      expect(rollouts.responses).toHaveLength(16);
      rollouts.responses.forEach((response, row) => {
        const x = Math.floor(row / sampling.group);
        expect(response.imposed).toBe(imposed[x]);
        expect(response.ids.slice(0, imposed[x])).toEqual(
          problems[x]!.reference.slice(0, imposed[x]),
        );
        expect(response.logProbs).toHaveLength(response.ids.length - imposed[x]!);
        expect(response.ids.length).toBeLessThanOrEqual(sampling.maxTokens);
      });
      const generated = rollouts.responses.reduce((sum, { logProbs }) => sum + logProbs.length, 0);
      expect(rollouts.generatedTokens).toBe(generated);
    }));

  it("pays for the whole text, the imposed part included", () =>
    run((session, { policy }) => {
      const problems = problemsOf(session);
      const imposed = problems.map(({ imposable }) => imposable);
      const rollouts = rollOut(policy, problems, imposed, sampling, reward, stream(1, "test"));
      const right = rollouts.responses.map(({ ids }, row) => {
        const text = decodeResponse(policy, ids);
        const expected = problems[Math.floor(row / sampling.group)]!.example.answer;
        const earned = answer(text, expected);
        expect(rollouts.rewards[row]).toBeCloseTo(
          earned * (1 + 0.1 * format(text) + steps(text)),
          5,
        );
        return earned;
      });
      const mean = (part: ReadonlyArray<number>) => part.reduce((a, b) => a + b, 0) / part.length;
      expect(mean(right)).toBeGreaterThan(0);
      expect(mean(right)).toBeLessThan(1);
      expect(rollouts.components.answer).toBeCloseTo(mean(right), 12);
      expect(rollouts.success).toEqual(
        problems.map((_, x) => mean(right.slice(x * sampling.group, (x + 1) * sampling.group))),
      );
    }));

  it("is the same from an equal stream, another from another", () =>
    run((session, { policy }) => {
      const problems = problemsOf(session);
      const texts = (name: string) =>
        rollOut(policy, problems, [0, 0, 2, 2], sampling, reward, stream(1, name)).responses;
      expect(texts("a")).toEqual(texts("a"));
      expect(texts("b")).not.toEqual(texts("a"));
    }));
});
