/**
 * What each part of RCPA is worth where solutions are few: pipelines/ablations.ts with 50 of them.
 *
 *   npx tsx pipelines/ablations-50.ts [--arms A,B] [--seeds 1,2,3] [--jobs N] [--out DIR] [--to docs/results.md]
 */
import { compare } from "rcpa";
import { ablated, againstWhole } from "./ablations.ts";

await compare(import.meta, {
  name: "ablations-50",
  doc: "As `ablations`, with 50 worked solutions among the 2,000 problems.",
  tuneSeeds: [],
  seeds: [1, 2, 3, 4, 5],
  arms: ablated(50),
  contrasts: againstWhole,
});
