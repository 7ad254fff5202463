/** Paths inside artifact values: absolute for stages, relative to the store on the disk. Serves the runtime layer. */
import { isAbsolute, join, relative, sep } from "node:path";

/** The folders that stored paths are relative to. */
export interface Roots {
  /** The stage's own files. */
  readonly out: string;
  /** All stages of the store, for artifacts handed on from an earlier stage. */
  readonly stages: string;
}

const names = ["out", "stages"] as const;

/** The value with every path below a root replaced by a reference such as `@out/model`. */
export function storePaths(value: unknown, roots: Roots): unknown {
  return mapStrings(value, (text) => {
    if (!isAbsolute(text)) return text;
    for (const name of names) {
      const rest = relative(roots[name], text);
      if (rest === "") return `@${name}`;
      if (rest !== ".." && !rest.startsWith(`..${sep}`)) return `@${name}/${rest}`;
    }
    return text;
  });
}

/** The value with every reference replaced by an absolute path: the inverse of `storePaths`. */
export function resolvePaths(value: unknown, roots: Roots): unknown {
  return mapStrings(value, (text) => {
    for (const name of names) {
      if (text === `@${name}`) return roots[name];
      if (text.startsWith(`@${name}/`)) return join(roots[name], text.slice(name.length + 2));
    }
    return text;
  });
}

/** Every absolute path in the value: files and folders that it refers to. */
export function absolutePaths(value: unknown): ReadonlyArray<string> {
  const found: Array<string> = [];
  mapStrings(value, (text) => {
    if (isAbsolute(text)) found.push(text);
    return text;
  });
  return found;
}

/** The value with `change` applied to every string in it. */
export function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, mapStrings(field, change)]),
  );
}
