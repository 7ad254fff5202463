/** Handler of `evaluate`: base and policy side by side on the test split, the only place that reads it. */
import * as Effect from "effect/Effect";
import { retention, wilson } from "../core/statistics.ts";
import type { Example } from "../data/example.ts";
import { blank } from "../data/grid.ts";
import type { Score } from "../dsl/artifacts.ts";
import { evaluate as definition } from "../dsl/phases.ts";
import { disposeModel } from "../models/model.ts";
import { DEFAULT_JUDGE } from "../rewards/judge.ts";
import { handler } from "../runtime/handler.ts";
import { Engine } from "../tensor/engine.ts";
import { furtherTest, loadExamples } from "./dataset.ts";
import { attempt } from "./failure.ts";
import { type LoadedModel, loadModel } from "./policy.ts";
import { scoreGreedily } from "./score.ts";

const openModel = (dir: string, base?: LoadedModel) =>
  Effect.acquireRelease(
    attempt(() => loadModel(dir, base)),
    ({ vlm }) => Effect.sync(() => disposeModel(vlm)),
  );

export const evaluate = handler(
  definition,
  Effect.fnUntraced(function* (context) {
    yield* Engine;
    const { options, inputs } = context;
    const base = yield* openModel(inputs.reference.dir);
    const { domain, general } = yield* attempt(() => loadExamples(inputs.dataset, base));
    const further = Object.entries(options.also).map(
      ([name, source]) => [name, furtherTest(source)] as const,
    );
    const besides = further.reduce((sum, [, examples]) => sum + examples.length, 0);
    const total = 3 * domain.test.length + 2 * (general.test.length + besides);
    let finished = 0;
    const answers = Effect.fnUntraced(function* (
      model: LoadedModel,
      examples: ReadonlyArray<Example>,
      image?: Example["image"],
    ) {
      const judge = examples === domain.test ? options : DEFAULT_JUDGE;
      const settings = { ...options, judge, ...(image === undefined ? {} : { image }) };
      const right = yield* scoreGreedily(model, examples, settings, (done) =>
        context.progress(finished + done, total),
      );
      finished += examples.length;
      return right;
    });
    const policy = yield* openModel(inputs.policy.dir, base);
    const domainBefore = yield* answers(base, domain.test);
    const generalBefore = yield* answers(base, general.test);
    const domainAfter = yield* answers(policy, domain.test);
    const generalAfter = yield* answers(policy, general.test);
    const blind = yield* answers(policy, domain.test, blank());
    const also: Array<readonly [string, ReturnType<typeof furtherScore>]> = [];
    for (const [name, examples] of further) {
      const before = yield* answers(base, examples);
      const after = yield* answers(policy, examples);
      also.push([name, furtherScore(examples, before, after)]);
    }
    return {
      evaluation: {
        domain: comparison(domainBefore, domainAfter),
        general: comparison(generalBefore, generalAfter),
        retention: kept(generalBefore, generalAfter),
        blank: score(blind),
        families: {
          ...byFamily(domain.test, domainBefore, domainAfter),
          ...byFamily(general.test, generalBefore, generalAfter),
        },
        ...(also.length === 0 ? {} : { also: Object.fromEntries(also) }),
      },
    };
  }, Effect.scoped),
);

function score(right: ReadonlyArray<boolean>): Score {
  const correct = right.filter(Boolean).length;
  const { estimate, low, high } = wilson(correct, right.length);
  return { accuracy: estimate, low, high, correct, n: right.length };
}

function kept(before: ReadonlyArray<boolean>, after: ReadonlyArray<boolean>) {
  const { estimate, low, high } = retention(before, after);
  return before.includes(true) ? { value: estimate, low, high } : null;
}

const comparison = (before: ReadonlyArray<boolean>, after: ReadonlyArray<boolean>) => ({
  before: score(before),
  after: score(after),
  n: before.length,
});

function byFamily(
  examples: ReadonlyArray<Example>,
  before: ReadonlyArray<boolean>,
  after: ReadonlyArray<boolean>,
) {
  const families = [...new Set(examples.map(({ family }) => family))];
  const share = (right: ReadonlyArray<boolean>, family: string) =>
    score(right.filter((_, index) => examples[index]!.family === family));
  return Object.fromEntries(
    families.map((family) => {
      const [was, is] = [share(before, family), share(after, family)];
      return [family, { before: was.accuracy, after: is.accuracy, n: is.n }];
    }),
  );
}

/** A further test, its families by name, each after what it is part of. */
function furtherScore(
  examples: ReadonlyArray<Example>,
  before: ReadonlyArray<boolean>,
  after: ReadonlyArray<boolean>,
) {
  const groups = examples.map(({ family }) => groupsOf(family));
  const names = [...new Set(groups.flat())].sort();
  const families = names.map((name) => {
    const own = (_: boolean, index: number) => groups[index]!.includes(name);
    return [name, comparison(before.filter(own), after.filter(own))] as const;
  });
  return { ...comparison(before, after), families: Object.fromEntries(families) };
}

/** A family with all that it is part of: `a/b` is part of `a`. */
function groupsOf(family: string): ReadonlyArray<string> {
  const parts = family.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
