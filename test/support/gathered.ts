/** Reads a user's rows as the data stage does. Used by tests of the stages. */
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { expect } from "vitest";
import type { DataInvalid } from "../../src/data/data-invalid.ts";
import type { FileSource } from "../../src/dsl/file-sources.ts";
import { data } from "../../src/index.ts";
import { gather } from "../../src/stages/gather.ts";
import { temporaryFolder } from "./folder.ts";

type Domain = NonNullable<NonNullable<Parameters<typeof data>[0]>["domain"]>;
type Written = Exclude<Domain, { readonly world: unknown }>;

/** Reads a source with the defaults of the language. */
export async function gathered(source: Written) {
  const stage = data({ domain: { distinct: "image", ...source } });
  expect(stage.issues).toEqual([]);
  const dir = join(temporaryFolder(), "domain");
  const notes: Array<string> = [];
  const context = {
    progress: () => Effect.void,
    note: (text: string) => Effect.sync(() => notes.push(text)),
  };
  const { domain } = stage.options as unknown as { domain: FileSource };
  const work = gather(domain, dir, "own", context as never);
  const outcome = await Effect.runPromise(Effect.result(work));
  return { dir, notes, outcome };
}

/** What reading a source fails with; empty when it succeeds. */
export async function refusal(source: Written): Promise<string> {
  const { outcome } = await gathered(source);
  expect(outcome._tag).toBe("Failure");
  return outcome._tag === "Failure" ? (outcome.failure as DataInvalid).message : "";
}
