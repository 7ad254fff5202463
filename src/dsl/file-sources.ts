/** Files of a user's own as sources of examples: JSON, Parquet, folders in Hugging Face layout. Serves the definition layer. */
import * as Schema from "effect/Schema";
import { hubText, isHubName, parseHubName } from "../core/hub-name.ts";
import { option } from "./option.ts";

/** A path, or a name on the Hub. */
export const Place = Schema.NonEmptyString.check(
  Schema.makeFilter((text: string) => !isHubName(text) || parseHubName(text) !== undefined, {
    expected: "a path, or hf://org/name@revision/file",
  }),
);

const Field = (doc: string) =>
  option(Schema.NullOr(Schema.NonEmptyString), { doc, unit: "name of a field", default: null });

/** Which field of a row holds what; a name given here overrides the shape. */
const Fields = Schema.Struct({
  question: Field("Holds the question: a text or a list of messages; null: by the shape."),
  answer: Field("Holds the checkable answer: a text or a number; null: by the shape."),
  reference: Field(
    "Holds a worked solution, with or without <think> and <answer>, or a plain reference; null: none.",
  ),
  image: Field("Holds the image: a path, bytes, base64, or a list of one; null: by the shape."),
  family: Field("Names the kind of problem, by which accuracies are told apart; null: none."),
});

const Share = Schema.Finite.check(
  Schema.isBetween({ minimum: 0.001, maximum: 0.9 }, { expected: "a share from 0.001 to 0.9" }),
);

/** A share of the rows, or a file of their own. */
const Part = Schema.Union([Share, Place]);

const parts = {
  test: option(Part, {
    doc: "Test examples, read once: a share of the rows, or a file of their own.",
    unit: "share or path",
    default: 0.1,
  }),
  validation: option(Part, {
    doc: "Validation examples: a share of the rows, or a file of their own.",
    unit: "share or path",
    default: 0.1,
  }),
};

const rows = {
  shape: option(Schema.Literals(["auto", "trl", "easyr1", "swift", "llava"]), {
    doc: "Whose field names the rows have; auto looks at the first rows.",
    unit: "-",
    default: "auto",
  }),
  fields: option(Fields, { doc: "Field names that override the shape's.", unit: "-", default: {} }),
  ask: option(Schema.NullOr(Schema.NonEmptyString), {
    doc: "The question of rows that hold none, such as captions; null: each row holds its own.",
    unit: "-",
    default: null,
  }),
  references: option(Schema.Literals(["worked", "plain"]), {
    doc: "Whether references are thoughts before an answer block, or plain texts such as captions, all of which is the answer.",
    unit: "-",
    default: "worked",
  }),
  gaps: option(Schema.Literals(["refuse", "skip"]), {
    doc: "Whether a row without image or answer is a problem, or is left out and counted.",
    unit: "-",
    default: "refuse",
  }),
  instruction: option(Schema.String, {
    doc: "Text put below each question, for instance the form of the response; empty: none.",
    unit: "-",
    default: "",
  }),
  images: option(Schema.NullOr(Place), {
    doc: "Folder that image paths start from; null: the file's own folder.",
    unit: "path",
    default: null,
  }),
  outside: option(Schema.Boolean, {
    doc: "Whether image paths may lead out of that folder.",
    unit: "-",
    default: false,
  }),
  distinct: option(Schema.Literals(["image-or-question", "image"]), {
    doc: "What training, validation and test never share; image alone where few question texts recur.",
    unit: "-",
    default: "image-or-question",
  }),
  splitSeed: option(Schema.Int, {
    doc: "Seed of the split; apart from the run's, so that runs of other seeds compare.",
    unit: "-",
    default: 0,
  }),
  maxPixels: option(Schema.Int.check(Schema.isBetween({ minimum: 784, maximum: 2 ** 26 })), {
    doc: "Larger images are shrunk to this many pixels when they are read in.",
    unit: "pixels",
    default: 2 ** 20,
  }),
  maxErrors: option(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })), {
    doc: "Problems after which reading stops; all found so far are told.",
    unit: "problems",
    default: 20,
    operational: true,
  }),
};

const Places = Schema.Union([Place, Schema.NonEmptyArray(Place)]);

export const JsonlFile = Schema.Struct({
  jsonl: option(Places, {
    doc: "A file of one JSON object a line, or a .json document (a list of objects, or COCO's images with annotations): question, image, answer, and where there is one a worked reference; or a list of files that follow one another, of any kind.",
    unit: "path",
  }),
  ...parts,
  ...rows,
});

export const ParquetFiles = Schema.Struct({
  parquet: option(Places, {
    doc: "A Parquet file of rows like those of `jsonl`, images as bytes or paths; or a list of files that follow one another, of any kind.",
    unit: "path",
  }),
  ...parts,
  ...rows,
});

/** A share of the rows, or the name of a split. */
const Split = Schema.NullOr(Schema.Union([Share, Schema.NonEmptyString]));

export const DatasetFolder = Schema.Struct({
  folder: option(Place, {
    doc: "A data set in Hugging Face layout: data/train-*.parquet, train.jsonl, metadata.jsonl, or configs in README.md.",
    unit: "path",
  }),
  config: option(Schema.NullOr(Schema.NonEmptyString), {
    doc: "Which of the configurations that README.md lists; null: its default one.",
    unit: "-",
    default: null,
  }),
  split: option(Schema.NonEmptyString, {
    doc: "The split to learn from.",
    unit: "name of a split",
    default: "train",
  }),
  test: option(Split, {
    doc: "Test examples, read once: a split, or a share of `split`; null: the split test, else a tenth.",
    unit: "share or name of a split",
    default: null,
  }),
  validation: option(Split, {
    doc: "Validation examples: a split, or a share of `split`; null: the split validation, else a tenth.",
    unit: "share or name of a split",
    default: null,
  }),
  ...rows,
});

/** Rows of a user's own. */
export type FileSource =
  | typeof JsonlFile.Type
  | typeof ParquetFiles.Type
  | typeof DatasetFolder.Type;

/** The files or the folder of a source, as the definition names them. */
export function placesOf(source: FileSource): ReadonlyArray<string> {
  if ("folder" in source) return [source.folder];
  return ["jsonl" in source ? source.jsonl : source.parquet].flat();
}

/** A source's first place; what messages call the source. */
export const labelOf = (source: FileSource): string => placesOf(source)[0]!;

/** How a definition names a place of rows, by the ending of its name. */
export function sourceKind(place: string): "jsonl" | "parquet" | "folder" {
  if (/\.parquet$/i.test(place)) return "parquet";
  return /\.\w+$/.test(parseHubName(place)?.path ?? place) ? "jsonl" : "folder";
}

/** Everything outside that a source depends on, as data sets of the Hub are named in full. */
export function dependencies(source: FileSource): ReadonlyArray<string> {
  const { test, validation, images } = source;
  const held = "folder" in source ? [] : [test, validation];
  return [...placesOf(source), ...held, images]
    .filter((place) => typeof place === "string")
    .map(dataPlace);
}

/** A place of data: a name on the Hub without prefix means a data set. */
export function dataPlace(place: string): string {
  const name = parseHubName(place, "dataset");
  return name === undefined ? place : hubText(name);
}
