/** The files of VQA v2 as its authors give them: questions, annotations, a folder of images. Evals layer. */
import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../core/lines.ts";
import { jsonElementAt, jsonList } from "../data/json-list.ts";
import type { RowRecord } from "../data/records.ts";

/** Three places. */
export interface VqaPair {
  /** JSON with a list `questions` of `{ question_id, image_id, question }`. */
  readonly questions: string;
  /** JSON with a list `annotations` of `{ question_id, answers, answer_type }`. */
  readonly annotations: string;
  /** Images whose names end in their `image_id`: `COCO_val2014_000000000042.jpg`. */
  readonly images: string;
}

/**
 * Each question with its annotation, as a row of the Hub's form; `line` is its number in the list.
 *
 * Fails: with the error of the file system.
 * Memory: about 100 bytes for each annotation and each image.
 */
export function* vqaPairRows({ questions, annotations, images }: VqaPair): Generator<RowRecord> {
  const places = placesOf(annotations);
  const names = namesOf(images);
  const file = openSync(annotations, "r");
  try {
    for (const { number, ...element } of jsonList(questions, "questions")) {
      const at = { line: number, share: 0 };
      if ("problem" in element) yield { ...at, problem: element.problem };
      else yield { ...at, ...joined(element.value, file, places, names, images) };
    }
  } finally {
    closeSync(file);
  }
}

type Ids<A> = ReadonlyMap<unknown, A>;

function joined(value: unknown, file: number, places: Ids<Place>, names: Ids<string>, dir: string) {
  const { question_id, image_id, question } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const place = places.get(question_id);
  const name = names.get(image_id);
  if (place === undefined) return { problem: "has no annotation", field: "question_id" };
  if (name === undefined) return { problem: `has no image in ${dir}`, field: "image_id" };
  const annotation = jsonElementAt(file, place) as Readonly<Record<string, unknown>>;
  const { answers, answer_type } = annotation;
  return { value: { question_id, question, answers, answer_type, image: join(dir, name) } };
}

function placesOf(path: string): Ids<Place> {
  const places = new Map<unknown, Place>();
  for (const element of jsonList(path, "annotations")) {
    if ("problem" in element) continue;
    const { question_id } = (element.value ?? {}) as { readonly question_id?: unknown };
    const { offset, bytes } = element;
    if (question_id !== undefined) places.set(question_id, { offset, bytes });
  }
  return places;
}

function namesOf(dir: string): Ids<string> {
  return new Map(
    readdirSync(dir).flatMap((name) => {
      const [, id] = /(\d+)\.(?:jpe?g|png|webp)$/i.exec(name) ?? [];
      return id === undefined ? [] : [[Number(id), name] as const];
    }),
  );
}
