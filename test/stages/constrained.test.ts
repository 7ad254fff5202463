import { beforeAll, describe, expect, it } from "vitest";
import { type CurriculumState, startCurriculum } from "../../src/rl/curriculum.ts";
import { constrainedStep } from "../../src/stages/constrained.ts";
import { reinforce } from "../../src/stages/reinforce.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { stepCuts } from "../../src/stages/worked.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  take,
  taughtModel,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

interface Memory {
  curriculum: CurriculumState;
}

const dir = folderForFile();
let taught: string;

onBestEngine();
beforeAll(async () => {
  taught = await taughtModel(dir, writeModel(dir), 75);
});

const start = (change: Partial<CurriculumState> = {}): Memory => ({
  curriculum: { ...startCurriculum({ familiarity: 0.3 }), ...change },
});

function run<A>(
  options: ReturnType<typeof smallOptions>,
  body: (session: Session, learner: Learner<Memory>) => A,
  memory = start(),
): Promise<A> {
  return training<A, Memory>({ base: dir, policy: taught, options }, body, memory);
}

const worked = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);
const answerOnly = ({ examples, read }: Session) => examples.domain.train.slice(8, 12).map(read);

describe("constrainedStep", () => {
  it("is exactly plain reinforcement when nothing is imposed and nothing imitated", async () => {
    const options = smallOptions({
      prefix: { maxRatio: 0, deadRatio: 0 },
      imitation: { strategy: "none" },
      optimizer: { learningRate: 1e-3 },
    });
    const steps = (take: (session: Session, learner: Learner<Memory>, index: number) => unknown) =>
      run(options, (session, learner) => {
        const before = weightsOf(learner);
        for (const index of [0, 1, 2]) take(session, learner, index);
        expect(weightsOf(learner)).not.toEqual(before);
        return weightsOf(learner);
      });
    let reinforced = 0;
    const constrained = await steps((session, learner, index) => {
      const { metrics } = take(
        constrainedStep(session, learner, worked(session), options, index, 3),
      );
      expect(metrics).toMatchObject({ constraintRatio: 0 });
      if (metrics.policyLoss !== undefined) reinforced++;
    });
    expect(reinforced).toBeGreaterThan(0);
    const plain = await steps((session, learner, index) =>
      take(
        reinforce(session, learner, worked(session), { imposed: [0, 0, 0, 0] }, options, index, 3),
      ),
    );
    expect(constrained).toEqual(plain);
  });

  it("imposes less as progress is made, nothing at its end, and imitates no more then", async () => {
    const options = smallOptions({
      prefix: { hintDropout: 0, draw: "fixed", deadRatio: 0 },
      difficulty: { strategy: "none" },
      progress: { strategy: "none" },
    });
    const ratioAt = (progress: number) =>
      run(
        options,
        (session, learner) =>
          take(constrainedStep(session, learner, worked(session), options, 0, 1)).metrics,
        start({ progress }),
      );
    const [first, later, last] = [await ratioAt(0), await ratioAt(0.5), await ratioAt(1)];
    expect(first.constraintRatio).toBeGreaterThan(0.6);
    expect(later.constraintRatio).toBeLessThan(0.6 * first.constraintRatio!);
    expect(later.constraintRatio).toBeGreaterThan(0.2);
    expect(last.constraintRatio).toBe(0);
    expect(first.imitationLoss).toBeGreaterThan(0);
    expect(last.imitationLoss).toBeUndefined();
  });

  it("ends prefixes at whole steps where it is told to, and anywhere otherwise", async () => {
    const shown = (cuts: "token" | "step") => {
      const options = smallOptions({
        prefix: { hintDropout: 0, draw: "fixed", maxRatio: 0.62, cuts },
        difficulty: { strategy: "none" },
      });
      return run(options, (session, learner) => {
        const problems = worked(session);
        const { rollouts } = take(constrainedStep(session, learner, problems, options, 0, 1));
        return problems.map((problem, x) => {
          const { imposed } = rollouts.responses[x * options.sampling.group]!;
          return { imposed, whole: stepCuts(session.base, problem).includes(imposed) };
        });
      });
    };
    const [anywhere, steps] = [await shown("token"), await shown("step")];
    expect(anywhere.some(({ whole }) => !whole)).toBe(true);
    steps.forEach(({ imposed, whole }, x) => {
      expect(whole || imposed === 0).toBe(true);
      expect(imposed).toBeLessThanOrEqual(anywhere[x]!.imposed);
    });
    expect(steps.some(({ imposed }) => imposed > 0)).toBe(true);
  });

  it("moves familiarity by the references alone, progress by familiarity, and faster when fading", async () => {
    const options = smallOptions({ progress: { low: 0.1, high: 0.2, minimumSteps: 10 } });
    const after = (problems: (session: Session) => ReturnType<typeof worked>, fade?: number) =>
      run(options, (session, learner) => {
        take(
          constrainedStep(session, learner, problems(session), options, 0, 1, { fadeSteps: fade }),
        );
        return learner.memory.curriculum;
      });
    const [own, mixed, none] = [
      await after(worked),
      await after((session) => [...worked(session), ...answerOnly(session)]),
      await after(answerOnly),
    ];
    expect(own.familiarity).not.toBe(0.3);
    expect(mixed.familiarity).toBeCloseTo(own.familiarity, 5);
    expect(none.familiarity).toBe(0.3);
    expect(own.progress).toBeCloseTo(0.1, 12);
    expect((await after(worked, 4)).progress).toBeCloseTo(0.25, 12);
  });

  it("remembers which prompts had no success and what unhinted groups achieved", async () => {
    const options = smallOptions({ prefix: { hintDropout: 0 } });
    const { curriculum, share, ids } = await run(options, (session, learner) => {
      const problems = [...worked(session).slice(0, 2), ...answerOnly(session).slice(0, 2)];
      const { zeroSpreadShare } = take(constrainedStep(session, learner, problems, options, 0, 1));
      const { curriculum } = learner.memory;
      return { curriculum, share: zeroSpreadShare, ids: problems.map(({ example }) => example.id) };
    });
    // Answer-only problems are never hinted, and this model has not been taught them.
    expect(Object.keys(curriculum.successes)).toEqual(ids.slice(2));
    expect(curriculum.dead).toMatchObject({ [ids[2]!]: true, [ids[3]!]: true });
    expect(share).toBe(1);
  });

  it("has no evidence on spread without an unhinted group", async () => {
    const options = smallOptions({ prefix: { hintDropout: 0 } });
    const share = await run(
      options,
      (session, learner) =>
        take(constrainedStep(session, learner, worked(session), options, 0, 1)).zeroSpreadShare,
    );
    expect(share).toBeUndefined();
  });
});
