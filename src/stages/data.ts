/** Handler of `data`: settles which examples the run sees; those of files are read in and kept. */
import * as Effect from "effect/Effect";
import { type FileSource, labelOf } from "../dsl/file-sources.ts";
import { data as definition } from "../dsl/phases.ts";
import { handler } from "../runtime/handler.ts";
import { loadExamples } from "./dataset.ts";
import { attempt } from "./failure.ts";
import { familyOf, gather } from "./gather.ts";

export const data = handler(
  definition,
  Effect.fnUntraced(function* ({ options, seed, artifact, ...context }) {
    const own = (source: FileSource, role: "domain" | "general") => {
      const name = familyOf(labelOf(source));
      const family = role === "domain" ? name : `general ${name}`;
      return gather(source, artifact(role), family, context);
    };
    const domain =
      "world" in options.domain ? options.domain : yield* own(options.domain, "domain");
    const general =
      "world" in options.general ? options.general : yield* own(options.general, "general");
    const dataset = { domain, general, seed };
    const examples = yield* attempt(() => loadExamples(dataset));
    const { train, validation, test } = examples.domain;
    yield* context.note(
      `${nameOf(domain)}: ${examples.worked.length} worked and ${train.length - examples.worked.length} answer-only problems, ` +
        `${validation.length} validation, ${test.length} test; ` +
        `${nameOf(general)}: ${examples.general.validation.length} validation, ${examples.general.test.length} test`,
    );
    return { dataset };
  }),
);

const nameOf = (source: { readonly world: string } | { readonly file: string }): string =>
  "world" in source ? source.world : source.file;
