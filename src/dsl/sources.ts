/** Where examples come from, and which facts about the data set each source provides. Serves the definition layer. */
import { resolve } from "node:path";
import * as Schema from "effect/Schema";
import { isHubName } from "../core/hub-name.ts";
import { anything, type FactRules, orAbsent } from "./facts.ts";
import { DatasetFolder, dependencies, JsonlFile, ParquetFiles } from "./file-sources.ts";
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

const files = [JsonlFile, ParquetFiles, DatasetFolder] as const;

/** What to learn. */
export const DomainSource = Schema.Union([ProblemWorld, ...files]);
/** What not to forget. */
export const GeneralSource = Schema.Union([ScenesWorld, ...files]);

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

/** Files and folders whose content a source depends on: absolute paths, and names on the Hub. */
export function filesOf(source: Source): ReadonlyArray<string> {
  if ("world" in source) return [];
  return dependencies(source).map((place) => (isHubName(place) ? place : resolve(place)));
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
      { domain: { parquet: anything, fields: { reference: orAbsent(null) } } },
      { domain: { folder: anything, fields: { reference: orAbsent(null) } } },
    ],
  },
  "dataset.answer": { unless: [{ domain: { worked: 0, answerOnly: 0 } }] },
} as const satisfies FactRules<{ readonly domain?: typeof DomainSource.Encoded }>;
