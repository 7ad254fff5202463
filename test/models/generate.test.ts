/** Generation: forced prefixes, sampling, blocked tokens, ends. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { type Generated, generate } from "../../src/models/generate.ts";
import type { Prompt, Vlm } from "../../src/models/model.ts";
import {
  batchPrompts,
  disposeModel,
  headOf,
  makeModel,
  promptPass,
} from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import { logProbabilities } from "../../src/tensor/ops/log-probability.ts";
import { expectAllClose } from "../support/allclose.ts";
import { onEngines } from "../support/engines.ts";
import { preparedModels } from "../support/golden-prompts.ts";
import { values } from "../support/gradient-check.ts";

const [golden] = await preparedModels("qwen2_5_vl");
const { folder, prompts, encodeText } = golden!;
const GREEDY = { temperature: 0, samples: 1, maxTokens: 12 };

/** Log-probabilities of the generated tokens, computed anew in one pass. */
function scoreAgain(model: Vlm, prompts: ReadonlyArray<Prompt>, responses: Array<Generated>) {
  const time = Math.max(...responses.map(({ ids }) => ids.length));
  const all = values(() => {
    const batch = batchPrompts(prompts, model.config);
    const ids = responses.map((response) => response.ids);
    return responseLogProbabilities(model, batch, promptPass(model, batch), ids, time);
  });
  return responses.map(({ ids, imposed }, row) =>
    all.slice(row * time + imposed, row * time + ids.length),
  );
}

