import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { beforeAll, describe, expect, it } from "vitest";
import { data, grpo, model, partialConstraint, pipeline, warmup } from "../../src/index.ts";
import { type CurriculumState, startCurriculum } from "../../src/rl/curriculum.ts";
import { constrainedStep } from "../../src/stages/constrained.ts";
import { further, scoreAll } from "../../src/stages/refill.ts";
import { score } from "../../src/stages/rollout.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  fewProblems,
  folderForFile,
  onBestEngine,
  smallOptions,
  taughtModel,
  training,
  writeModel,
} from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const [base, root] = [folderForFile(), folderForFile()];
let taught = "";

onBestEngine();
beforeAll(async () => {
  writeModel(base);
  taught = await taughtModel(root, base, 60);
});

describe("further", () => {
  const groups = { rewards: Float32Array.of(1, 1, 0, 1, 0, 0, 0.5, 0.5) };
  const ask = (refill: number, round: number, rewards = groups) => {
    const more = (at: number, count: number) => ({ problems: [], imposed: [at, count] });
    return further({ more }, { prompts: 4, group: 2, refill }, rewards, round)?.imposed;
  };

  it("asks for as many problems as groups lack a spread, in each round allowed", () => {
    expect(ask(2, 1)).toEqual([1, 3]);
    expect(ask(2, 2)).toEqual([2, 3]);
  });

  it("asks for none beyond that, when enough have one, or when there are none", () => {
    expect(ask(2, 3)).toBeUndefined();
    expect(ask(0, 1)).toBeUndefined();
    expect(ask(2, 1, { rewards: Float32Array.of(0, 1, 1, 0, 0, 1, 0, 1) })).toBeUndefined();
    expect(further({}, { prompts: 4, group: 2, refill: 9 }, groups, 1)).toBeUndefined();
  });
});

const { domain, general } = fewProblems;
const run = (refill: number, steps: number, from = taught) =>
  runStages(
    temporaryFolder(),
    pipeline("refilled").pipe(
      model({ from }),
      data({
        domain: { ...domain, world: "geometry" },
        general: { ...general, world: "scenes" },
      }),
      grpo({
        steps,
        sampling: { prompts: 4, group: 4, maxTokens: 14, refill },
        anchor: { weight: 0 },
      }),
    ),
  );
const weightsIn = (folder: string) => readFileSync(join(folder, "model.safetensors"), "base64");

describe("a batch of dead groups", () => {
  it("is drawn as often as allowed and no more; where all stay dead, nothing is learned", async () => {
    const { steps, artifacts } = await run(3, 2, base);
    for (const metrics of steps("grpo")) {
      expect(metrics).toMatchObject({ groups: 16, zeroSpreadShare: 1, reward: 0 });
    }
    expect(weightsIn((artifacts.policy as { dir: string }).dir)).toBe(weightsIn(base));
  });

  it("is made up for by living ones: more of them in a step, never more than its prompts", async () => {
    const living = (metrics: Readonly<Record<string, number>>) =>
      Math.round((1 - metrics.zeroSpreadShare!) * (metrics.groups ?? 4));
    const [plain, refilled] = [await run(0, 3), await run(8, 3)].map(({ steps }) => steps("grpo"));
    expect(plain!.every((metrics) => metrics.groups === undefined)).toBe(true);
    expect(living(refilled![0]!)).toBeGreaterThan(living(plain![0]!));
    for (const metrics of refilled!) {
      expect(metrics.groups).toBeGreaterThan(4);
      expect(metrics.groups).toBeLessThanOrEqual(36);
      expect(living(metrics)).toBeLessThanOrEqual(4);
      if (living(metrics) < 4) expect(metrics.groups! - living(metrics)).toBeGreaterThan(4 * 5);
    }
  });
});

interface Memory {
  curriculum: CurriculumState;
}

describe("a constrained step that is refilled", () => {
  const options = smallOptions({
    sampling: { refill: 2 },
    anchor: { weight: 0 },
    prefix: { hintDropout: 0.5 },
  });
  const never = (): never => {
    throw new Error("no CIDEr is asked for here");
  };

  it("remembers and imitates all groups it drew; a round drawn twice counts once", () =>
    training<void, Memory>(
      { base, policy: taught, options },
      (session, learner) => {
        const read = (from: number, to: number) =>
          session.examples.worked.slice(from, to).map(session.read);
        const step = constrainedStep(session, learner, read(0, 4), options, 0, 1, {
          further: (round, count) => read(3 + round, 3 + round + Math.min(count, 2)),
        });
        const all = Effect.runSync(
          scoreAll(
            step,
            (samples) => score(samples, step.reward, never),
            (draw) =>
              Effect.sync(() => {
                const [lost, kept] = [draw(), draw()];
                expect(lost?.responses).toEqual(kept?.responses);
                return kept;
              }),
          ),
        );
        expect(all.problems).toHaveLength(8);
        expect(all.rewards).toHaveLength(32);
        expect(all.success).toHaveLength(8);
        const { metrics } = step.finish(all);
        expect(metrics.groups).toBe(8);
        expect(metrics.accuracy).toBeCloseTo(
          all.scored.reduce((sum, { components }) => sum + components.answer!, 0) / 32,
          9,
        );
        expect(metrics.imitationLoss).toBeGreaterThan(0);
        const { rungs } = learner.memory.curriculum;
        const ids = all.problems.map(({ example }) => example.id);
        expect(Object.keys(rungs).sort()).toEqual([...new Set(ids)].sort());
        all.responses.forEach(({ imposed }, row) => {
          const { imposable } = all.problems[Math.floor(row / 4)]!;
          expect(imposed).toBeLessThanOrEqual(imposable);
        });
      },
      { curriculum: startCurriculum({ familiarity: 0.3 }) },
    ));
});

describe("every phase", () => {
  it("can be refilled", async () => {
    const small = {
      sampling: { prompts: 2, group: 2, maxTokens: 14, refill: 1 },
      anchor: { weight: 0 },
    } as const;
    const { steps } = await runStages(
      temporaryFolder(),
      pipeline("phases").pipe(
        model({ from: base }),
        data({
          domain: { ...domain, world: "geometry" },
          general: { ...general, world: "scenes" },
        }),
        warmup({ ...small, steps: 1 }),
        partialConstraint({ ...small, maximumSteps: 1 }),
      ),
    );
    for (const stage of ["warmup", "partialConstraint"]) {
      expect(steps(stage).map(({ groups }) => groups)).toEqual([4]);
      expect(steps(stage)[0]!.constraintRatio).toBeGreaterThan(0);
    }
  });
});
