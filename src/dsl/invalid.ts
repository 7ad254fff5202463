/** Turns a failed decoding of stage options into issues a user can act on. Serves the definition layer. */
import * as Cause from "effect/Cause";
import * as Option from "effect/Option";
import type * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import { editDistance } from "../core/spelling.ts";
import type { Issue, Site } from "./issue.ts";
import { documentation } from "./option.ts";

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
  return format(closest(error.issue)).issues.map(({ message, path = [] }) => {
    const keys = path.map((key) => String(typeof key === "object" ? key.key : key));
    const [tag, text] = message.includes(separator) ? message.split(separator) : ["", message];
    const explained = explain(tag, text!, keys, schema);
    return { ...explained, path: [name, ...keys].join("."), ...(at && { at }) };
  });
}

/** Of a choice between shapes, only the problems with the shape that fits best. */
function closest(issue: SchemaIssue.Issue): SchemaIssue.Issue {
  switch (issue._tag) {
    case "AnyOf": {
      const [first, ...others] = issue.issues.map(closest);
      if (first === undefined) return issue;
      return others.reduce((best, other) => (count(other) < count(best) ? other : best), first);
    }
    case "Composite":
      return changed(issue, { issues: issue.issues.map(closest) });
    case "Filter":
    case "Encoding":
    case "Pointer":
      return changed(issue, { issue: closest(issue.issue) });
    default:
      return issue;
  }
}

const count = (issue: SchemaIssue.Issue): number => format(issue).issues.length;

/** A copy with its class, which the formatter looks at. */
function changed<I extends SchemaIssue.Issue>(issue: I, change: object): I {
  return Object.assign(Object.create(Object.getPrototypeOf(issue)), issue, change);
}

function explain(
  tag: string | undefined,
  text: string,
  keys: ReadonlyArray<string>,
  schema: Schema.Top,
): Pick<Issue, "code" | "message" | "hint"> {
  if (tag === "UnexpectedKey") {
    const names = documentation(schema, keys.slice(0, -1)).map((option) => option.name);
    const close = nearest(keys.at(-1) ?? "", names);
    const hint =
      close === undefined ? `options: ${names.join(", ") || "none"}` : `did you mean ${close}?`;
    return { code: "UnknownOption", message: "unknown option", hint };
  }
  const code = tag === "MissingKey" ? "MissingOption" : "InvalidOption";
  const message = tag === "MissingKey" ? "missing option" : text;
  const meaning = meaningOf(schema, keys);
  return { code, message, ...(meaning !== undefined && { hint: meaning }) };
}

/** What the innermost documented option on the way means, for instance that of the list an item is in. */
function meaningOf(schema: Schema.Top, keys: ReadonlyArray<string>): string | undefined {
  for (let depth = keys.length; depth > 0; depth--) {
    const options = documentation(schema, keys.slice(0, depth - 1));
    const known = options.find(({ name }) => name === keys[depth - 1]);
    if (known?.doc !== undefined) return `${known.doc} [${known.unit ?? "-"}]`;
  }
  return undefined;
}

/** The candidate within a third of its length in edits, or abbreviated by its initials (`lr`), if any. */
function nearest(word: string, candidates: ReadonlyArray<string>): string | undefined {
  const scored = candidates.map((candidate) => ({
    candidate,
    edits: word.toLowerCase() === initials(candidate) ? 0 : editDistance(word, candidate),
  }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  return best && best.edits <= Math.max(1, best.candidate.length / 3) ? best.candidate : undefined;
}

const initials = (name: string) => name.replace(/(.)[a-z0-9]*/g, "$1").toLowerCase();
