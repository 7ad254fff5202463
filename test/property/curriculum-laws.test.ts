/** Laws of every strategy of the curriculum, on random states and batches: progress, difficulty, prefix, imitation, gate. */
import { describe, expect, it } from "vitest";
import { type RandomStream, stream } from "../../src/core/seed.ts";
import {
  type CurriculumState,
  DEFAULT_MEMORY,
  recordGroups,
  startCurriculum,
} from "../../src/rl/curriculum.ts";
import {
  DEFAULT_DIFFICULTY,
  type DifficultyStrategy,
  difficultyFactors,
} from "../../src/rl/difficulty.ts";
import { confidence, DEFAULT_FAMILIARITY, observeFamiliarity } from "../../src/rl/familiarity.ts";
import {
  DEFAULT_IMITATION,
  IMITATION_WEIGHT,
  type ImitationBatch,
  type ImitationStrategy,
  imitatedLengths,
  imitationLoss,
  tokenWeights,
} from "../../src/rl/imitation.ts";
import { DEFAULT_PREFIX, type PrefixDraw, prefixLengths } from "../../src/rl/prefix.ts";
import {
  CLOSED_GATE,
  DEFAULT_TRANSITION,
  gate,
  type Probe,
  type TransitionOptions,
} from "../../src/rl/transition.ts";

const difficulties: ReadonlyArray<DifficultyStrategy> = [
  ...(["confidence", "none", "unhinted-success", "ladder"] as const),
];
const draws: ReadonlyArray<PrefixDraw> = ["jitter", "fixed", "binomial", "uniform"];
const weights = Object.keys(IMITATION_WEIGHT) as ReadonlyArray<ImitationStrategy>;

/** Runs a law on 100 random cases. */
const always = (name: string, law: (random: RandomStream) => void) => {
  for (let seed = 0; seed < 100; seed++) law(stream(seed, "law", name));
};

const ids = Array.from({ length: 6 }, (_, x) => `p${x}`);
const some = (random: RandomStream, length = ids.length) =>
  Array.from({ length }, () => random.uniform());

/** A state that many random groups have left behind. */
function lived(random: RandomStream): CurriculumState {
  const outcomes = Array.from({ length: 12 }, () => ({
    ...{ id: random.pick(ids), success: random.integer(3) / 2, unhinted: random.uniform() < 0.5 },
  }));
  return recordGroups(startCurriculum(), outcomes, DEFAULT_MEMORY);
}

describe("familiarity", () => {
  it("is a probability, and its average stays between what it has seen", () => {
    always("familiarity", (random) => {
      const logprobs = some(random, 5).map((value) => 4 * Math.log(value));
      expect(confidence(logprobs)).toBeGreaterThanOrEqual(Math.exp(Math.min(...logprobs)) - 1e-12);
      expect(confidence(logprobs)).toBeLessThanOrEqual(Math.exp(Math.max(...logprobs)) + 1e-12);
      const seen = some(random);
      const { familiarity } = observeFamiliarity(
        startCurriculum({ familiarity: seen[0]! }),
        seen,
        DEFAULT_FAMILIARITY,
      );
      expect(familiarity).toBeGreaterThanOrEqual(Math.min(...seen));
      expect(familiarity).toBeLessThanOrEqual(Math.max(...seen));
    });
  });
});

describe.each(difficulties)("difficulty by %s", (strategy) => {
  const options = { ...DEFAULT_DIFFICULTY, strategy };

  it("goes with its prompt when the batch is permuted, and is never negative", () => {
    always(strategy, (random) => {
      const [state, confidences] = [lived(random), some(random)];
      const factors = difficultyFactors(state, { ids, confidences }, options);
      expect(Math.min(...factors)).toBeGreaterThanOrEqual(0);
      const order = random.shuffle(ids.map((_, x) => x));
      const batch = {
        ids: order.map((x) => ids[x]!),
        confidences: order.map((x) => confidences[x]!),
      };
      const permuted = difficultyFactors(state, batch, options);
      order.forEach((from, to) => {
        expect(permuted[to]).toBeCloseTo(factors[from]!, 10);
      });
    });
  });

  it("never gives the harder of two prompts the shorter prefix", () => {
    always(`${strategy} order`, (random) => {
      const confidences = some(random);
      const factors = difficultyFactors(startCurriculum(), { ids, confidences }, options);
      const order = ids.map((_, x) => x).sort((a, b) => confidences[a]! - confidences[b]!);
      order.slice(1).forEach((x, at) => {
        expect(factors[x]).toBeLessThanOrEqual(factors[order[at]!]! + 1e-12);
      });
      const state = lived(random);
      const failed = recordGroups(
        state,
        [{ id: "p0", success: 0, unhinted: true }],
        DEFAULT_MEMORY,
      );
      // With confidence unchanged, a failure never makes a prompt count as easier than it did.
      if (strategy === "unhinted-success" && state.successes.p0 === undefined) return;
      const [before, after] = [state, failed].map(
        (one) => difficultyFactors(one, { ids, confidences }, options)[0]!,
      );
      expect(after).toBeGreaterThanOrEqual(before!);
    });
  });
});

