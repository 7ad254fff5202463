/** The README's example of a stage of one's own; quoted there line by line. */
import { writeFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { data, define, evaluate, grpo, handler, model, option, pipeline, run } from "rcpa";

declare module "rcpa" {
  interface Artifacts {
    card: { readonly file: string };
  }
}

export const modelCard = define({
  name: "modelCard",
  version: 1,
  doc: "Writes what the adaptation gained and what it cost.",
  needs: ["evaluation"],
  gives: ["card"],
  engine: false,
  options: Schema.Struct({
    title: option(Schema.NonEmptyString, { doc: "Heading of the card.", unit: "-" }),
  }),
});

export const modelCardHandler = handler(modelCard, ({ options, inputs, artifact }) =>
  Effect.sync(() => {
    const { before, after } = inputs.evaluation.domain;
    const file = artifact("card.md");
    writeFileSync(file, `# ${options.title}\n\n${before.accuracy} → ${after.accuracy}\n`);
    return { card: { file } };
  }),
);

const carded = pipeline("carded").pipe(
  model(),
  data(),
  grpo({ steps: 100 }),
  evaluate(),
  modelCard({ title: "Tiny VLM, geometry" }),
);

export default carded;

await run(import.meta, carded, { handlers: [modelCardHandler] });
