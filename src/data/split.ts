/** Parts a set of rows by content: what looks or reads the same never stands in two parts. Data layer. */
import { createHash } from "node:crypto";
import type { Split } from "./example.ts";

/** What of a row decides where it may stand. */
export interface Content {
  /** Equal images have equal names. */
  readonly image: string;
  readonly question: string;
  /** Given by the file it came from; undefined where content decides. */
  readonly part?: Split | undefined;
}

export interface SplitRule {
  /** Shares of the rows without a given part that go to each held-out part; 0 for none. */
  readonly validation: number;
  readonly test: number;
  readonly distinct: "image-or-question" | "image";
  readonly seed: number;
}

/**
 * The part of each row: groups of rows that hang together go whole into test, then validation, until
 * each has its share or nothing fits any more; the rest is for training. Null for rows that share
 * content with held-out rows of another file.
 *
 * Independent of the order of rows, and nearly so of rows that are added later: groups are taken by
 * a hash of their content.
 */
export function settleParts(
  rows: ReadonlyArray<Content>,
  rule: SplitRule,
): ReadonlyArray<Split | null> {
  const names = rows.map((row) => contentNames(row, rule.distinct));
  const taken = new Set<string>();
  const free = (row: number) => !names[row]!.some((name) => taken.has(name));
  const parts: Array<Split | null> = rows.map(() => null);
  for (const part of ["test", "validation"] as const) {
    const own = rows.flatMap((row, index) => (row.part === part && free(index) ? [index] : []));
    for (const index of own) {
      parts[index] = part;
      for (const name of names[index]!) taken.add(name);
    }
  }
  const open = rows.flatMap((row, index) => (row.part === undefined && free(index) ? [index] : []));
  const split = splitOpen(
    open.map((index) => rows[index]!),
    rule,
  );
  open.forEach((index, at) => {
    parts[index] = split[at]!;
  });
  return parts;
}

function splitOpen(
  rows: ReadonlyArray<Content>,
  { validation, test, distinct, seed }: SplitRule,
): ReadonlyArray<Split> {
  const groups = groupsOf(rows, distinct).map((members) => ({
    members,
    rank: rank(rows, members, seed),
  }));
  groups.sort((one, other) => (one.rank < other.rank ? -1 : 1));
  const parts = new Array<Split>(rows.length).fill("train");
  const rowsOf = (share: number) =>
    share === 0 ? 0 : Math.max(1, Math.round(share * rows.length));
  const room = { test: rowsOf(test), validation: rowsOf(validation) };
  for (const { members } of groups) {
    const part = (["test", "validation"] as const).find((name) => members.length <= room[name]);
    if (part === undefined) continue;
    room[part] -= members.length;
    for (const row of members) parts[row] = part;
  }
  return parts;
}

/** What no two parts may both hold. */
function contentNames(
  { image, question }: Content,
  distinct: SplitRule["distinct"],
): ReadonlyArray<string> {
  const picture = `image ${image}`;
  return distinct === "image" ? [picture] : [picture, `question ${question}`];
}

/** Rows that share content, directly or through others (union-find). */
function groupsOf(rows: ReadonlyArray<Content>, distinct: SplitRule["distinct"]) {
  const parent = rows.map((_, row) => row);
  const root = (row: number): number => {
    let top = row;
    while (parent[top] !== top) {
      parent[top] = parent[parent[top]!]!;
      top = parent[top]!;
    }
    return top;
  };
  const first = new Map<string, number>();
  rows.forEach((content, row) => {
    for (const name of contentNames(content, distinct)) {
      const earlier = first.get(name);
      if (earlier === undefined) first.set(name, row);
      else parent[root(row)] = root(earlier);
    }
  });
  const groups = new Map<number, Array<number>>();
  rows.forEach((_, row) => {
    const top = root(row);
    const group = groups.get(top);
    if (group === undefined) groups.set(top, [row]);
    else group.push(row);
  });
  return [...groups.values()];
}

/** A hash of a group that does not depend on the order of its rows. */
function rank(rows: ReadonlyArray<Content>, members: ReadonlyArray<number>, seed: number): string {
  const [least] = members.map((row) => `${rows[row]!.image} ${rows[row]!.question}`).sort();
  return createHash("sha256").update(`${seed} ${least}`).digest("hex");
}
