/**
 * How many worked solutions it takes: RCPA and what is usual, with 50 to 400 solutions among 2,000 problems.
 *
 *   npx tsx pipelines/references.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--out DIR] [--to docs/results.md]
 */
import { arm, compare, pipeline } from "rcpa";
import { anchored, budget, imitate, measure, rcpa, rehearse, reinforce, start } from "./arms.ts";

// The learning rates of pipelines/compare.ts. With 50 solutions the usual recipe's settings, and how long to supervise,
// are chosen anew; the other numbers choose between what was best with 50 and what was best over five seeds with 200
// (docs/results.md).
const rates = { rcpa: 1.2e-3, usual: 6e-4, supervised: 6e-4 };
const best = [
  { rate: 6e-4, steps: 400 },
  { rate: 3e-4, steps: 400 },
];
const usual = [
  ...[200, 400, 600].map((steps) => ({ rate: rates.usual, steps })),
  ...[3e-4, 1.2e-3].map((rate) => ({ rate, steps: 400 })),
];
const lengths = [{ steps: 300 }, { steps: budget }];

const few = [50, 100, 200, 400] as const;
type Few = (typeof few)[number];

const named = <const Prefix extends string>(
  prefix: Prefix,
  armOf: (worked: Few) => ReturnType<typeof arm>,
) =>
  Object.fromEntries(few.map((worked) => [`${prefix} ${worked}`, armOf(worked)])) as Record<
    `${Prefix} ${Few}`,
    ReturnType<typeof arm>
  >;

await compare(import.meta, {
  name: "references",
  doc: "Worked solutions among 2,000 problems, the others with nothing but the answer; the anchor in all arms.",
  tuneSeeds: [101, 102, 103],
  seeds: [1, 2, 3, 4, 5],
  arms: {
    ...named("rcpa+anchor", (worked) =>
      arm({
        doc: `RCPA with ${worked} solutions`,
        settings: [{}],
        pipeline: () =>
          pipeline(`rcpa-${worked}`).pipe(
            ...start(worked),
            ...rcpa(rates.rcpa, anchored),
            measure(),
          ),
      }),
    ),
    ...named("sft→grpo", (worked) =>
      arm({
        doc: `Supervised on ${worked} solutions, then reinforcement on all`,
        settings: worked === 50 ? usual : best,
        pipeline: ({ rate, steps }) =>
          pipeline(`sft-grpo-${worked}`).pipe(
            ...start(worked),
            imitate(rate, steps, anchored),
            reinforce(rate, budget - steps, anchored),
            measure(),
          ),
      }),
    ),
    ...named("rehearsed sft→grpo", (worked) =>
      arm({
        doc: `The same, the solutions' thoughts rehearsed during reinforcement as in RCPA, with ${worked} of them`,
        settings: best,
        pipeline: ({ rate, steps }) =>
          pipeline(`sft-grpo-rehearsed-${worked}`).pipe(
            ...start(worked),
            imitate(rate, steps, anchored),
            rehearse(rate, budget - steps, anchored),
            measure(),
          ),
      }),
    ),
    ...named("sft+anchor", (worked) =>
      arm({
        doc: `Supervised on ${worked} solutions`,
        settings: worked === 50 ? lengths : [{ steps: budget }],
        pipeline: ({ steps }) =>
          pipeline(`sft-${worked}`).pipe(
            ...start(worked),
            imitate(rates.supervised, steps, anchored),
            measure(),
          ),
      }),
    ),
  },
  contrasts: few.flatMap((worked) => [
    [`rcpa+anchor ${worked}`, `sft→grpo ${worked}`] as const,
    [`rcpa+anchor ${worked}`, `rehearsed sft→grpo ${worked}`] as const,
    [`rcpa+anchor ${worked}`, `sft+anchor ${worked}`] as const,
  ]),
});
