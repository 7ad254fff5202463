/** Handler of `lm`: continual pretraining, the likelihood of all text of all training problems. */
import { lm as definition } from "../dsl/phases.ts";
import { handler } from "../runtime/handler.ts";
import { batchOf } from "./batches.ts";
import { supervise } from "./supervised.ts";
import { readText, textTerm } from "./whole-text.ts";

export const lm = handler(definition, (context) =>
  supervise(context, {
    problems: (session, index) => {
      const { examples, seed, stage } = session;
      const batch = batchOf(examples.domain.train, context.options.prompts, index, seed, stage);
      return batch.map((example) => readText(session, example));
    },
    term: textTerm,
  }),
);
