/** Handler of `sft`: supervised fine-tuning on whole worked references. */
import { sft as definition } from "../dsl/phases.ts";
import { handler } from "../runtime/handler.ts";
import { batchOf } from "./batches.ts";
import { supervisedTerm } from "./losses.ts";
import type { Session } from "./session.ts";
import { supervise } from "./supervised.ts";
import { readProblem } from "./worked.ts";

export const sft = handler(definition, (context) =>
  supervise(context, {
    problems: (session, index) =>
      problemsOf(session, context.options.on, context.options.prompts, index),
    term: supervisedTerm,
  }),
);

/** The general stream never repeats, so its problems are not kept. */
function problemsOf(session: Session, on: "domain" | "general", size: number, index: number) {
  const { base, examples, seed, stage } = session;
  if (on === "domain") return batchOf(examples.worked, size, index, seed, stage).map(session.read);
  return Array.from({ length: size }, (_, i) =>
    readProblem(base, examples.general.example(seed, index * size + i)),
  );
}