describe.each(draws)("a prefix drawn as %s", (draw) => {
  it("never grows with progress, whatever the difficulty and wherever it may end", () => {
    always(draw, (random) => {
      const state = { ...lived(random), dead: {} };
      const lengths = ids.map(() => random.integer(30));
      const batch = {
        ...{ ids, lengths, confidences: some(random) },
        imposable: lengths.map((length) => Math.max(0, length - 1 - random.integer(4))),
        ...(random.uniform() < 0.5 ? {} : { cuts: ids.map(() => [4, 9, 15, 21]) }),
      };
      const difficulty = { ...DEFAULT_DIFFICULTY, strategy: random.pick(difficulties) };
      const seed = random.integer(1e6);
      const at = (progress: number) =>
        prefixLengths(
          { ...state, progress },
          batch,
          { ...DEFAULT_PREFIX, draw },
          difficulty,
          stream(seed, "prefix"),
        ).lengths;
      const [early, late] = some(random, 2).sort((a, b) => a - b) as [number, number];
      const [longer, shorter] = [at(early), at(late)];
      shorter.forEach((length, x) => {
        expect(length).toBeLessThanOrEqual(longer[x]!);
      });
      expect([...at(1)]).toEqual(ids.map(() => 0));
    });
  });
});

/** References of which everything is imposed, or the first tokens. */
function references(random: RandomStream, all: boolean): ImitationBatch {
  const [rows, time] = [3, 6];
  const lengths = Array.from({ length: rows }, () => 1 + random.integer(time));
  return {
    ...{ rows, time, lengths },
    logprobs: Float32Array.from({ length: rows * time }, () => 4 * Math.log(random.uniform())),
    imitated: all ? lengths : lengths.map((length) => random.integer(length + 1)),
    weights: some(random, rows),
    entropies: Float32Array.from({ length: rows * time }, random.uniform),
  };
}

describe.each(weights)("imitation weighted by %s", (strategy) => {
  const options = { ...DEFAULT_IMITATION, strategy };

  it("only ever raises likelihoods, of imitated tokens alone, and at most as plain imitation does", () => {
    always(strategy, (random) => {
      const batch = references(random, false);
      const total = Array.from(batch.lengths).reduce((sum, length) => sum + length, 0);
      const { loss, gradient } = imitationLoss(options, batch);
      expect(loss).toBeGreaterThanOrEqual(0);
      gradient.forEach((value, i) => {
        const row = Math.floor(i / batch.time);
        const inside = i % batch.time < batch.imitated[row]!;
        expect(value).toBeLessThanOrEqual(0);
        expect(value).toBeGreaterThanOrEqual(inside ? -batch.weights[row]! / total - 1e-7 : 0);
      });
    });
  });

  it("is a weighted likelihood and nothing else when everything is imposed", () => {
    always(`${strategy} whole`, (random) => {
      const batch = references(random, true);
      const omega = tokenWeights(options, batch);
      const total = Array.from(batch.lengths).reduce((sum, length) => sum + length, 0);
      const likelihood = batch.logprobs.reduce((sum, logprob, i) => {
        const row = Math.floor(i / batch.time);
        return i % batch.time < batch.lengths[row]!
          ? sum - (batch.weights[row]! * omega[i]! * logprob) / total
          : sum;
      }, 0);
      expect(imitationLoss(options, batch).loss).toBeCloseTo(likelihood, 5);
    });
  });
});

describe("how far references are imitated", () => {
  it("is at least what was imposed, at most what may be shown, further only after failure, and nothing at P = 1", () => {
    always("imitated", (random) => {
      const lengths = ids.map(() => 1 + random.integer(30));
      const imposable = lengths.map((length) => random.integer(length));
      const prefixes = imposable.map((most) => random.integer(most + 1));
      const successes = ids.map(() => random.integer(3) / 2);
      const input = { progress: random.uniform(), prefixes, successes, lengths, imposable };
      imitatedLengths(input, DEFAULT_IMITATION).forEach((length, x) => {
        expect(length).toBeGreaterThanOrEqual(prefixes[x]!);
        expect(length).toBeLessThanOrEqual(imposable[x]!);
        if (successes[x]! > 0) expect(length).toBe(prefixes[x]);
      });
      const late = imitatedLengths({ ...input, progress: 1 }, DEFAULT_IMITATION);
      expect([...late]).toEqual(ids.map(() => 0));
    });
  });
});

describe.each(["gradual", "hard"] as const)("the gate in %s mode", (mode) => {
  const options: TransitionOptions = { ...DEFAULT_TRANSITION, mode, maximumSteps: 40, probes: 3 };

  it("gives familiarity as its reason only after enough agreeing probes in a row, and opens by its limit", () => {
    always(mode, (random) => {
      let [state, row, enough, open] = [CLOSED_GATE, 0, false, false];
      for (let step = 1; !open; step++) {
        const measured = random.uniform() < 0.7 ? { zeroSpreadShare: random.uniform() } : {};
        const familiarity = random.uniform() ** 0.3;
        const probe: Probe = {
          ...{ step, familiarity, unhintedSuccess: 0.5, ...measured },
          progress: step === 35 && random.uniform() < 0.5 ? 1 : 0.5,
        };
        const familiar = familiarity >= options.familiarity;
        const spread = measured.zeroSpreadShare;
        if (!familiar || (spread ?? 0) > options.zeroSpreadLimit) row = 0;
        else if (spread !== undefined) row += 1;
        enough ||= row >= options.probes;
        const decision = gate(state, probe, options);
        expect(decision.state.fading).toBe(enough);
        if (decision.reason === "familiarity") expect(enough).toBe(true);
        if (mode === "hard" && enough) expect(decision.open).toBe(true);
        if (!enough && probe.progress < 1 && step < 40) expect(decision.open).toBe(false);
        ({ state, open } = decision);
        expect(step).toBeLessThanOrEqual(40);
      }
    });
  });
});
