/** A handler of one's own: options, inputs and outputs have the types of the definition. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, type ModelRef, option, Steps } from "rcpa";

export const average = define({
  name: "average",
  version: 1,
  doc: "Averages the policy with the base.",
  needs: ["policy", "reference"],
  gives: ["policy"],
  options: Schema.Struct({
    share: option(Schema.Finite, { doc: "Of the base.", unit: "share in [0, 1]", default: 0.1 }),
    steps: Steps({ doc: "Rounds.", default: 1 }),
  }),
});

export const averageHandler = handler(average, ({ options, inputs, artifact, note }) =>
  Effect.gen(function* () {
    const share: number = options.share;
    const models: ReadonlyArray<ModelRef> = [inputs.policy, inputs.reference];
    yield* note(`${share} of ${models[1]?.dir}, ${options.steps} times`);
    return { policy: { dir: artifact("model") } };
  }),
);
