/** Laws of the whole objective: prefix, imitation and policy loss put together as a training step does. */
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { groupRelative } from "../../src/rl/advantage.ts";
import { type CurriculumState, startCurriculum } from "../../src/rl/curriculum.ts";
import { DEFAULT_DIFFICULTY } from "../../src/rl/difficulty.ts";
import {
  DEFAULT_IMITATION,
  type ImitationOptions,
  imitatedLengths,
  imitationLoss,
} from "../../src/rl/imitation.ts";
import { DEFAULT_POLICY_LOSS, NAMED_LOSSES, policyLoss } from "../../src/rl/objective.ts";
import { DEFAULT_PREFIX, type PrefixOptions, prefixLengths } from "../../src/rl/prefix.ts";

const [PROMPTS, GROUP, TIME] = [3, 4, 8];
const SIZE = PROMPTS * GROUP * TIME;
const prompts = Array.from({ length: PROMPTS }, (_, x) => `prompt-${x}`);

const names = Object.keys(NAMED_LOSSES) as ReadonlyArray<keyof typeof NAMED_LOSSES>;

interface Change {
  readonly loss?: keyof typeof NAMED_LOSSES;
  readonly prefix?: Partial<PrefixOptions>;
  readonly imitation?: Partial<ImitationOptions>;
}

/** Random numbers of one step, and the step's losses at a state of the curriculum. */
function step(seed: number, state: CurriculumState, { loss = "dapo", ...change }: Change = {}) {
  const objective = { ...DEFAULT_POLICY_LOSS, ...NAMED_LOSSES[loss] };
  const imitating = { ...DEFAULT_IMITATION, ...change.imitation };
  const random = stream(seed, "laws");
  const draw = (length: number) => Float32Array.from({ length }, () => -0.1 - 3 * random.uniform());
  const logprobs = draw(SIZE);
  const oldLogprobs = logprobs.map((value) => value + 0.1 * random.normal());
  const referenceLogprobs = logprobs.map((value) => value + 0.1 * random.normal());
  const reference = draw(PROMPTS * TIME);
  const rewards = Float32Array.from({ length: PROMPTS * GROUP }, () => random.integer(2));
  const lengths = new Int32Array(PROMPTS).fill(TIME);
  const imposable = new Int32Array(PROMPTS).fill(TIME - 2);
  const { lengths: prefixes } = prefixLengths(
    state,
    { ids: prompts, confidences: [0.1, 0.4, 0.2], lengths, imposable },
    { ...DEFAULT_PREFIX, hintDropout: 0, ...change.prefix },
    DEFAULT_DIFFICULTY,
    stream(seed, "prefix"),
  );
  const { advantages } = groupRelative(rewards, { group: GROUP, scale: "group", epsilon: 1e-4 });
  const successes = prompts.map(
    (_, x) => rewards.subarray(x * GROUP, (x + 1) * GROUP).reduce((a, b) => a + b, 0) / GROUP,
  );
  const batch = {
    rows: PROMPTS * GROUP,
    time: TIME,
    logprobs,
    oldLogprobs,
    referenceLogprobs,
    advantages,
    maxCompletionLength: TIME,
  };
  const generated = Uint8Array.from({ length: SIZE }, (_, i) =>
    i % TIME >= prefixes[Math.floor(i / (GROUP * TIME))]! ? 1 : 0,
  );
  const imitated = imitatedLengths(
    { progress: state.progress, prefixes, successes, lengths, imposable },
    imitating,
  );
  return {
    prefixes,
    generated,
    rl: policyLoss(objective, { ...batch, mask: generated }),
    imitation: imitationLoss(imitating, {
      rows: PROMPTS,
      time: TIME,
      logprobs: reference,
      imitated,
      lengths,
      weights: successes.map((success) => 1 - success),
    }),
    grpo: policyLoss(objective, { ...batch, mask: new Uint8Array(SIZE).fill(1) }),
  };
}

describe("the RCPA objective", () => {
  const nothing = ({ loss, gradient }: ReturnType<typeof imitationLoss>) =>
    loss === 0 && gradient.every((value) => value === 0);

  it.each(names)("is exactly GRPO, by the loss %s, once the constraint is gone", (loss) => {
    for (let seed = 0; seed < 20; seed++) {
      const { rl, imitation, grpo } = step(seed, { ...startCurriculum(), progress: 1 }, { loss });
      expect(rl).toEqual(grpo);
      expect(nothing(imitation)).toBe(true);
    }
  });

  it.each(names)("is exactly GRPO, by the loss %s, without prefixes and imitation", (loss) => {
    const imitation = { strategy: "none" } as const;
    for (const draw of ["jitter", "fixed", "binomial", "uniform"] as const) {
      for (let seed = 0; seed < 5; seed++) {
        const change = { loss, imitation, prefix: { draw, maxRatio: 0, deadRatio: 0 } };
        const taken = step(seed, { ...startCurriculum(), progress: seed / 5 }, change);
        expect(taken.rl).toEqual(taken.grpo);
        expect(nothing(taken.imitation)).toBe(true);
      }
    }
  });

  it("is GRPO's policy term in hint-dropout groups while the constraint lasts", () => {
    const { rl, grpo } = step(1, startCurriculum(), { prefix: { hintDropout: 1 } });
    expect(rl).toEqual(grpo);
  });

  it("gives imposed tokens imitation's gradient only", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { prefixes, generated, rl, imitation } = step(seed, startCurriculum());
      expect(Math.max(...prefixes)).toBeGreaterThan(0);
      rl.gradient.forEach((value, i) => {
        if (generated[i] === 0) expect(value).toBe(0);
      });
      imitation.gradient.forEach((value) => {
        expect(value).toBeLessThanOrEqual(0);
      });
    }
  });
});
