/** What worlds of worked problems share: combinations split by content, a balanced stream, data sets. Data layer. */
import { type RandomStream, stream } from "../core/seed.ts";
import { type Dataset, type Example, firstDistinct, type Split } from "./example.ts";

/** The numbers a problem is about. */
export type Numbers = ReadonlyArray<number>;

/** One kind of problem, as far as its share and its split go. */
export interface Family {
  /** Share in every split, out of the sum of all weights. */
  readonly weight: number;
  readonly combos: ReadonlyArray<Numbers>;
}

/** How many problems to make; `worked` of the training problems carry a reference. */
interface DatasetSize {
  readonly worked: number;
  readonly answerOnly: number;
  readonly validation: number;
  readonly test: number;
}

/** The usual situation in practice: few worked references, many checkable answers. */
const defaultSize: DatasetSize = {
  worked: 200,
  answerOnly: 1800,
  validation: 175,
  test: 350,
};

/** A world of problems: what its families may show in each split, and the examples made of it. */
export interface Problems<Name extends string> {
  /** The number combinations of every family and split: about 70, 10 and 20 percent, the same for all seeds. */
  readonly combos: Readonly<Record<Name, Parts>>;
  /**
   * Example `index` of the endless stream of a split, with its reference.
   *
   * Each run of as many examples as the weights sum up to holds every family by its weight, and each
   * family goes through all of its combinations before one comes back, both in random order.
   */
  readonly example: (seed: number, index: number, split?: Split) => Example;
  /**
   * Training problems drawn from a seed, the worked ones first, with validation and test problems that
   * are the same for every seed; held-out problems keep their references, for measuring only.
   * Fails: with a RangeError when a split has too few different pictures.
   */
  readonly dataset: (options: { readonly seed: number } & Partial<DatasetSize>) => Dataset;
}

/** The same problem without its worked solution. */
function withoutReference({ reference: _, ...rest }: Example): Example {
  return rest;
}

/** A family's combinations in each split. */
type Parts = { readonly [S in Split]: ReadonlyArray<Numbers> };

/** The usual parts; one that is held out never occurs in training under its family. */
function splitCombos(world: string, name: string, combos: ReadonlyArray<Numbers>): Parts {
  const shuffled = stream(0, world, "split", name).shuffle(combos);
  const tests = Math.max(2, Math.round(0.2 * shuffled.length));
  const validations = Math.max(1, Math.round(0.1 * shuffled.length));
  return {
    train: shuffled.slice(tests + validations),
    validation: shuffled.slice(tests, tests + validations),
    test: shuffled.slice(0, tests),
  };
}

/**
 * The world of these families.
 *
 * @param world names its random streams
 * @param make a problem with its worked reference, drawn with the given randomness
 * @param split parts a family's combinations; default: about 70, 10 and 20 percent
 */
export function problems<Name extends string>(
  world: string,
  families: Readonly<Record<Name, Family>>,
  make: (name: Name, numbers: Numbers, random: RandomStream) => Example,
  split: (combos: ReadonlyArray<Numbers>, name: Name) => Parts = (combos, name) =>
    splitCombos(world, name, combos),
): Problems<Name> {
  const names = Object.keys(families) as unknown as ReadonlyArray<Name>;
  const combos = Object.fromEntries(
    names.map((name) => [name, split(families[name].combos, name)]),
  ) as unknown as Problems<Name>["combos"];
  const block = names.flatMap((name) => Array<Name>(families[name].weight).fill(name));

  const example = (seed: number, index: number, split: Split = "train"): Example => {
    const [turn, place] = [Math.floor(index / block.length), index % block.length];
    const order = stream(seed, world, split, "block", turn).shuffle(block);
    const name = order[place]!;
    const earlier = order.slice(0, place).filter((other) => other === name).length;
    const nth = turn * families[name].weight + earlier;
    const choices = combos[name][split];
    const round = Math.floor(nth / choices.length);
    const deck = stream(seed, world, split, name, round).shuffle(choices);
    const random = stream(seed, world, split, "draw", index);
    return make(name, deck[nth % choices.length]!, random);
  };

  const distinct = (seed: number, split: Split, count: number): ReadonlyArray<Example> =>
    firstDistinct(count, (index) => example(seed, index, split));

  const dataset: Problems<Name>["dataset"] = ({ seed, ...size }) => {
    const { worked, answerOnly, validation, test } = { ...defaultSize, ...size };
    const train = distinct(seed, "train", worked + answerOnly);
    return {
      train: train.map((one, index) => (index < worked ? one : withoutReference(one))),
      validation: distinct(0, "validation", validation),
      test: distinct(0, "test", test),
    };
  };

  return { combos, example, dataset };
}
