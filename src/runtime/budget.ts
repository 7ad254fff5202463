/** Declared budgets against what a run has used and reached. Serves the runtime layer. */
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { Evaluation } from "../dsl/artifacts.ts";
import type { Budgets } from "../dsl/budgets.ts";
import { BudgetNotMet, type Verdict } from "./errors.ts";

/** What a run has used so far. */
export interface Spent {
  /** Wall time since the run began. */
  readonly hours: number;
  /** Most memory the process has held, GiB. */
  readonly memoryGib: number;
}

/** Reads what a run has used so far, from now on. */
export function meter(memoryGib: () => number = residentPeakGib): () => Spent {
  const startedAt = performance.now();
  return () => ({
    hours: (performance.now() - startedAt) / 3_600_000,
    memoryGib: memoryGib(),
  });
}

/** The largest resident memory of this process so far, GiB. */
function residentPeakGib(): number {
  return process.resourceUsage().maxRSS / 1024 ** 2;
}

const decodeEvaluation = Schema.decodeUnknownOption(Evaluation);

/** Every declared budget with what became of it; one on what was not measured is not met. */
export function judge(
  budgets: Budgets,
  spent: Spent,
  artifacts: Readonly<Record<string, unknown>> = {},
): ReadonlyArray<Verdict> {
  const evaluation = Option.getOrUndefined(decodeEvaluation(artifacts.evaluation));
  const { domain, retention } = evaluation ?? {};
  const gain = domain === undefined ? null : domain.after.accuracy - domain.before.accuracy;
  const verdict = (budget: keyof Budgets, reached: number | null, atLeast: boolean) => {
    const limit = budgets[budget];
    if (limit === undefined) return [];
    const met = reached !== null && (atLeast ? reached >= limit : reached <= limit);
    return [{ budget, limit, reached, met }];
  };
  return [
    ...verdict("retention", retention?.value ?? null, true),
    ...verdict("minDomainGain", gain, true),
    ...verdict("maxHours", spent.hours, false),
    ...verdict("maxMemoryGiB", spent.memoryGib, false),
  ];
}

/** Why a run must stop in the stage `stage`, before its end: it has used more than it may. */
export function overspent(
  budgets: Budgets,
  spent: Spent,
  place: { readonly stage: string; readonly step?: number },
): BudgetNotMet | undefined {
  const { maxHours = Number.POSITIVE_INFINITY, maxMemoryGiB = Number.POSITIVE_INFINITY } = budgets;
  if (spent.hours <= maxHours && spent.memoryGib <= maxMemoryGiB) return undefined;
  return new BudgetNotMet({ verdicts: judge(budgets, spent), ...place });
}
