/** Reads a user's files into a folder of examples: rows checked, images decoded, parts settled by content. Serves the data stage. */
import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { sha256 } from "../core/digest.ts";
import type { Raster } from "../core/raster.ts";
import { DataInvalid, type DataProblem, MOST_PROBLEMS, placeOf } from "../data/data-invalid.ts";
import type { Split } from "../data/example.ts";
import { type Gatherer, gatherInto, type StoredImage } from "../data/gathered.ts";
import { type ImageFolder, imageBytes } from "../data/image-source.ts";
import { detect, type ReadLine, readRows } from "../data/jsonl.ts";
import type { Row } from "../data/row.ts";
import { type Content, settleParts } from "../data/split.ts";
import type { GatheredRef } from "../dsl/artifacts.ts";
import type { JsonlFile } from "../dsl/sources.ts";
import { type ImageUnreadable, readImage } from "../models/image-file.ts";
import { pillowResize } from "../models/pillow-resize.ts";
import { sameAnswer } from "../rewards/answer.ts";
import type { StageContext } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

/** One of the files of a source; `part` is where its rows go, undefined where content decides. */
interface SourceFile {
  readonly name: string;
  readonly part: Split | undefined;
}

/** What was found so far. */
interface Found {
  readonly contents: Array<Content & { readonly worked: boolean }>;
  readonly problems: Array<DataProblem>;
  readonly images: Map<string, StoredImage>;
}

const ROWS_AT_ONCE = 16;
const DECODED_AT_ONCE = 4;

/**
 * Reads all rows of a source into the folder `dir`.
 *
 * Fails: `DataInvalid` with every problem, at most 20; `Interrupted`.
 * Memory: the rows at hand with their images, and about 500 bytes for each row.
 */
export const gather = Effect.fnUntraced(function* (
  source: JsonlFile,
  dir: string,
  family: string,
  { progress, note }: Pick<StageContext<unknown, unknown>, "progress" | "note">,
) {
  const found: Found = { contents: [], problems: [], images: new Map() };
  const gatherer = yield* Effect.acquireRelease(
    attempt(() => {
      mkdirSync(dir, { recursive: true });
      return gatherInto(dir);
    }),
    ({ close }) => Effect.sync(close),
  );
  for (const file of filesOf(source)) {
    yield* readFile(file, source, family, gatherer, found, progress);
  }
  const invalid = (problems: ReadonlyArray<DataProblem>) =>
    new DataInvalid({ file: source.jsonl, problems: problems.slice(0, MOST_PROBLEMS) });
  if (found.problems.length > 0) return yield* invalid(found.problems);
  const parts = settleParts(found.contents, ruleOf(source));
  const count = (part: Split | null) => parts.filter((one) => one === part).length;
  const empty = (["train", "validation", "test"] as const).find((part) => count(part) === 0);
  if (empty !== undefined) return yield* invalid([emptyPart(empty, found.contents.length, source)]);
  const worked = found.contents.filter((row, at) => row.worked && parts[at] === "train").length;
  if (source.fields.reference !== null && worked === 0)
    return yield* invalid([noReference(source)]);
  yield* attempt(() => gatherer.finish(parts));
  const ref: GatheredRef = {
    ...{ dir, file: source.jsonl },
    ...{ train: count("train"), validation: count("validation"), test: count("test") },
    worked,
  };
  if (count(null) > 0) {
    yield* note(
      `${source.jsonl}: ${count(null)} rows left out, which share an image or a question with held-out ones`,
    );
  }
  return ref;
}, Effect.scoped);

function filesOf({ jsonl, test, validation }: JsonlFile): ReadonlyArray<SourceFile> {
  const own = (name: string | number, part: Split) =>
    typeof name === "string" ? [{ name, part }] : [];
  return [{ name: jsonl, part: undefined }, ...own(test, "test"), ...own(validation, "validation")];
}

function ruleOf({ validation, test, distinct, splitSeed }: JsonlFile) {
  const share = (part: number | string) => (typeof part === "string" ? 0 : part);
  return { validation: share(validation), test: share(test), distinct, seed: splitSeed };
}

