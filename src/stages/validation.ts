/** What a phase reaches on the validation split, for the log and for choosing settings. Serves all training stages. */
import * as Effect from "effect/Effect";
import type { StageContext } from "../runtime/handler.ts";
import { scoreGreedily } from "./score.ts";
import type { Learner, Session } from "./session.ts";

const BATCH = 175;

/** Notes domain and general accuracy of the policy on validation examples. */
export const noteValidation = Effect.fnUntraced(function* <Memory>(
  context: Pick<StageContext<unknown, unknown>, "note" | "progress">,
  { examples }: Session,
  { policy }: Learner<Memory>,
  maxTokens: number,
) {
  const options = { maxTokens, batch: BATCH };
  const suites = { domain: examples.domain.validation, general: examples.general.validation };
  const total = suites.domain.length + suites.general.length;
  const shares: Array<string> = [];
  let done = 0;
  for (const [name, suite] of Object.entries(suites)) {
    const right = yield* scoreGreedily(policy, suite, options, (count) =>
      context.progress(done + count, total),
    );
    done += suite.length;
    shares.push(`${name} ${(right.filter(Boolean).length / right.length).toFixed(3)}`);
  }
  yield* context.note(`validation accuracy: ${shares.join(", ")}`);
});
