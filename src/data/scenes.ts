/** The general world: eight tasks about coloured shapes, numbers and sums on a 4×4 grid. Data layer. */
import { createHash } from "node:crypto";
import type { Raster } from "../core/raster.ts";
import { type RandomStream, stream } from "../core/seed.ts";
import { type Fact, fact, facts, factText } from "./arithmetic.ts";
import { fill } from "./canvas.ts";
import { type Example, exampleId, firstDistinct, response, type Split } from "./example.ts";
import {
  allCells,
  type Cell,
  type ColorName,
  grid,
  label,
  paint,
  paper,
  readingOrder,
} from "./grid.ts";
import { colors, numbers, shapes } from "./vocabulary.ts";

/** The tasks, in the order of reports; validation and test hold equally many of each. */
export const tasks = [
  ...(["color", "shape", "count", "caption"] as const),
  ...(["read", "list", "solve", "compute"] as const),
] as const;
export type Task = (typeof tasks)[number];

type Shape = (typeof shapes)[number];

/** What stands in one cell: a coloured shape or a label. */
type Content = { readonly color: ColorName; readonly shape: Shape } | { readonly label: string };

/** A picture's contents with a question about it, before drawing. */
interface Scene {
  readonly placed: ReadonlyArray<{ readonly cell: Cell; readonly content: Content }>;
  readonly question: string;
  readonly answer: string;
  readonly thoughts?: ReadonlyArray<string>;
}

const insides: Readonly<Record<Shape, (r: number) => (dx: number, dy: number) => boolean>> = {
  circle: (r) => (dx, dy) => dx * dx + dy * dy <= r * r,
  square: () => () => true,
  triangle: (r) => (dx, dy) => Math.abs(dx) <= (dy + r) / 2,
  cross: (r) => (dx, dy) => Math.min(Math.abs(dx), Math.abs(dy)) < r / 2.5,
};

/** What is asked of two numbers; division comes only as a second step. */
const verbs: Readonly<Record<Fact["operator"], string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
};
const seconds = ["", "halve", "double"] as const;
type Second = (typeof seconds)[number];

const known = new Set(facts.map(factText));

/** The second step of `compute`; undefined when it is not among the facts. */
function secondStep({ result }: Fact, then: Second): Fact | undefined {
  if (then === "") return undefined;
  const step = then === "halve" ? fact(result, "/", 2) : fact(result, "*", 2);
  return known.has(factText(step)) ? step : undefined;
}

/** Facts about two numbers in a picture. */
const computed = facts.filter(({ operator }) => operator !== "/");

const questions = {
  color: (shape: Shape) => `what color is the ${shape} ?`,
  shape: (color: ColorName) => `what shape is ${color} ?`,
  count: (shape: Shape) => `how many ${shape} s ?`,
  caption: "describe the image",
  read: "read the number",
  list: "list the numbers",
  solve: "solve",
  compute: ({ operator }: Pick<Fact, "operator">, then: Second) =>
    `${verbs[operator]} the numbers${then === "" ? "" : ` then ${then}`}`,
} as const;

const questionsByTask: Readonly<Record<Task, ReadonlyArray<string>>> = {
  color: shapes.map(questions.color),
  shape: colors.map(questions.shape),
  count: shapes.map(questions.count),
  caption: [questions.caption],
  read: [questions.read],
  list: [questions.list],
  solve: [questions.solve],
  compute: (["+", "-", "*"] as const).flatMap((operator) =>
    seconds.map((then) => questions.compute({ operator }, then)),
  ),
};

/** Every question of the general world, without an image. */
export const generalQuestions: ReadonlyArray<string> = tasks.flatMap(
  (task) => questionsByTask[task],
);

/** A general question to ask about any image: a task uniformly, then one of its questions. */
export const generalQuestion = (random: RandomStream): string =>
  random.pick(questionsByTask[random.pick(tasks)]);

/** Distinct random cells in reading order. */
const cells = (count: number, random: RandomStream): ReadonlyArray<Cell> =>
  random.shuffle(allCells).slice(0, count).sort(readingOrder);

/** `count` draws from the items that differ from `excluded`. */
const others = <A>(items: ReadonlyArray<A>, excluded: A, count: number, random: RandomStream) =>
  Array.from({ length: count }, () => random.pick(items.filter((item) => item !== excluded)));

/** Objects in random distinct cells, in random order. */
const scatter = (contents: ReadonlyArray<Content>, random: RandomStream): Scene["placed"] => {
  const places = cells(contents.length, random);
  return random.shuffle(contents).map((content, index) => ({ cell: places[index]!, content }));
};