const readFile = Effect.fnUntraced(function* (
  file: SourceFile,
  source: JsonlFile,
  family: string,
  gatherer: Gatherer,
  found: Found,
  progress: StageContext<unknown, unknown>["progress"],
) {
  const path = resolve(file.name);
  const folder = { dir: resolve(source.images ?? dirname(path)), outside: source.outside };
  const { layout } = yield* attempt(() => detect(path, file.name, source.shape, source.fields));
  const size = statSync(path).size;
  const lines = readRows(path, file.name, layout);
  for (;;) {
    const batch = yield* attempt(() => take(lines, ROWS_AT_ONCE));
    if (batch.length === 0 || found.problems.length >= MOST_PROBLEMS) return;
    const images = yield* Effect.forEach(
      batch,
      (line) => ("row" in line ? decode(line.row, folder, source.maxPixels, found) : noImage),
      { concurrency: DECODED_AT_ONCE },
    );
    yield* attempt(() => {
      batch.forEach((line, index) => {
        const named = { file, family, instruction: source.instruction, dir: folder.dir };
        keep(line, images[index]!, named, gatherer, found);
      });
    });
    yield* progress(Math.min(99, Math.floor((100 * batch.at(-1)!.end) / size)), 100);
  }
});

/** The next few lines; a generator's `for` would close it. */
function take<A>(items: Generator<A>, count: number): Array<A> {
  const taken: Array<A> = [];
  while (taken.length < count) {
    const next = items.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

type Decoded = StoredImage | { readonly raster: Raster } | { readonly problem: string };

const noImage = Effect.succeed<Decoded>({ problem: "" });

function decode(
  { image }: Row,
  folder: ImageFolder,
  maxPixels: number,
  { images }: Found,
): Effect.Effect<Decoded> {
  const known = "path" in image ? images.get(resolve(folder.dir, image.path)) : undefined;
  if (known !== undefined) return Effect.succeed(known);
  const read = imageBytes(image, folder);
  if ("problem" in read) return Effect.succeed(read);
  return Effect.tryPromise({
    try: () => readImage(read.bytes),
    catch: (error) => error as ImageUnreadable,
  }).pipe(
    Effect.map((raster): Decoded => ({ raster: shrink(raster, maxPixels) })),
    Effect.catch((error) =>
      Effect.succeed<Decoded>({ problem: `cannot be decoded: ${error.message}` }),
    ),
  );
}

/** The image with at most `maxPixels` pixels, its proportions kept. */
function shrink(raster: Raster, maxPixels: number): Raster {
  const { width, height } = raster;
  if (width * height <= maxPixels) return raster;
  const scale = Math.sqrt(maxPixels / (width * height));
  const side = (length: number) => Math.max(1, Math.floor(length * scale));
  return pillowResize(raster, side(width), side(height), "bicubic");
}

interface Named {
  readonly file: SourceFile;
  readonly family: string;
  readonly instruction: string;
  /** Where image paths start. */
  readonly dir: string;
}

function keep(
  line: ReadLine,
  decoded: Decoded,
  { file, family, instruction, dir }: Named,
  gatherer: Gatherer,
  { contents, problems, images }: Found,
): void {
  if (!("row" in line)) {
    problems.push(...line.problems);
    return;
  }
  const { row } = line;
  const refuse = (field: string, message: string) =>
    problems.push({ place: placeOf(file.name, line.line, field), message });
  if ("problem" in decoded) {
    refuse(row.imageField, decoded.problem);
    return;
  }
  if (row.stated !== undefined && !sameAnswer(row.stated, row.answer)) {
    refuse("answer", `is ${row.answer}, but the worked reference answers ${row.stated}`);
    return;
  }
  const image = "raster" in decoded ? gatherer.image(decoded.raster) : decoded;
  if ("path" in row.image) images.set(resolve(dir, row.image.path), image);
  const { question, answer, reference } = row;
  contents.push({
    ...{ image: image.name, question: sha256(question).slice(0, 16), part: file.part },
    worked: reference !== undefined,
  });
  gatherer.row({
    id: `${sha256(`${question}\n${answer}`).slice(0, 12)}#${image.name}`,
    family: row.family ?? family,
    question: instruction === "" ? question : `${question}\n${instruction}`,
    answer,
    ...(reference === undefined ? {} : { reference }),
    place: placeOf(file.name, line.line),
    image,
  });
}

function emptyPart(part: Split, rows: number, { jsonl, distinct }: JsonlFile): DataProblem {
  const why =
    distinct === "image-or-question"
      ? 'rows that share an image or a question stay together; distinct: "image" lets questions recur'
      : "rows that share an image stay together";
  return { place: jsonl, message: `nothing is left for ${part} of ${rows} rows: ${why}` };
}

function noReference({ jsonl, fields }: JsonlFile): DataProblem {
  const message = `no training row has thoughts in its field ${fields.reference}`;
  return { place: jsonl, message };
}

/** What examples of a file are called in reports when no field names their family. */
export const familyOf = (file: string): string => basename(file, extname(file));
