/** Images that rows of a TSV share: a row without one of its own names the index of a row that has it. Evals layer. */
import type { Place } from "../core/lines.ts";
import { tsvRowAt, tsvRows } from "../data/tsv.ts";

/** Longer texts are images in base64. */
const LONGEST_INDEX = 64;

/** Whether a cell names a row instead of holding an image. */
export const namesRow = (image: unknown): image is string =>
  typeof image === "string" && image.length <= LONGEST_INDEX && /^\d+$/.test(image);

/**
 * Finds the image of the row with an index, in base64; undefined when that row has none of its own.
 *
 * The file is gone through when an image is first asked for. Fails: with the error of the file system.
 * Memory: about 100 bytes for each row with an image, and the image asked for last.
 */
export function sharedImages(path: string): (index: string) => string | undefined {
  let places: ReadonlyMap<string, Place> | undefined;
  let column = -1;
  let last: { readonly index: string; readonly image: string | undefined } | undefined;
  return (index) => {
    if (last?.index === index) return last.image;
    if (places === undefined) [places, column] = imagePlaces(path);
    const place = places.get(index);
    const image = place === undefined ? undefined : tsvRowAt(path, place)[column];
    last = { index, image };
    return image;
  };
}

function imagePlaces(path: string): [ReadonlyMap<string, Place>, number] {
  const places = new Map<string, Place>();
  let column = -1;
  for (const { offset, bytes, ...row } of tsvRows(path)) {
    if (!("value" in row)) continue;
    const { index, image } = row.value;
    if (index == null || image == null || namesRow(image)) continue;
    if (column < 0) column = Object.keys(row.value).indexOf("image");
    places.set(index, { offset, bytes });
  }
  return [places, column];
}
