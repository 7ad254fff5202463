/** Rows of one whole JSON document: a list of objects, or annotations with their images as COCO has them. Data layer. */
import { readFileSync, statSync } from "node:fs";
import { parseBounded } from "../core/bounded-json.ts";
import { brief } from "./turns.ts";

/** A row, counted from 1, or what is wrong with it. */
export type DocumentRow = { readonly number: number; readonly share: number } & (
  | { readonly value: unknown }
  | { readonly problem: string; readonly field: string }
);

/** A document is read as a whole; larger ones would fill the memory. */
const MAX_BYTES = 2 ** 28;

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Every row of a document. Of COCO's layout (`images`, `annotations`) each annotation is one, with
 * the fields of the image that its `image_id` names, `file_name` among them.
 *
 * Fails: throws a RangeError when the file is no such document; the error of the file system.
 * Memory: the whole document, at most 256 MiB of text.
 * Source: the data format of the COCO captions task (cocodataset.org).
 */
export function* documentRows(path: string): Generator<DocumentRow> {
  const document = readDocument(path);
  const rows = Array.isArray(document) ? document : annotationsOf(document);
  const images = Array.isArray(document) ? undefined : imagesById((document as Fields).images);
  for (const [index, value] of rows.entries()) {
    const at = { number: index + 1, share: (index + 1) / rows.length };
    if (images === undefined || !isObject(value)) {
      yield { ...at, value };
      continue;
    }
    const image = images.get(value.image_id);
    if (image !== undefined) yield { ...at, value: { ...image, ...value } };
    else {
      const problem = `names no image of the file: ${brief(value.image_id)}`;
      yield { ...at, problem, field: "image_id" };
    }
  }
}

function readDocument(path: string): unknown {
  if (statSync(path).size > MAX_BYTES) {
    const most = `${MAX_BYTES / 2 ** 20} MiB`;
    throw new RangeError(`is larger than ${most}; write it as .jsonl, one object a line`);
  }
  const bytes = readFileSync(path);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError("is not in UTF-8");
  }
  const parsed = parseBounded(text);
  if (!("value" in parsed)) throw new RangeError(parsed.problem);
  return parsed.value;
}

function annotationsOf(document: unknown): ReadonlyArray<unknown> {
  if (isObject(document) && Array.isArray(document.images)) {
    if (Array.isArray(document.annotations)) return document.annotations;
  }
  const found = isObject(document)
    ? `an object with the fields ${brief(Object.keys(document))}`
    : brief(document);
  throw new RangeError(
    `holds neither a list of rows nor COCO's lists images and annotations, but ${found}`,
  );
}

function imagesById(images: unknown): ReadonlyMap<unknown, Fields> {
  const objects = (images as ReadonlyArray<unknown>).filter(isObject);
  return new Map(objects.map((image) => [image.id, image]));
}