onEngines(["tensorflow-cpu", "wasm"], () => {
  describe("responses", () => {
    const mixed: ReadonlyArray<Prompt> = [...prompts, encodeText("Hi")];
    let model: Vlm;
    beforeAll(() => {
      model = makeModel(folder.config, folder.weights);
    });
    afterAll(() => disposeModel(model));

    it("goes on from forced tokens as it would have without force", () => {
      const free = generate(model, mixed, GREEDY);
      const counts = [5, 0, 2, 11];
      const forced = free.map(({ ids }, index) => ids.slice(0, counts[index % counts.length]));
      const continued = generate(model, mixed, { ...GREEDY, forced });
      continued.forEach((response, index) => {
        const imposed = forced[index]!.length;
        expect(response.ids).toEqual(free[index]!.ids);
        expect(response.imposed).toBe(imposed);
        expectAllClose(response.logProbs, free[index]!.logProbs.slice(imposed), 1e-4);
      });
    });

    it("adds nothing where the forced tokens fill the response", () => {
      const forced = [[1, 2, 3, 4, 5, 6]];
      const [response] = generate(model, [mixed[0]!], { ...GREEDY, maxTokens: 4, forced });
      expect(response).toEqual({
        ids: [1, 2, 3, 4],
        imposed: 4,
        logProbs: [],
        entropy: 0,
        finished: false,
        hidden: [],
      });
    });

    it("keeps what each token was chosen from when asked to", () => {
      const options = { ...GREEDY, maxTokens: 6, samples: 1, keepHidden: true };
      const responses = generate(model, mixed, options);
      responses.forEach(({ hidden, ids, logProbs }) => {
        expect(hidden).toHaveLength(ids.length);
        hidden.forEach((state, at) => {
          const again = values(() => {
            const row = tf.tensor2d(state, [1, state.length]);
            return logProbabilities(row, headOf(model), Int32Array.of(ids[at]!));
          });
          expect(again[0]).toBeCloseTo(logProbs[at]!, 4);
        });
      });
      expect(generate(model, mixed, { ...options, keepHidden: false })).toEqual(
        responses.map((response) => ({ ...response, hidden: [] })),
      );
    });

    it("repeats a sampled run from an equal stream, and not from another", () => {
      const run = (name: string) =>
        generate(model, mixed, {
          samples: 2,
          maxTokens: 8,
          temperature: 1,
          random: stream(3, name),
        });
      expect(run("rollout")).toEqual(run("rollout"));
      expect(run("other")).not.toEqual(run("rollout"));
    });

    it("records the log-probabilities that scoring gives, at any temperature", () => {
      const forced = mixed.map((_, index) => [7, 8, 9].slice(0, index));
      const options = { samples: 3, maxTokens: 10, temperature: 0.7, forced };
      const responses = generate(model, mixed, { ...options, random: stream(3, "score") });
      const again = scoreAgain(model, mixed, responses);
      responses.forEach(({ logProbs, entropy }, row) => {
        expectAllClose(logProbs, again[row]!, 1e-4);
        expect(entropy).toBeGreaterThan(0);
        expect(entropy).toBeLessThan(Math.log(folder.config.text.vocabSize));
      });
    });

    it("ends a response at an end token and fills no further", () => {
      const free = generate(model, mixed, GREEDY).map(({ ids }) => ids);
      const eos = free[0]![3]!;
      const tokens = { ...model.config.tokens, eos: [eos] };
      const ended = generate({ ...model, config: { ...model.config, tokens } }, mixed, GREEDY);
      ended.forEach(({ ids, finished, logProbs }, index) => {
        const at = free[index]!.indexOf(eos);
        expect(finished).toBe(at >= 0);
        expect(ids).toEqual(at < 0 ? free[index] : free[index]!.slice(0, at + 1));
        expect(logProbs.length).toBe(ids.length);
      });
    });
  });

  it("gives every response what it would get alone, however many of its neighbours have ended", () => {
    const mixed: ReadonlyArray<Prompt> = [...prompts, encodeText("Hi")];
    const model = makeModel(folder.config, folder.weights);
    const free = generate(model, mixed, GREEDY).map(({ ids }) => ids);
    // Each of these tokens ends some response somewhere on the way.
    const eos = free.map((ids, index) => ids[2 + ((3 * index) % 8)]!);
    const ending = {
      ...model,
      config: { ...folder.config, tokens: { ...folder.config.tokens, eos } },
    };
    const forced = mixed.map((_, index) => free[index]!.slice(0, index % 2));
    const options = { ...GREEDY, samples: 2 };
    const together = generate(ending, mixed, { ...options, forced });
    const lengths = new Set(together.map(({ ids }) => ids.length));
    expect(lengths.size).toBeGreaterThan(2);
    mixed.forEach((prompt, index) => {
      const alone = generate(ending, [prompt], { ...options, forced: [forced[index]!] });
      alone.forEach((response, sample) => {
        const same = together[2 * index + sample]!;
        expect(same.ids).toEqual(response.ids);
        expectAllClose(same.logProbs, response.logProbs, 1e-4);
      });
    });
    disposeModel(model);
  });

  describe("blocked tokens", () => {
    const { tokens, text } = folder.config;
    const visual = tokens.visual;
    let eager: Vlm;
    beforeAll(() => {
      eager = makeModel(folder.config, eagerForImages());
    });
    afterAll(() => disposeModel(eager));

    /** Weights whose head turns the last hidden state into a wish for visual tokens. */
    function eagerForImages() {
      const head = folder.weights.get("lm_head.weight")!;
      const data = head.data.map((value, index) => {
        const row = Math.floor(index / text.hiddenSize);
        return visual.includes(row) ? 4 * value : value / 4;
      });
      return new Map([...folder.weights, ["lm_head.weight", { ...head, data }]]);
    }

    const sampled = { samples: 16, maxTokens: 8, temperature: 1 };

    it("samples visual tokens when nothing is suppressed", () => {
      const options = { ...sampled, suppressed: [], random: stream(5, "blocked") };
      const ids = generate(eager, prompts, options).flatMap((response) => response.ids);
      for (const id of visual) expect(ids).toContain(id);
    });

    it.each([0, 0.5, 2])("gives none by default at temperature %d", (temperature) => {
      const options = { ...sampled, temperature, random: stream(5, "blocked") };
      const ids = generate(eager, prompts, options).flatMap((response) => response.ids);
      expect(ids.filter((id) => visual.includes(id))).toEqual([]);
    });

    it("samples in proportion to the probabilities left", () => {
      const options = { samples: 2000, maxTokens: 1, temperature: 1, random: stream(5, "share") };
      const responses = generate(eager, [prompts[1]!], options);
      const counts = new Map<number, { count: number; logProb: number }>();
      for (const { ids, logProbs } of responses) {
        const before = counts.get(ids[0]!)?.count ?? 0;
        counts.set(ids[0]!, { count: before + 1, logProb: logProbs[0]! });
      }
      const [first, second] = [...counts.values()].sort((a, b) => b.count - a.count);
      // Four standard deviations of the ratio of the two counts.
      const bound = 4 * Math.sqrt(1 / first!.count + 1 / second!.count);
      const ratio = Math.log(first!.count / second!.count);
      expect(Math.abs(ratio - (first!.logProb - second!.logProb))).toBeLessThan(bound);
    });
  });
});
