/** What a phase reaches on the validation split, for the log, the report and choosing settings. Serves all training stages. */
import * as Effect from "effect/Effect";
import { digest } from "../core/digest.ts";
import { mean, retention } from "../core/statistics.ts";
import type { DatasetRef } from "../dsl/artifacts.ts";
import { DEFAULT_JUDGE, type Judge } from "../rewards/judge.ts";
import type { StageContext } from "../runtime/handler.ts";
import type { LoadedModel } from "./policy.ts";
import { scoreGreedily } from "./score.ts";
import type { Learner, Session } from "./session.ts";

const BATCH = 175;

type Context = Pick<
  StageContext<unknown, { readonly dataset: DatasetRef }>,
  "inputs" | "measure" | "note" | "progress" | "aside"
>;

/** How validation questions are asked. */
export interface Questions {
  readonly maxTokens: number;
  /** What counts as right in the domain. Default: the answer, however it is written. */
  readonly judge?: Judge;
}

/** Item by item, whether the greedy answer is right. */
interface Outcomes {
  readonly domain: ReadonlyArray<boolean>;
  readonly general: ReadonlyArray<boolean>;
}

/** The base does not change, so that the phases of one run ask it once. */
const ofBase = new Map<string, Outcomes>();

/**
 * Measures and notes domain and general accuracy of the policy on validation examples, and its retention.
 *
 * @param judge what counts as right in the domain
 */
export const noteValidation = Effect.fnUntraced(function* <Memory>(
  context: Context,
  session: Session,
  { policy }: Learner<Memory>,
  maxTokens: number,
  judge = DEFAULT_JUDGE,
) {
  const telling = (done: number, total: number) => context.progress(done, total);
  const ask = (model: LoadedModel) =>
    context.aside(validate(session, model, { maxTokens, judge }, telling));
  const now = yield* ask(policy);
  const known = digest([session.base.dir, context.inputs.dataset, maxTokens, judge]);
  const base = ofBase.get(known) ?? (yield* ask(session.base));
  ofBase.set(known, base);
  yield* context.measure({
    ...accuracies(now, (name) => `${name}Accuracy`),
    ...accuracies(base, (name) =>
      name === "domain" ? "baseDomainAccuracy" : "baseGeneralAccuracy",
    ),
    ...kept(base.general, now.general),
  });
  const text = Object.entries(accuracies(now)).map(
    ([name, value]) => `${name} ${value.toFixed(3)}`,
  );
  yield* context.note(`validation accuracy: ${text.join(", ")}`);
});

/** Validation accuracy of a policy that goes on learning, as metrics of a step. */
export const validationMetrics = Effect.fnUntraced(function* (
  session: Session,
  policy: LoadedModel,
  questions: Questions,
) {
  const outcomes = yield* validate(session, policy, questions, () => Effect.void);
  return accuracies(outcomes, (suite) =>
    suite === "domain" ? "validationDomain" : "validationGeneral",
  );
});

const validate = Effect.fnUntraced(function* <E>(
  { examples }: Session,
  model: LoadedModel,
  { maxTokens, judge = DEFAULT_JUDGE }: Questions,
  between: (done: number, total: number) => Effect.Effect<void, E>,
) {
  const options = { maxTokens, batch: BATCH };
  const [first, second] = [examples.domain.validation, examples.general.validation];
  const total = first.length + second.length;
  const domain = yield* scoreGreedily(model, first, { ...options, judge }, (count) =>
    between(count, total),
  );
  const general = yield* scoreGreedily(model, second, options, (count) =>
    between(first.length + count, total),
  );
  return { domain, general } satisfies Outcomes as Outcomes;
});

/** Shares of right answers; a suite without examples has none. */
function accuracies(
  outcomes: Outcomes,
  named: (suite: keyof Outcomes) => string = (suite) => suite,
): Readonly<Record<string, number>> {
  const suites = (["domain", "general"] as const).filter((suite) => outcomes[suite].length > 0);
  return Object.fromEntries(
    suites.map((suite) => [named(suite), mean(outcomes[suite].map(Number))]),
  );
}

function kept(before: ReadonlyArray<boolean>, after: ReadonlyArray<boolean>) {
  if (!before.includes(true)) return {};
  const { estimate, low, high } = retention(before, after);
  return { retention: estimate, retentionLow: low, retentionHigh: high };
}
