/** The policy losses against TRL's own numbers; also reads the folder named by RCPA_EXTRA_GOLDEN. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { groupRelative } from "../../src/rl/advantage.ts";
import { policyLoss } from "../../src/rl/objective.ts";
import type { LossKind, RatioLevel } from "../../src/rl/surrogate.ts";
import { temporaryFolder } from "../support/folder.ts";

interface GoldenCase {
  readonly loss_type: LossKind;
  readonly importance_sampling_level: RatioLevel;
  readonly beta: number;
  readonly epsilon_low: number;
  readonly epsilon_high: number;
  readonly delta: number | null;
  readonly group_size: number;
  readonly max_completion_length: number;
  readonly rewards: ReadonlyArray<number>;
  readonly mask: ReadonlyArray<ReadonlyArray<number>>;
  readonly old_logprobs: ReadonlyArray<ReadonlyArray<number>>;
  readonly logprobs: ReadonlyArray<ReadonlyArray<number>>;
  readonly ref_logprobs: ReadonlyArray<ReadonlyArray<number>>;
  readonly expected: {
    readonly advantages: ReadonlyArray<number>;
    readonly loss: number;
    readonly grad_logprobs: ReadonlyArray<ReadonlyArray<number>>;
  };
}

const TOLERANCE = 1e-5;

/** The shipped file, and every one of its kind in another folder. */
const lossFiles = (extra: string | undefined) =>
  [import.meta.dirname, ...(extra ? [extra] : [])].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith("grpo-losses") && name.endsWith(".json"))
      .map((name) => join(folder, name)),
  );
const files = lossFiles(process.env.RCPA_EXTRA_GOLDEN);

const flat = (rows: ReadonlyArray<ReadonlyArray<number>>) => Float32Array.from(rows.flat());

function largestDifference(actual: ArrayLike<number>, expected: ReadonlyArray<number>): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
}

const casesIn = (file: string) =>
  (JSON.parse(readFileSync(file, "utf8")) as { readonly cases: ReadonlyArray<GoldenCase> }).cases;

it("has 24 shipped cases: eight losses, each with and without penalty, and with two-sided clipping", () => {
  const shipped = lossFiles(undefined).flatMap(casesIn);
  const named = shipped.map((golden) =>
    [golden.loss_type, golden.importance_sampling_level, golden.beta, golden.delta].join(" "),
  );
  expect([named.length, new Set(named).size]).toEqual([24, 24]);
  const losses = shipped.map((one) => `${one.loss_type} ${one.importance_sampling_level}`);
  expect(new Set(losses).size).toBe(8);
  expect(shipped.filter(({ delta }) => delta !== null)).toHaveLength(8);
});

it("reads every file of that name in the folder for more", () => {
  const folder = temporaryFolder();
  const [own, other] = ["grpo-losses.json", "grpo-losses-rows.json"].map((name) =>
    join(folder, name),
  );
  for (const file of [own!, other!, join(folder, "notes.json")]) writeFileSync(file, "{}");
  expect(lossFiles(folder)).toEqual(expect.arrayContaining([...lossFiles(undefined), own, other]));
  expect(lossFiles(folder)).toHaveLength(lossFiles(undefined).length + 2);
});

describe.each(files)("%s", (file) => {
  const cases = casesIn(file);

  it("holds cases", () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  it.each(cases.map((golden, i) => ({ i, golden })))(
    "case $i: $golden.loss_type, $golden.importance_sampling_level, beta $golden.beta, delta $golden.delta",
    ({ golden }) => {
      const { advantages } = groupRelative(Float32Array.from(golden.rewards), {
        group: golden.group_size,
        scale: "group",
        epsilon: 1e-4,
      });
      const { loss, gradient } = policyLoss(
        {
          kind: golden.loss_type,
          level: golden.importance_sampling_level,
          epsilonLow: golden.epsilon_low,
          epsilonHigh: golden.epsilon_high,
          ...(golden.delta === null ? {} : { delta: golden.delta }),
          beta: golden.beta,
          klEstimator: "k3",
        },
        {
          rows: golden.mask.length,
          time: golden.mask[0]!.length,
          logprobs: flat(golden.logprobs),
          oldLogprobs: flat(golden.old_logprobs),
          referenceLogprobs: flat(golden.ref_logprobs),
          mask: Uint8Array.from(golden.mask.flat()),
          advantages,
          maxCompletionLength: golden.max_completion_length,
        },
      );
      const { expected } = golden;
      expect(largestDifference(advantages, expected.advantages)).toBeLessThan(TOLERANCE);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(TOLERANCE);
      expect(largestDifference(gradient, expected.grad_logprobs.flat())).toBeLessThan(TOLERANCE);
    },
  );
});
