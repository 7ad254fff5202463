import { beforeAll, describe, expect, it } from "vitest";
import { dataset } from "../../src/data/geometry.ts";
import { batchPrompts, disposeModel, promptPass } from "../../src/models/model.ts";
import { responseLogProbabilities } from "../../src/models/responses.ts";
import { extractAnswer } from "../../src/rewards/format.ts";
import { type LoadedModel, loadModel } from "../../src/stages/policy.ts";
import {
  measureConfidence,
  problemReader,
  readProblem,
  stepCuts,
} from "../../src/stages/worked.ts";
import { values } from "../support/gradient-check.ts";
import { folderForFile, onBestEngine, writeModel } from "../support/learner.ts";

const dir = folderForFile();
const { train } = dataset({ seed: 1, worked: 150, answerOnly: 4, validation: 1, test: 1 });
const worked = train.slice(0, 150);

/** Runs `body` with a model that is released afterwards. */
function withModel(body: (model: LoadedModel) => void): void {
  const model = loadModel(dir);
  try {
    body(model);
  } finally {
    disposeModel(model.vlm);
  }
}

onBestEngine();
beforeAll(() => {
  writeModel(dir);
});

describe("readProblem", () => {
  it("lets everything before the final answer be imposed, and nothing of it", () => {
    withModel((model) => {
      const { tokenizer } = model.processor;
      expect(new Set(worked.map(({ family }) => family)).size).toBe(7);
      for (const example of worked) {
        const { reference, imposable } = readProblem(model, example);
        const shown = tokenizer.decode(reference.slice(0, imposable));
        expect(shown.endsWith("<answer>")).toBe(true);
        expect(extractAnswer(shown)).toBeUndefined();
        const hidden = tokenizer.decode(reference.slice(imposable), { skipSpecial: true });
        expect(hidden.trim()).toBe(`${example.answer} </answer>`);
      }
    });
  });

  it("ends references with the end token and keeps their words", () => {
    withModel((model) => {
      const { reference } = readProblem(model, worked[0]!);
      expect(reference.at(-1)).toBe(model.vlm.config.tokens.eos[0]);
      const text = model.processor.tokenizer.decode(reference, { skipSpecial: true });
      expect(text).toBe(worked[0]!.reference);
    });
  });

  it("lets all of a plain reference be imposed but its end", () => {
    withModel((model) => {
      const plain = { ...worked[0]!, reference: "the angle is 8", answer: "the angle is 8" };
      const { reference, imposable } = readProblem(model, plain);
      expect(reference.at(-1)).toBe(model.vlm.config.tokens.eos[0]);
      expect(imposable).toBe(reference.length - 1);
    });
  });

  it("gives a problem without reference nothing to impose", () => {
    withModel((model) => {
      const { reference, imposable } = readProblem(model, train[152]!);
      expect({ reference, imposable }).toEqual({ reference: [], imposable: 0 });
    });
  });
});

describe("stepCuts", () => {
  it("are the token counts at which a semicolon or the thoughts end, before the answer", () => {
    withModel((model) => {
      const { tokenizer } = model.processor;
      for (const example of worked) {
        const problem = readProblem(model, example);
        const cuts = stepCuts(model, problem);
        const steps = example.reference!.split("</think>")[0]!.split(";");
        expect(cuts).toHaveLength(steps.length);
        cuts.forEach((cut, at) => {
          const text = steps.slice(0, at + 1).join(";");
          const shown = at === steps.length - 1 ? text.trimEnd() : `${text};`;
          expect(tokenizer.decode(problem.reference.slice(0, cut))).toBe(shown);
          expect(cut).toBeLessThan(problem.imposable);
        });
      }
      expect(stepCuts(model, readProblem(model, train[152]!))).toEqual([]);
    });
  });
});

describe("problemReader", () => {
  it("tokenises an example once, and never hands one with a reference to one without", () => {
    withModel((model) => {
      const read = problemReader(model);
      const [example] = worked;
      const { reference: _, ...bare } = example!;
      expect(read(example!)).toBe(read(example!));
      expect(read(bare).reference).toEqual([]);
      expect(read(example!).reference.length).toBeGreaterThan(0);
    });
  });
});

describe("measureConfidence", () => {
  const problemsOf = (model: LoadedModel) =>
    [train[0]!, train[151]!, train[1]!, train[2]!].map((example) => readProblem(model, example));

  it("is the geometric mean of the reference's token probabilities", () => {
    withModel((model) => {
      const problems = problemsOf(model);
      const measured = measureConfidence(model, problems);
      problems.forEach(({ prompt, reference }, x) => {
        if (reference.length === 0) {
          expect(measured[x]).toBe(0);
          return;
        }
        const logProbs = values(() => {
          const batch = batchPrompts([prompt], model.vlm.config);
          const state = promptPass(model.vlm, batch);
          return responseLogProbabilities(model.vlm, batch, state, [reference], reference.length);
        });
        const mean = logProbs.reduce((sum, value) => sum + value, 0) / reference.length;
        expect(measured[x]! / Math.exp(mean)).toBeCloseTo(1, 4);
      });
    });
  });

  it("needs no pass when no problem has a reference", () => {
    withModel((model) => {
      const problems = [readProblem(model, train[151]!), readProblem(model, train[152]!)];
      expect([...measureConfidence(model, problems)]).toEqual([0, 0]);
    });
  });
});
