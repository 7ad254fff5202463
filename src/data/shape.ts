/** The four shapes of rows that people have, told apart by their field names. Data layer. */

/** Fields that may hold each part of a row; the first one there counts. */
export interface Layout {
  readonly question: ReadonlyArray<string>;
  readonly image: ReadonlyArray<string>;
  readonly answer: ReadonlyArray<string>;
  /** Fields whose text may be a bare answer, or a solution that states one. */
  readonly response: ReadonlyArray<string>;
  /** The answer's field is named, so that a short solution is not the answer as well. */
  readonly answerNamed: boolean;
  readonly reference: string | undefined;
  readonly family: string | undefined;
  /** The question of rows that hold none. */
  readonly ask: string | undefined;
  /** References are plain texts, all of which is the answer. */
  readonly plain: boolean;
}

/** The last one is that of metadata.jsonl in a folder of images. */
const image = ["image", "images", "file_name"];

const layouts = {
  llava: { question: ["conversations"], image, answer: [], response: [] },
  swift: { question: ["messages"], image, answer: ["answer"], response: ["solution"] },
  easyr1: { question: ["problem"], image, answer: ["answer"], response: ["solution"] },
  trl: { question: ["prompt"], image, answer: ["answer"], response: ["solution", "completion"] },
} as const;

export type Shape = keyof typeof layouts;

/** Names of the shapes with the field that tells each. */
export const shapeNames = Object.keys(layouts) as ReadonlyArray<Shape>;

/** The shape of a row by its fields' names; undefined when none of them holds a question. */
export function shapeOf(fields: ReadonlyArray<string>): Shape | undefined {
  return shapeNames.find((name) => fields.includes(layouts[name].question[0]));
}

/** Names of fields that override those of the shape; null leaves the shape's. */
export interface FieldNames {
  readonly question: string | null;
  readonly answer: string | null;
  readonly reference: string | null;
  readonly image: string | null;
  readonly family: string | null;
}

/** What rows mean, where their fields do not say it. */
export interface Reading {
  /** The question of rows that hold none; null: each must hold its own. */
  readonly ask: string | null;
  readonly references: "worked" | "plain";
}

const BY_THEMSELVES: Reading = { ask: null, references: "worked" };

/** Where the parts of a row are; undefined when nothing says what is asked. */
export function layoutOf(
  shape: Shape | undefined,
  fields: FieldNames,
  { ask, references }: Reading = BY_THEMSELVES,
): Layout | undefined {
  const usual: Pick<Layout, "question" | "image" | "answer" | "response"> =
    shape === undefined
      ? { question: [], image, answer: ["answer"], response: ["solution"] }
      : layouts[shape];
  const question = fields.question === null ? usual.question : [fields.question];
  if (question.length === 0 && ask === null) return undefined;
  return {
    question,
    image: fields.image === null ? usual.image : [fields.image],
    answer: fields.answer === null ? usual.answer : [fields.answer],
    response: usual.response,
    answerNamed: fields.answer !== null,
    reference: fields.reference ?? undefined,
    family: fields.family ?? undefined,
    ask: ask ?? undefined,
    plain: references === "plain",
  };
}
