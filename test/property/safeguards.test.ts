/** The safeguards of real training stages, each provoked: by rewards that overflow, that explode, that are hacked, and by answers given blindly. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { workedText } from "../../src/data/worked-text.ts";
import {
  data,
  type Evaluation,
  evaluate,
  grpo,
  model,
  pipeline,
  type RewardFunction,
  sft,
} from "../../src/index.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import { supervisedTerm } from "../../src/stages/losses.ts";
import { savePolicy } from "../../src/stages/policy.ts";
import { update } from "../../src/stages/update.ts";
import { readProblem } from "../../src/stages/worked.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  fewProblems,
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  writeModel,
} from "../support/learner.ts";
import { problems, writeOwnData } from "../support/own-data.ts";
import { runStages } from "../support/stages.ts";

const [base, hollow] = [folderForFile(), join(folderForFile(), "hollow")];
const { domain, general } = fewProblems;
const sources = {
  domain: { ...domain, world: "geometry" },
  general: { ...general, world: "scenes" },
} as const;
const small = {
  sampling: { prompts: 2, group: 4, maxTokens: 10 },
  anchor: { weight: 0 },
} as const;

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

type Options = NonNullable<Parameters<typeof grpo>[0]>;
type Run = Awaited<ReturnType<typeof runStages>>;

const run = (own: Options, from = base, rewards: Record<string, RewardFunction> = {}) =>
  runStages(
    temporaryFolder(),
    pipeline("guarded").pipe(model({ from }), data(sources), grpo({ ...small, ...own })),
    rewards,
  );

const weightsIn = (dir: string) => readFileSync(join(dir, "model.safetensors"), "base64");
const weightsOf = ({ artifacts }: Run) => weightsIn((artifacts.policy as { dir: string }).dir);

/** A reward by length; in its `bad` calls, counted from 1, every other response earns `factor` times as much. */
function odd(factor: number, bad: (call: number) => boolean): RewardFunction {
  let call = 0;
  return ({ completions }) => {
    call += 1;
    return completions.map((text, row) => {
      const usual = (1 + (text.length % 7)) / 7;
      return bad(call) && row % 2 === 0 ? factor * usual : usual;
    });
  };
}
const by = (reward: RewardFunction, own: Options) =>
  run({ ...own, reward: { own: { odd: 1 } } }, base, { odd: reward });

describe("a gradient that is no number", () => {
  it("is refused and counted, its step leaves no trace, and training goes on", async () => {
    // Finite as a score, infinite in 32 bits: the advantages are NaN, and so is the gradient.
    const steps = (count: number) =>
      by(
        odd(1e300, (call) => call === 2),
        { steps: count },
      );
    const [one, two, three] = [await steps(1), await steps(2), await steps(3)];
    expect(three.steps("grpo").map(({ skipped }) => skipped)).toEqual([0, 1, 0]);
    expect(three.steps("grpo")[1]!.loss).toBeNaN();
    expect(weightsOf(two)).toBe(weightsOf(one));
    expect(weightsOf(three)).not.toBe(weightsOf(two));
  });

  it("ends the stage when it comes again and again, with what and where", async () => {
    await expect(
      by(
        odd(1e300, () => true),
        { steps: 9 },
      ),
    ).rejects.toThrow(/Diverged: the loss became NaN at step 4 of grpo/);
  });
});

describe("a gradient ten times as large as the median", () => {
  it("is refused once there is a median, and training goes on", async () => {
    const own = { objective: { advantage: "none", klWeight: 0 } } as const;
    const spike = odd(1000, (call) => call === DEFAULT_SAFEGUARD.minimum + 2);
    const done = (await by(spike, { ...own, steps: 14 })).steps("grpo");
    expect(done.map(({ skipped }) => skipped)).toEqual(
      Array.from({ length: 14 }, (_, index) => (index === DEFAULT_SAFEGUARD.minimum + 1 ? 1 : 0)),
    );
    const norms = done.map(({ gradientNorm }) => gradientNorm!);
    const usual = norms.filter((_, index) => index !== DEFAULT_SAFEGUARD.minimum + 1);
    expect(norms[DEFAULT_SAFEGUARD.minimum + 1]!).toBeGreaterThan(
      DEFAULT_SAFEGUARD.spike * Math.max(1, ...usual),
    );
  });
});

/** A model that gives every problem the same thoughts in form, whose equation holds and leads to the answer given. */
async function teachHollow(): Promise<void> {
  const options = smallOptions({
    anchor: { weight: 0 },
    optimizer: { learningRate: 5e-3 },
  });
  const reference = workedText({ thoughts: "4 + 5 = 9", answer: "9" });
  await training({ base, options }, (session, { policy }) => {
    const all = session.examples.domain.train;
    expect(all.some(({ answer }) => answer === "9")).toBe(false);
    const wrong = all.map((example) => readProblem(session.base, { ...example, reference }));
    let guard = CALM;
    for (let index = 0; index < 60; index++) {
      const place = { stage: "teach", index, total: 60 };
      const terms = [supervisedTerm(policy.vlm, wrong.slice(index % 4, (index % 4) + 4))];
      guard = update(policy, terms, options.optimizer, DEFAULT_SAFEGUARD, guard, place).guard;
    }
    savePolicy(policy, hollow);
  });
}

describe("a policy that has learned to hack form and steps", () => {
  const own: Options = { sampling: { prompts: 4, group: 4, maxTokens: 18 } };
  const answers = { answer: 0, format: 1, steps: 1 };

  beforeAll(teachHollow);

  it("earns nothing by it: no spread, no gradient, the weights stay", async () => {
    const done = await run({ ...own, steps: 2 }, hollow);
    for (const metrics of done.steps("grpo")) {
      expect(metrics.format).toBeGreaterThan(0.7);
      expect(metrics.steps).toBeGreaterThan(0.7);
      expect(metrics).toMatchObject({ reward: 0, accuracy: 0, zeroSpreadShare: 1 });
    }
    expect(weightsOf(done)).toBe(weightsIn(hollow));
  });

  it("earns nothing either where form and steps weigh more than answers, or answers weigh nothing", async () => {
    for (const reward of [{ answer: 0.1, format: 5, steps: 5 }, answers]) {
      const done = await run({ ...own, reward, steps: 1 }, hollow);
      expect(done.steps("grpo")[0]).toMatchObject({ reward: 0, zeroSpreadShare: 1 });
    }
  });
});

describe("the blank-image probe", () => {
  it("exposes a policy that is right without looking", async () => {
    const answer = "8";
    const reference = workedText({ thoughts: "4 * 2 = 8", answer });
    const same = problems(24, 0).map((example) => ({ ...example, answer, reference }));
    const jsonl = await writeOwnData(temporaryFolder(), "trl", same);
    const { artifacts } = await runStages(
      temporaryFolder(),
      pipeline("blind").pipe(
        model({ from: base }),
        data({
          domain: {
            ...{ jsonl, fields: { reference: "solution" }, distinct: "image" },
            ...{ test: 0.4, validation: 0.1 },
          },
          general: sources.general,
        }),
        sft({
          ...{ steps: 40, prompts: 4, anchor: { weight: 0 } },
          optimizer: { learningRate: 5e-3 },
        }),
        evaluate({ maxTokens: 18 }),
      ),
    );
    const { domain: found, blank } = artifacts.evaluation as Evaluation;
    expect(found.before.correct).toBe(0);
    expect(found.after.accuracy).toBe(1);
    expect(blank).toMatchObject({ accuracy: 1, n: found.n });
  });
});
