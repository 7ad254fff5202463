/** Cutting a batch of groups into parts that are computed one after the other. Core layer. */

/** A part of a batch of groups: neighbouring prompts, and the same number of responses to each. */
export interface Slice {
  readonly firstPrompt: number;
  readonly prompts: number;
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * Parts of at most `rows` responses each, in order: whole groups while one fits, else parts of one.
 *
 * @param group responses to each prompt
 */
export function slices(prompts: number, group: number, rows: number): ReadonlyArray<Slice> {
  if (prompts * group <= rows)
    return [{ firstPrompt: 0, prompts, firstRow: 0, rows: prompts * group }];
  const [together, samples] = rows >= group ? [Math.floor(rows / group), group] : [1, rows];
  const parts: Array<Slice> = [];
  for (let firstPrompt = 0; firstPrompt < prompts; firstPrompt += together) {
    const count = Math.min(together, prompts - firstPrompt);
    for (let sample = 0; sample < group; sample += samples) {
      const size = Math.min(samples, group - sample);
      parts.push({
        firstPrompt,
        prompts: count,
        firstRow: firstPrompt * group + sample,
        rows: count * size,
      });
    }
  }
  return parts;
}
