import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { rename } from "../../src/dsl/rename.ts";
import { define, option } from "../../src/index.ts";
import {
  type Cost,
  type Foresight,
  flopsOf,
  forecast,
  foreseenIssues,
  workOf,
} from "../../src/runtime/estimate.ts";

const size = Schema.Struct({
  size: option(Schema.Int, { doc: "How much.", unit: "-", default: 2 }),
});
const made = define({
  ...{ name: "made", version: 1, doc: "Makes a model.", engine: false },
  ...{ needs: [], gives: ["policy"], options: size },
});
const grown = define({
  ...{ name: "grown", version: 1, doc: "Doubles it.", engine: false },
  ...{ needs: ["policy"], gives: ["policy"], options: size },
});

const cost = (flops: number): Cost => ({
  ...{ steps: 10, mostSteps: 20, peakBytes: 0, leastBytes: 0 },
  perStep: [{ kind: "train", times: 2, flops }],
  around: [{ kind: "pass", times: 1, flops: 5 }],
});

/** `made` knows its size; `grown` costs what it is given, and knows twice that. */
const foresights: ReadonlyArray<Foresight> = [
  {
    name: "made",
    check: (options: { size: number }) =>
      options.size > 5 ? [{ code: "UnusableFile", path: "size", message: "too much" }] : [],
    estimate: (options: { size: number }) => ({ gives: { policy: options.size } }),
    recall: (outputs) => ({ policy: outputs.policy }),
  },
  {
    name: "grown",
    estimate: (_, known) => ({
      cost: cost(known.policy as number),
      gives: { policy: 2 * (known.policy as number) },
    }),
  },
];
const perStep = (costs: ReadonlyArray<Cost | undefined>) =>
  costs.map((each) => each?.perStep[0]?.flops);

describe("forecast", () => {
  it("hands on what is known, from stage to stage", () => {
    const stages = [made({ size: 3 }), grown(), grown()];
    expect(perStep(forecast(stages, foresights, 1))).toEqual([undefined, 3, 6]);
  });

  it("follows artifacts under the names that the pipeline uses", () => {
    const stages = [
      made({ size: 3 }),
      rename(made({ size: 4 }), { policy: "critic" as never }),
      rename(grown(), { policy: "critic" as never }),
      grown(),
    ];
    expect(perStep(forecast(stages, foresights, 1)).slice(2)).toEqual([4, 3]);
  });

  it("takes what is stored for better than what was foreseen", () => {
    const stages = [made({ size: 3 }), grown()];
    const stored = (index: number) => (index === 0 ? { policy: 7 } : undefined);
    expect(perStep(forecast(stages, foresights, 1, stored))).toEqual([undefined, 7]);
  });
});

describe("foreseenIssues", () => {
  it("puts the stage's name before the option and the stage's place beside it", () => {
    const bad = made({ size: 6 });
    const [issue, ...more] = foreseenIssues([made(), bad], foresights);
    expect(more).toEqual([]);
    expect(issue).toEqual({
      ...{ code: "UnusableFile", path: "made.size", message: "too much", at: bad.at },
    });
  });

  it("asks no stage whose options are wrong", () => {
    expect(foreseenIssues([made({ size: 6.5 })], foresights)).toEqual([]);
  });
});

describe("workOf", () => {
  it("leaves out the steps that are done, but never the last", () => {
    const all = [0, 4, 10, 30].map((done) => flopsOf(workOf(cost(100), done)));
    expect(all).toEqual([2005, 1205, 205, 205]);
  });
});
