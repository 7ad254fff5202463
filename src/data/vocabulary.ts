/** Every word of the synthetic worlds in a fixed order: the word list of the tiny model's tokenizer. Data layer. */

/** Marks of the response format. */
const tags = ["<think>", "</think>", "<answer>", "</answer>"] as const;
export const colors = ["red", "green", "blue", "yellow", "purple"] as const;
export const shapes = ["circle", "square", "triangle", "cross"] as const;
export const operators = ["+", "-", "*", "/"] as const;

/** The whole numbers that are one word: 0…100 and 110…180 by tens. */
export const numbers: ReadonlyArray<number> = [
  ...Array.from({ length: 101 }, (_, index) => index),
  ...Array.from({ length: 8 }, (_, index) => 110 + 10 * index),
];

const generalWords = [
  ...["what", "color", "is", "the", "shape", "how", "many", "s", "?"],
  ...["describe", "image", "read", "number", "list", "numbers", "solve", "a", "and"],
  ...["add", "subtract", "multiply", "then", "halve", "double"],
] as const;

/** Words met only in the geometry world: the base model has never seen them. */
export const domainWords = [
  ...["find", "angle", "x", "perimeter", "area", "diameter"],
  ...["scalene", "right", "isosceles", "rectangle", "half", "radius"],
] as const;

/** All words of both worlds, without the special tokens of a model; append only, the order fixes token ids. */
export const vocabulary: ReadonlyArray<string> = [
  ...tags,
  ...colors,
  ...shapes,
  ...operators,
  ...["=", ";"],
  ...generalWords,
  ...domainWords,
  ...numbers.map(String),
];
