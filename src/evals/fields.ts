/** Fields of a suite's row, read with every problem noted. Evals layer. */
import { type ImageSource, imageSources } from "../data/image-source.ts";
import type { RowProblem } from "../data/row.ts";
import { brief, isProblem } from "../data/turns.ts";

/** Reads a row; what cannot be had is noted, and a stand-in is given so that reading goes on. */
export interface Fields {
  /** The first of these fields that holds something; "" with a note when none does. */
  readonly text: (...names: ReadonlyArray<string>) => string;
  /** Undefined when the field is absent or null. */
  readonly optional: (name: string) => string | undefined;
  /** The value as it is; undefined for null too. */
  readonly value: (name: string) => unknown;
  /** The one image of the first of these fields that holds something, and that field. */
  readonly image: (...names: ReadonlyArray<string>) => {
    readonly image: ImageSource;
    readonly imageField: string;
  };
  readonly note: (field: string, message: string) => void;
}

const MAX_TEXT = 2 ** 16;

/** What `read` makes of a parsed row, or every problem it noted. */
export function readFields<A>(
  value: unknown,
  read: (fields: Fields) => A,
): { readonly found: A } | { readonly problems: ReadonlyArray<RowProblem> } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problems: [{ field: "", message: `is no object but ${brief(value)}` }] };
  }
  const row = value as Readonly<Record<string, unknown>>;
  const problems: Array<RowProblem> = [];
  const note: Fields["note"] = (field, message) => void problems.push({ field, message });
  const own = (name: string) => (Object.hasOwn(row, name) ? (row[name] ?? undefined) : undefined);
  const optional = (name: string) => {
    const held = own(name);
    if (held === undefined) return undefined;
    const isText = typeof held === "string" || typeof held === "number";
    const text = isText ? `${held}`.trim() : "";
    if (!isText) note(name, `is neither a text nor a number but ${brief(held)}`);
    else if (text.length > MAX_TEXT) note(name, `is longer than ${MAX_TEXT} characters`);
    return text;
  };
  const found = read({
    optional,
    note,
    value: own,
    text: (...names) => {
      const name = names.find((one) => own(one) !== undefined) ?? names[0]!;
      const text = optional(name);
      if (text === undefined) note(names.join(" or "), "is missing");
      else if (text === "" && typeof own(name) === "string") note(name, "is empty");
      return text ?? "";
    },
    image: (...names) => {
      const imageField = names.find((one) => own(one) !== undefined) ?? names[0]!;
      const none = { image: { path: "" }, imageField };
      const held = own(imageField);
      if (held === undefined) note(names.join(" or "), "is missing");
      if (held === undefined) return none;
      const sources = imageSources(held);
      if (isProblem(sources)) note(imageField, sources.problem);
      else if (sources.length !== 1) note(imageField, `holds ${sources.length} images, not one`);
      else return { image: sources[0]!, imageField };
      return none;
    },
  });
  return problems.length > 0 ? { problems } : { found };
}

/** Those of the fields that the row has, as groups. */
export const groupsOf = (
  { optional }: Fields,
  ...names: ReadonlyArray<string>
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = optional(name);
      return value === undefined || value === "" ? [] : [[name, value] as const];
    }),
  );
