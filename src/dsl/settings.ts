/** What a pipeline may say besides its stages: seed, purpose, budgets, attempts. Serves the definition layer. */
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import { Attempts } from "./attempts.ts";
import { Budgets } from "./budgets.ts";
import { invalidOptions } from "./invalid.ts";
import type { Issue, Site } from "./issue.ts";
import { option } from "./option.ts";

const WholeNumber = Schema.Finite.check(
  Schema.makeFilter(Number.isSafeInteger, { expected: "a whole number" }),
);

export const Settings = Schema.Struct({
  seed: option(WholeNumber, {
    doc: "All randomness of the run derives from it; `--seed` overrides.",
    unit: "-",
    default: 1,
  }),
  doc: option(Schema.String, { doc: "One sentence: what it is for.", unit: "-", default: "" }),
  budgets: option(Budgets, {
    doc: "Conditions on the run and its evaluation; one that is not met ends it with exit code 3.",
    unit: "-",
    default: {},
  }),
  attempts: option(Attempts, {
    doc: "How every stage is tried: time limit and retries by error tag; `withAttempts` says it for one stage.",
    unit: "-",
    default: {},
  }),
});
type Settings = typeof Settings.Type;

/** As written by the author of a pipeline: every field may be left out. */
export type PipelineSettings = typeof Settings.Encoded;

const decode = Schema.decodeUnknownExit(Settings, {
  errors: "all",
  onExcessProperty: "error",
  reportInput: true,
});

/** The settings of the pipeline `name`, decoded, with every problem in them; those with problems have their defaults. */
export function settingsOf(
  name: string,
  written: object,
  at: Site | undefined,
): { readonly value: Settings; readonly issues: ReadonlyArray<Issue> } {
  const decoded = decode(written);
  if (Exit.isSuccess(decoded)) return { value: decoded.value, issues: [] };
  const issues = invalidOptions(name, Settings, decoded.cause, at).map(
    (issue): Issue => ({ ...issue, code: "InvalidSetting" }),
  );
  const sound = Object.entries(written).filter((entry) =>
    Exit.isSuccess(decode(Object.fromEntries([entry]))),
  );
  return { value: Schema.decodeUnknownSync(Settings)(Object.fromEntries(sound)), issues };
}
