/** Turns a data set's description into examples. Serves all stages. */
import { digest } from "../core/digest.ts";
import { rememberingLast } from "../core/remember.ts";
import type { RandomStream } from "../core/seed.ts";
import { stream } from "../core/seed.ts";
import * as charts from "../data/charts.ts";
import type { Dataset, Example } from "../data/example.ts";
import { type Gathered, readGathered } from "../data/gathered.ts";
import * as geometry from "../data/geometry.ts";
import * as geometryHard from "../data/geometry-hard.ts";
import * as scenes from "../data/scenes.ts";
import type { DatasetRef, GatheredRef } from "../dsl/artifacts.ts";
import type { FurtherTest } from "../dsl/sources.ts";
import { type Reader, readability } from "./readable.ts";

/** Examples ready for use. */
export interface Examples {
  readonly domain: Dataset;
  /** The domain's training examples that carry a worked reference. */
  readonly worked: ReadonlyArray<Example>;
  readonly general: General;
}

/** The general suite: held-out examples, questions for any image, and an endless training stream. */
export interface General {
  readonly validation: ReadonlyArray<Example>;
  readonly test: ReadonlyArray<Example>;
  readonly question: (random: RandomStream) => string;
  readonly example: (seed: number, index: number) => Example;
}

/**
 * The same description always gives the same examples.
 *
 * @param reader the model that will read them: texts from files are held against its tokenizer
 * Fails: `TextUnreadable` with row, field and word.
 */
export function loadExamples({ domain, general, seed }: DatasetRef, reader?: Reader): Examples {
  return {
    ...("dir" in domain ? ownDomain(domain, reader) : worldDomain(domain, seed)),
    general: "dir" in general ? ownGeneral(general, reader) : scenesGeneral(general),
  };
}

type World<Source> = Exclude<Source, GatheredRef>;

/** Every stage of a run asks for the same pictures; drawing them takes longer than any other part of its start. */
const drawn = {
  validation: rememberingLast(String, scenes.validation),
  test: rememberingLast(String, scenes.test),
};

/** The worlds of problems, by the names that definitions use. */
const worlds: Readonly<Record<string, typeof geometry.dataset>> = {
  geometry: rememberingLast(digest, geometry.dataset),
  charts: rememberingLast(digest, charts.dataset),
};

function worldDomain({ world, ...sizes }: World<DatasetRef["domain"]>, seed: number) {
  const make = worlds[world];
  if (make === undefined) throw new RangeError(`there is no world "${world}"`);
  const examples = make({ seed, ...sizes });
  const worked = examples.train.filter(({ reference }) => reference !== undefined);
  return { domain: examples, worked };
}

/** The problems of a further test, the same for every run. */
export function furtherTest({ world, test }: FurtherTest): ReadonlyArray<Example> {
  if (world === "geometry-hard") return geometryHard.test(test);
  const make = world === "charts" ? charts.dataset : geometry.dataset;
  return make({ seed: 0, worked: 0, answerOnly: 0, validation: 0, test }).test;
}

function scenesGeneral({ validation, test }: World<DatasetRef["general"]>): General {
  return {
    validation: drawn.validation(validation),
    test: drawn.test(test),
    question: scenes.generalQuestion,
    example: scenes.example,
  };
}

function ownDomain(ref: GatheredRef, reader: Reader | undefined) {
  const { parts, worked } = readOwn(ref, reader);
  return { domain: parts, worked };
}

/** Questions and stream are those of the suite's training rows: held-out ones stay unseen. */
function ownGeneral(ref: GatheredRef, reader: Reader | undefined): General {
  const { train, validation, test } = readOwn(ref, reader).parts;
  return {
    validation,
    test,
    question: (random) => random.pick(train).question,
    example: (seed, index) => stream(seed, "general", index).pick(train),
  };
}

function readOwn({ dir }: GatheredRef, reader: Reader | undefined): Gathered {
  if (reader === undefined) return readGathered(dir);
  const { look, finish } = readability(reader);
  const gathered = readGathered(dir, look);
  finish();
  return gathered;
}
