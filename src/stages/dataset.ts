/** Turns a data set's description into examples. Serves all stages. */
import type { RandomStream } from "../core/seed.ts";
import type { Dataset, Example } from "../data/example.ts";
import * as geometry from "../data/geometry.ts";
import * as scenes from "../data/scenes.ts";
import type { DatasetRef } from "../dsl/artifacts.ts";

/** Examples ready for use. */
export interface Examples {
  readonly domain: Dataset;
  /** The domain's training examples that carry a worked reference. */
  readonly worked: ReadonlyArray<Example>;
  readonly general: General;
}

/** The general suite: held-out examples, questions for any image, and an endless training stream. */
export interface General {
  readonly validation: ReadonlyArray<Example>;
  readonly test: ReadonlyArray<Example>;
  readonly question: (random: RandomStream) => string;
  readonly example: (seed: number, index: number) => Example;
}

/** The same description always gives the same examples. */
export function loadExamples({ domain, general, seed }: DatasetRef): Examples {
  const { world: _, ...sizes } = domain;
  const examples = geometry.dataset({ seed, ...sizes });
  return {
    domain: examples,
    worked: examples.train.filter(({ reference }) => reference !== undefined),
    general: {
      validation: scenes.validation(general.validation),
      test: scenes.test(general.test),
      question: scenes.generalQuestion,
      example: scenes.example,
    },
  };
}
