/** Tells the lines of several pipelines in one process apart. CLI. */

/** One label for each pipeline, all of one width; none where there is only one pipeline. */
export function labelsOf(names: ReadonlyArray<string>): ReadonlyArray<string | undefined> {
  if (names.length === 1) return [undefined];
  const unique = names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length;
    return before === 0 ? name : `${name}-${before + 1}`;
  });
  const width = Math.max(...unique.map(({ length }) => length));
  return unique.map((name) => name.padEnd(width));
}

/** The same way to say something, with the label before each line. */
export function labelled(
  label: string | undefined,
  say: (text: string) => void,
): (text: string) => void {
  if (label === undefined) return say;
  return (text) => say(text.replace(/^(?=.)/gm, `${label} | `));
}
