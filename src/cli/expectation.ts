/** What a run that is about to start is expected to take, as far as it is known without measuring. CLI. */
import { join } from "node:path";
import type { Foresight } from "../runtime/estimate.ts";
import { stageCosts } from "./costs.ts";
import { expectedLine } from "./plan-text.ts";
import type { Ready } from "./prepare.ts";

/** A line on memory, and on time where `rcpa plan` has measured this model on this engine; undefined otherwise. */
export async function expectation(
  ready: Ready,
  own: ReadonlyArray<Foresight>,
  out: string,
): Promise<string | undefined> {
  if (ready.engine === undefined) return undefined;
  const before = process.memoryUsage().rss;
  return expectedLine(await stageCosts(ready, own, join(out, "checks"), before, "remembered"));
}
