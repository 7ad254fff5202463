/** Reads a user's files into a folder of examples: rows checked, images decoded, parts settled by content. Serves the data stage. */
import { mkdirSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import * as Effect from "effect/Effect";
import { sha256 } from "../core/digest.ts";
import { DataInvalid, type DataProblem, placeOf } from "../data/data-invalid.ts";
import type { Split } from "../data/example.ts";
import { type Gatherer, gatherInto } from "../data/gathered.ts";
import type { ImageFolder } from "../data/image-source.ts";
import { detect, type ReadLine, readRows } from "../data/rows.ts";
import { type Content, settleParts } from "../data/split.ts";
import type { GatheredRef } from "../dsl/artifacts.ts";
import { type FileSource, labelOf } from "../dsl/file-sources.ts";
import { sameAnswer } from "../rewards/answer.ts";
import type { StageError } from "../runtime/errors.ts";
import type { StageContext } from "../runtime/handler.ts";
import { type Decoded, type Decoder, openDecoder } from "./decode.ts";
import { attempt, attemptAsync } from "./failure.ts";
import { dataPath, rowFiles, type SourceFile } from "./row-files.ts";

/** What was found so far. */
interface Found {
  readonly contents: Array<Content & { readonly id: string; readonly worked: boolean }>;
  readonly problems: Array<DataProblem>;
  /** Rows without image or answer that may be left out. */
  gaps: number;
}

/** What reading a file needs besides the file. */
interface Work {
  readonly source: FileSource;
  readonly family: string;
  readonly gatherer: Gatherer;
  readonly decoder: Decoder;
  readonly found: Found;
  readonly progress: (share: number) => Effect.Effect<void, StageError>;
}

const ROWS_AT_ONCE = 16;
const DECODED_AT_ONCE = 4;

/**
 * Reads all rows of a source into the folder `dir`.
 *
 * Fails: `DataInvalid` with every problem, at most `maxErrors`; `Interrupted`.
 * Memory: the rows at hand with their images, and about 500 bytes for each row.
 */
export const gather = Effect.fnUntraced(function* (
  source: FileSource,
  dir: string,
  family: string,
  { progress, note }: Pick<StageContext<unknown, unknown>, "progress" | "note">,
) {
  const found: Found = { contents: [], problems: [], gaps: 0 };
  const { files, ...shares } = yield* attempt(() => rowFiles(source));
  const gatherer = yield* Effect.acquireRelease(
    attempt(() => {
      mkdirSync(dir, { recursive: true });
      return gatherInto(dir);
    }),
    ({ close }) => Effect.sync(close),
  );
  const decoder = yield* Effect.acquireRelease(
    Effect.sync(() => openDecoder(source.maxPixels)),
    ({ close }) => Effect.sync(close),
  );
  for (const [index, file] of files.entries()) {
    const part = (share: number) =>
      progress(Math.min(99, Math.floor((100 * (index + share)) / files.length)), 100);
    yield* readFile(file, { source, family, gatherer, decoder, found, progress: part });
  }
  const invalid = (problems: ReadonlyArray<DataProblem>) =>
    new DataInvalid({
      file: labelOf(source),
      problems: problems.slice(0, source.maxErrors),
      stopped: problems.length >= source.maxErrors,
    });
  if (found.problems.length > 0) return yield* invalid(found.problems);
  const settled = settleParts(found.contents, {
    ...{ ...shares, distinct: source.distinct, seed: source.splitSeed },
  });
  const parts = withoutDoubles(found.contents, settled);
  const count = (part: Split | null) => parts.filter((one) => one === part).length;
  const empty = (["train", "validation", "test"] as const).find((part) => count(part) === 0);
  if (empty !== undefined) return yield* invalid([emptyPart(empty, found.contents.length, source)]);
  const worked = found.contents.filter((row, at) => row.worked && parts[at] === "train").length;
  if (source.fields.reference !== null && worked === 0)
    return yield* invalid([noReference(source)]);
  yield* attempt(() => gatherer.finish(parts));
  const ref: GatheredRef = {
    ...{ dir, file: labelOf(source) },
    ...{ train: count("train"), validation: count("validation"), test: count("test") },
    worked,
  };
  const doubles = count(null) - settled.filter((part) => part === null).length;
  const left = [
    [count(null) - doubles, "which share an image or a question with held-out ones"],
    [doubles, "which come again with a worked reference"],
    [found.gaps, "which lack an image or an answer"],
  ] as const;
  for (const [rows, why] of left) {
    if (rows > 0) yield* note(`${labelOf(source)}: ${rows} rows left out, ${why}`);
  }
  return ref;
}, Effect.scoped);

const readFile = Effect.fnUntraced(function* (file: SourceFile, work: Work) {
  const { source, decoder, found } = work;
  const { path } = file;
  const dir = source.images === null ? dirname(path) : dataPath(source.images);
  const folder = { dir, outside: source.outside };
  const { layout } = yield* attemptAsync(() => detect(file, source.shape, source.fields, source));
  const lines = yield* Effect.acquireRelease(
    Effect.sync(() => readRows(file, layout)),
    (open) => Effect.promise(() => open.return(undefined)),
  );
  for (;;) {
    const batch = yield* attemptAsync(() => take(lines, ROWS_AT_ONCE));
    if (batch.length === 0 || found.problems.length >= source.maxErrors) return;
    const images = yield* Effect.forEach(
      batch,
      (line) => ("row" in line ? decoder.decode(line.row.image, folder) : noImage),
      { concurrency: DECODED_AT_ONCE },
    );
    yield* attempt(() => {
      batch.forEach((line, index) => {
        keep(line, images[index]!, file, folder, work);
      });
    });
    yield* work.progress(batch.at(-1)!.share);
  }
}, Effect.scoped);

/** The next few lines; a generator's `for` would close it. */
async function take<A>(items: AsyncGenerator<A>, count: number): Promise<Array<A>> {
  const taken: Array<A> = [];
  while (taken.length < count) {
    const next = await items.next();
    if (next.done) break;
    taken.push(next.value);
  }
  return taken;
}

const noImage = Effect.succeed<Decoded>({ problem: "" });

function keep(
  line: ReadLine,
  decoded: Decoded,
  file: SourceFile,
  folder: ImageFolder,
  { source, family, gatherer, decoder, found }: Work,
): void {
  const { contents, problems } = found;
  if (!("row" in line)) {
    if (source.gaps === "skip" && line.gap) found.gaps++;
    else problems.push(...line.problems);
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
  const image = "packed" in decoded ? gatherer.image(decoded) : decoded;
  decoder.kept(row.image, folder, image);
  const { question, answer, reference } = row;
  const { instruction } = source;
  const id = `${sha256(`${question}\n${answer}`).slice(0, 12)}#${image.name}`;
  contents.push({
    id,
    ...{ image: image.name, question: sha256(question).slice(0, 16), part: file.part },
    worked: reference !== undefined,
  });
  gatherer.row({
    id,
    family: row.family ?? family,
    question: instruction === "" ? question : `${question}\n${instruction}`,
    answer,
    ...(reference === undefined ? {} : { reference }),
    place: placeOf(file.name, line.line),
    image,
  });
}

/** Takes training rows without reference out where the same problem is there with one, from another file for instance. */
function withoutDoubles(
  rows: Found["contents"],
  parts: ReadonlyArray<Split | null>,
): ReadonlyArray<Split | null> {
  const worked = new Set(
    rows.flatMap((row, at) => (row.worked && parts[at] === "train" ? [row.id] : [])),
  );
  return parts.map((part, at) => {
    const { id, worked: own } = rows[at]!;
    return part === "train" && !own && worked.has(id) ? null : part;
  });
}

function emptyPart(part: Split, rows: number, source: FileSource): DataProblem {
  const why =
    source.distinct === "image-or-question"
      ? 'rows that share an image or a question stay together; distinct: "image" lets questions recur'
      : "rows that share an image stay together";
  return { place: labelOf(source), message: `nothing is left for ${part} of ${rows} rows: ${why}` };
}

function noReference(source: FileSource): DataProblem {
  const message = `no training row has thoughts in its field ${source.fields.reference}`;
  return { place: labelOf(source), message };
}

/** What examples of a file are called in reports when no field names their family. */
export const familyOf = (file: string): string =>
  basename(file, extname(file)).replace(/-\d{5}-of-\d{5}$/, "");
