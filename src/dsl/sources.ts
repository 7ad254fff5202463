/** Where examples come from, and which facts about the data set each source provides. Serves the definition layer. */
import { resolve } from "node:path";
import * as Schema from "effect/Schema";
import { anything, type FactRules, orAbsent } from "./facts.ts";
import { option } from "./option.ts";
import { Amount, Count } from "./training.ts";

const ProblemWorld = Schema.Struct({
  world: option(Schema.Literals(["geometry", "charts"]), {
    doc: "The synthetic world that problems are made from: diagrams of figures, or bar charts.",
    unit: "-",
  }),
  worked: option(Amount, {
    doc: "Training problems with a worked reference.",
    unit: "examples",
    default: 200,
  }),
  answerOnly: option(Amount, {
    doc: "Training problems that carry only their answer.",
    unit: "examples",
    default: 1800,
  }),
  validation: option(Count, { doc: "Validation problems.", unit: "examples", default: 175 }),
  test: option(Count, { doc: "Test problems, read once.", unit: "examples", default: 350 }),
});

const ScenesWorld = Schema.Struct({
  world: option(Schema.Literals(["scenes"]), {
    doc: "The synthetic world that general questions are about.",
    unit: "-",
  }),
  validation: option(Count, { doc: "Validation examples.", unit: "examples", default: 176 }),
  test: option(Count, { doc: "Test examples, read once.", unit: "examples", default: 400 }),
});

const Field = (doc: string) =>
  option(Schema.NullOr(Schema.NonEmptyString), { doc, unit: "name of a field", default: null });

/** Which field of a row holds what; a name given here overrides the shape. */
const Fields = Schema.Struct({
  question: Field("Holds the question: a text or a list of messages; null: by the shape."),
  answer: Field("Holds the checkable answer: a text or a number; null: by the shape."),
  reference: Field("Holds a worked solution, with or without <think> and <answer>; null: none."),
  image: Field("Holds the image: a path, bytes, base64, or a list of one; null: by the shape."),
  family: Field("Names the kind of problem, by which accuracies are told apart; null: none."),
});
export type Fields = typeof Fields.Type;

/** A share of the file's rows, or a file of their own. */
const Part = Schema.Union([
  Schema.Finite.check(
    Schema.isBetween({ minimum: 0.001, maximum: 0.9 }, { expected: "a share from 0.001 to 0.9" }),
  ),
  Schema.NonEmptyString,
]);

const JsonlFile = Schema.Struct({
  jsonl: option(Schema.NonEmptyString, {
    doc: "A file of one JSON object a line: question, image, answer, and where there is one a worked reference.",
    unit: "path",
  }),
  test: option(Part, {
    doc: "Test examples, read once: a share of the file, or a file of their own.",
    unit: "share or path",
    default: 0.1,
  }),
  validation: option(Part, {
    doc: "Validation examples: a share of the file, or a file of their own.",
    unit: "share or path",
    default: 0.1,
  }),
  shape: option(Schema.Literals(["auto", "trl", "easyr1", "swift", "llava"]), {
    doc: "Whose field names the rows have; auto looks at the first rows.",
    unit: "-",
    default: "auto",
  }),
  fields: option(Fields, { doc: "Field names that override the shape's.", unit: "-", default: {} }),
  instruction: option(Schema.String, {
    doc: "Text put below each question, for instance the form of the response; empty: none.",
    unit: "-",
    default: "",
  }),
  images: option(Schema.NullOr(Schema.NonEmptyString), {
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
});
export type JsonlFile = typeof JsonlFile.Type;

/** What to learn. */
export const DomainSource = Schema.Union([ProblemWorld, JsonlFile]);
/** What not to forget. */
export const GeneralSource = Schema.Union([ScenesWorld, JsonlFile]);

/** A world that is measured besides; nothing is learnt from it. */
export const FurtherTest = Schema.Struct({
  world: option(Schema.Literals(["geometry-hard", "geometry", "charts"]), {
    doc: "The synthetic world of the problems; geometry-hard goes beyond what geometry ever shows.",
    unit: "-",
  }),
  test: option(Count, { doc: "Its test problems, read once.", unit: "examples", default: 360 }),
});
export type FurtherTest = typeof FurtherTest.Type;

type Source = typeof DomainSource.Type | typeof GeneralSource.Type;

/** Files and folders whose content a source depends on. */
export function filesOf(source: Source): ReadonlyArray<string> {
  if (!("jsonl" in source)) return [];
  const { jsonl, test, validation, images } = source;
  return [jsonl, test, validation, images]
    .filter((path) => typeof path === "string")
    .map((path) => resolve(path));
}

/**
 * What the options of `data` say about its data set: each fact holds unless they match a pattern.
 * A further source that may lack references or answers adds a pattern of its own; the compiler and
 * the check at definition time read the same rules.
 */
export const sourceFacts = {
  "dataset.reference": {
    unless: [
      { domain: { worked: 0 } },
      { domain: { jsonl: anything, fields: { reference: orAbsent(null) } } },
    ],
  },
  "dataset.answer": { unless: [{ domain: { worked: 0, answerOnly: 0 } }] },
} as const satisfies FactRules<{ readonly domain?: typeof DomainSource.Encoded }>;
