/** Columns of text that line up. CLI. */

/** Rows as lines: each column as wide as its widest cell, the columns named in `right` flush right. */
export function columns(
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = [],
  gap = "  ",
): ReadonlyArray<string> {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  const fit = (cell: string, at: number) =>
    right.includes(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!);
  return rows.map((row) => row.map(fit).join(gap).trimEnd());
}

/** Pieces joined into lines that stay within `width` columns, unless one piece alone does not. */
export function wrapped(
  pieces: ReadonlyArray<string>,
  separator: string,
  width = 76,
): ReadonlyArray<string> {
  const lines: Array<string> = [];
  for (const piece of pieces) {
    const joined = lines.length === 0 ? piece : `${lines.at(-1)}${separator}${piece}`;
    if (lines.length === 0 || joined.length > width) lines.push(piece);
    else lines[lines.length - 1] = joined;
  }
  return lines;
}
