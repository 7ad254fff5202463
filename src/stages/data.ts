/** Handler of `data`: settles which examples the run sees. */
import * as Effect from "effect/Effect";
import { data as definition } from "../dsl/phases.ts";
import { handler } from "../runtime/handler.ts";
import { loadExamples } from "./dataset.ts";
import { attempt } from "./failure.ts";

export const data = handler(
  definition,
  Effect.fnUntraced(function* ({ options, seed, note }) {
    const dataset = { domain: options.domain, general: options.general, seed };
    const { domain, worked, general } = yield* attempt(() => loadExamples(dataset));
    yield* note(
      `${options.domain.world}: ${worked.length} worked and ${domain.train.length - worked.length} answer-only problems, ` +
        `${domain.validation.length} validation, ${domain.test.length} test; ` +
        `${options.general.world}: ${general.validation.length} validation, ${general.test.length} test`,
    );
    return { dataset };
  }),
);