const makers: Readonly<Record<Task, (random: RandomStream) => Scene>> = {
  color: (random) => {
    const target = { color: random.pick(colors), shape: random.pick(shapes) };
    const rest = others(shapes, target.shape, random.integer(4), random);
    const contents = [target, ...rest.map((shape) => ({ shape, color: random.pick(colors) }))];
    return {
      placed: scatter(contents, random),
      question: questions.color(target.shape),
      answer: target.color,
    };
  },
  shape: (random) => {
    const target = { color: random.pick(colors), shape: random.pick(shapes) };
    const rest = others(colors, target.color, random.integer(4), random);
    const contents = [target, ...rest.map((color) => ({ color, shape: random.pick(shapes) }))];
    return {
      placed: scatter(contents, random),
      question: questions.shape(target.color),
      answer: target.shape,
    };
  },
  count: (random) => {
    const shape = random.pick(shapes);
    const count = random.integer(5);
    const distractors = count === 0 ? 1 + random.integer(4) : random.integer(5 - count);
    const all = [...Array<Shape>(count).fill(shape), ...others(shapes, shape, distractors, random)];
    const contents = all.map((one) => ({ shape: one, color: random.pick(colors) }));
    return {
      placed: scatter(contents, random),
      question: questions.count(shape),
      answer: `${count}`,
    };
  },
  caption: (random) => {
    const placed = cells(1 + random.integer(2), random).map((cell) => ({
      cell,
      content: { color: random.pick(colors), shape: random.pick(shapes) },
    }));
    const answer = placed.map(({ content }) => `a ${content.color} ${content.shape}`).join(" and ");
    return { placed, question: questions.caption, answer };
  },
  read: (random) => {
    const number = `${random.pick(numbers)}`;
    const placed = [{ cell: random.pick(allCells), content: { label: number } }];
    return { placed, question: questions.read, answer: number };
  },
  list: (random) => {
    const placed = cells(2, random).map((cell) => ({
      cell,
      content: { label: `${random.pick(numbers)}` },
    }));
    const answer = placed.map(({ content }) => content.label).join(" and ");
    return { placed, question: questions.list, answer };
  },
  solve: (random) => {
    const fact = random.pick(facts);
    const start = { row: random.integer(grid.cells), column: random.integer(grid.cells - 2) };
    const placed = [fact.left, fact.operator, fact.right].map((part, index) => ({
      cell: { row: start.row, column: start.column + index },
      content: { label: `${part}` },
    }));
    return {
      placed,
      question: questions.solve,
      answer: `${fact.result}`,
      thoughts: [factText(fact)],
    };
  },
  compute: (random) => {
    const first = random.pick(computed);
    const step = secondStep(first, random.pick(seconds));
    const then = step === undefined ? "" : step.operator === "/" ? "halve" : "double";
    const chain = step === undefined ? [first] : [first, step];
    const operands = [first.left, first.right];
    const placed = cells(2, random).map((cell, index) => ({
      cell,
      content: { label: `${operands[index]}` },
    }));
    return {
      placed,
      question: questions.compute(first, then),
      answer: `${chain.at(-1)!.result}`,
      thoughts: chain.map(factText),
    };
  },
};

/** What the picture shows and where, without jitter and background: the unit of the split. */
const pictured = ({ placed }: Scene): string =>
  placed
    .map(({ cell, content }) => {
      const what = "label" in content ? content.label : `${content.color} ${content.shape}`;
      return `${cell.row}.${cell.column} ${what}`;
    })
    .join(", ");

/** The split of a picture: a tenth of all pictures for validation, a tenth for test, whatever is asked about them. */
function splitOf(scene: Scene): Split {
  const share = createHash("sha256").update(pictured(scene)).digest()[0]! / 256;
  return share < 0.8 ? "train" : share < 0.9 ? "validation" : "test";
}

function draw(scene: Scene, random: RandomStream): Raster {
  const image = paper(random);
  for (const { cell, content } of scene.placed) {
    if ("label" in content) label(image, cell, content.label, random);
    else {
      const radius = 4 + random.integer(2);
      const center = [cell.column, cell.row].map(
        (place) => place * grid.cell + grid.cell / 2 - 1 + random.integer(3),
      ) as [number, number];
      fill(image, center, radius, insides[content.shape](radius), paint[content.color]);
    }
  }
  return image;
}

/** A random example of one task and split, by rejection of scenes of the other splits. */
function make(task: Task, split: Split, random: RandomStream): Example {
  let scene = makers[task](random);
  while (splitOf(scene) !== split) scene = makers[task](random);
  const image = draw(scene, random);
  return {
    id: exampleId(`${task}: ${pictured(scene)}: ${scene.question}`, image),
    family: task,
    image,
    question: scene.question,
    answer: scene.answer,
    reference: response(scene.answer, scene.thoughts),
  };
}

/** These are learnt slowest, so pretraining sees them twice as often. */
const pretrainingTasks: ReadonlyArray<Task> = [...tasks, "count", "list", "solve", "compute"];

/** Example `index` of an endless training stream, of one task or of the pretraining mix; always with a reference. */
export function example(seed: number, index: number, task?: Task): Example {
  const random = stream(seed, "scenes", "train", task ?? "mix", index);
  return make(task ?? random.pick(pretrainingTasks), "train", random);
}

/** The first `count` distinct held-out examples of a fixed list, tasks in turn. */
function heldOut(split: Split, count: number): ReadonlyArray<Example> {
  const random = stream(0, "scenes", split);
  return firstDistinct(count, (_, found) => make(tasks[found % tasks.length]!, split, random));
}

/** `count` validation examples, equally many of each task, the same on every call. */
export const validation = (count: number): ReadonlyArray<Example> => heldOut("validation", count);

/** `count` test examples, equally many of each task, the same on every call. */
export const test = (count: number): ReadonlyArray<Example> => heldOut("test", count);
