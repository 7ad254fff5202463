/** One visual question with its checkable answer, the currency of readers, worlds, rewards and stages. Data layer. */
import { createHash } from "node:crypto";
import type { Raster } from "../core/raster.ts";

/** An image, a question about it and the expected answer; `reference` is the whole worked response where one exists. */
export interface Example {
  /** Stable name of the content: equal ids mean equal question, answer and pixels. */
  readonly id: string;
  /** The task or problem family, the unit of per-family accuracy. */
  readonly family: string;
  readonly image: Raster;
  readonly question: string;
  /** What stands in the answer block, or is said as a whole; words separated by single spaces. */
  readonly answer: string;
  /** Worked response, or a plain one that is the answer itself, for instance `<think> radius ; 4 * 2 = 8 </think> <answer> 8 </answer>`. */
  readonly reference?: string | undefined;
}

/** The part of a world an example belongs to; content never crosses from one into another. */
export type Split = "train" | "validation" | "test";

/** The three parts of a data set; hyper-parameters are chosen on `validation`, `test` is read once. */
export type Dataset = { readonly [S in Split]: ReadonlyArray<Example> };

/** The id of an example: its readable content followed by twelve hexadecimal digits of the pixels' SHA-256. */
export function exampleId(content: string, image: Raster): string {
  const digest = createHash("sha256").update(image.data).digest("hex");
  return `${content}#${digest.slice(0, 12)}`;
}

/** The text of a worked response: `<think> … </think>` when there are thoughts, then the answer block. */
export function response(answer: string, thoughts: ReadonlyArray<string> = []): string {
  const block = `<answer> ${answer} </answer>`;
  return thoughts.length === 0 ? block : `<think> ${thoughts.join(" ; ")} </think> ${block}`;
}

/**
 * The first `count` examples with different ids among those `make` gives for 0, 1, 2, …
 *
 * `make` is told the index of the draw and how many examples have been found.
 * Fails: with a RangeError when new content has become rare, instead of searching for ever.
 */
export function firstDistinct(
  count: number,
  make: (index: number, found: number) => Example,
): ReadonlyArray<Example> {
  const found = new Map<string, Example>();
  for (let index = 0; found.size < count; index++) {
    if (index > 20 * count + 1000)
      throw new RangeError(`found only ${found.size} of ${count} different examples`);
    const one = make(index, found.size);
    found.set(one.id, one);
  }
  return [...found.values()];
}
