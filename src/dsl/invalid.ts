/** Turns a failed decoding of stage options into issues a user can act on. Serves the definition layer. */
import * as Cause from "effect/Cause";
import * as Option from "effect/Option";
import type * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { editDistance } from "../core/spelling.ts";
import type { Issue, Site } from "./issue.ts";
import { documentation, type OptionDoc } from "./option.ts";

const separator = "\u0000";
const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => `${issue._tag}${separator}${SchemaIssue.defaultLeafHook(issue)}`,
});

/** All problems in the options of the stage `name`, each with its path, the option's documentation as a hint, and the call site. */
export function invalidOptions(
  name: string,
  schema: Schema.Top,
  cause: Cause.Cause<Schema.SchemaError>,
  at: Site | undefined,
): ReadonlyArray<Issue> {
  const error = Option.getOrThrow(Cause.findErrorOption(cause));
  const options = documentation(schema);
  return format(error.issue).issues.map(({ message, path = [] }) => {
    const keys = path.map((key) => (typeof key === "object" ? key.key : key));
    const [tag, text] = message.includes(separator) ? message.split(separator) : ["", message];
    const issue = explain(tag, text!, keys, options);
    const hint = issue.hint === undefined ? {} : { hint: issue.hint };
    return {
      code: issue.code,
      path: [name, ...keys].join("."),
      message: issue.message,
      ...hint,
      ...(at && { at }),
    };
  });
}

interface Explanation {
  readonly code: Issue["code"];
  readonly message: string;
  readonly hint: string | undefined;
}

function explain(
  tag: string | undefined,
  text: string,
  keys: ReadonlyArray<PropertyKey>,
  options: ReadonlyArray<OptionDoc>,
): Explanation {
  const key = String(keys[0] ?? "");
  const known = options.find((option) => option.name === key);
  const meaning = known?.doc === undefined ? undefined : `${known.doc} [${known.unit ?? "-"}]`;
  if (tag === "UnexpectedKey" && keys.length === 1) {
    const close = nearest(
      key,
      options.map((option) => option.name),
    );
    const names = options.map((option) => option.name).join(", ");
    const hint = close === undefined ? `options: ${names || "none"}` : `did you mean ${close}?`;
    return { code: "UnknownOption", message: "unknown option", hint };
  }
  if (tag === "UnexpectedKey") {
    return { code: "UnknownOption", message: "unknown option", hint: meaning };
  }
  if (tag === "MissingKey") {
    return { code: "MissingOption", message: "missing option", hint: meaning };
  }
  return { code: "InvalidOption", message: text, hint: meaning };
}

/** The candidate within a third of its length in edits, if any. */
function nearest(word: string, candidates: ReadonlyArray<string>): string | undefined {
  const scored = candidates.map((candidate) => ({
    candidate,
    edits: editDistance(word, candidate),
  }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(1, best.candidate.length / 3) ? best.candidate : undefined;
}
