import { describe, expect, it } from "vitest";
import { type Row, readRow } from "../../src/data/row.ts";
import { layoutOf, shapeNames, shapeOf } from "../../src/data/shape.ts";
import { problems, referenceField, rowOf } from "../support/own-data.ts";

const noFields = { question: null, answer: null, reference: null, image: null, family: null };

function read(value: unknown, fields: Partial<typeof noFields> | Record<string, string> = {}) {
  return readRow(
    value,
    layoutOf(shapeOf(Object.keys(value as object)), { ...noFields, ...fields })!,
  );
}

const messageOf = (read: Row | ReadonlyArray<{ field: string; message: string }>) =>
  "question" in read ? "" : read.map(({ field, message }) => `${field}: ${message}`).join("; ");

describe.each(shapeNames)("a row of the shape %s", (shape) => {
  const [worked, open] = problems(1, 1);

  it("is known by its fields", () => {
    expect(shapeOf(Object.keys(rowOf[shape](worked!, "a.png")))).toBe(shape);
  });

  it("gives question, answer, image and the named reference", () => {
    const row = read(rowOf[shape](worked!, "a.png"), { reference: referenceField[shape] }) as Row;
    expect(row).toMatchObject({
      question: worked!.question,
      answer: worked!.answer,
      reference: worked!.reference,
      image: { path: "a.png" },
    });
  });

  it("has no reference where only the answer is given", () => {
    const row = read(rowOf[shape](open!, "a.png"), { reference: referenceField[shape] }) as Row;
    expect(row).toMatchObject({ question: open!.question, answer: open!.answer });
    expect(row.reference).toBeUndefined();
  });
});

describe("a row", () => {
  const plain = { prompt: "how many?", image: "a.png", answer: 8 };

  it("may have text for messages, and a number for an answer", () => {
    expect(read(plain)).toMatchObject({ question: "how many?", answer: "8", imageField: "image" });
  });

  it("takes a solution in the full form for a reference without being told", () => {
    const solution = "<think>4 * 2 = 8</think><answer>8</answer>";
    const reference = "<think> 4 * 2 = 8 </think> <answer> 8 </answer>";
    expect(read({ ...plain, solution })).toMatchObject({ reference, stated: "8" });
    expect(read({ prompt: "how many?", image: "a.png", completion: solution })).toMatchObject({
      ...{ answer: "8", reference },
    });
  });

  it("takes a solution with a boxed answer for its answer, and for a reference when named", () => {
    const solution = "Twice four, so \\boxed{8}.";
    const row = { prompt: "how many?", image: "a.png", solution };
    expect(read(row)).toMatchObject({ answer: "8", reference: undefined });
    expect(read(row, { reference: "solution" })).toMatchObject({
      reference: `<think> ${solution} </think> <answer> 8 </answer>`,
    });
  });

  it("follows a mapping of names, whatever the shape", () => {
    const row = { frage: "how many?", bild: "a.png", wert: "8", weg: "4 * 2 = 8", art: "sums" };
    const fields = {
      question: "frage",
      image: "bild",
      answer: "wert",
      reference: "weg",
      family: "art",
    };
    expect(read(row, fields)).toMatchObject({
      ...{ question: "how many?", answer: "8", family: "sums", image: { path: "a.png" } },
      reference: "<think> 4 * 2 = 8 </think> <answer> 8 </answer>",
    });
  });

  it("puts a system message before the question", () => {
    const messages = [
      { role: "system", content: "Be brief." },
      { role: "user", content: "how many?" },
      { role: "assistant", content: "8" },
    ];
    expect(read({ messages, images: ["a.png"] })).toMatchObject({
      ...{ question: "Be brief.\nhow many?", answer: "8" },
    });
  });

  it("takes the image from a part of the message", () => {
    const content = [
      { type: "image", image: "a.png" },
      { type: "text", text: "how many?" },
    ];
    expect(read({ prompt: [{ role: "user", content }], answer: "8" })).toMatchObject({
      ...{ question: "how many?", image: { path: "a.png" } },
    });
  });

  it.each([
    [{ ...plain, prompt: undefined }, "prompt: is missing"],
    [{ ...plain, prompt: "<image>" }, "prompt: holds no question"],
    [{ ...plain, prompt: 7 }, "prompt: is neither a text nor a list of messages"],
    [{ ...plain, image: undefined }, "image: holds 0 images; an example has exactly one"],
    [{ ...plain, image: ["a.png", "b.png"] }, "image: holds 2 images; an example has exactly one"],
    [
      { ...plain, prompt: "<image><image>how many?" },
      "prompt: has 2 <image> tag(s), but the row has 1 image(s)",
    ],
    [
      { ...plain, prompt: "what <image> is" },
      "prompt: has <image> inside the text; it must open or close it",
    ],
    [{ ...plain, answer: ["8"] }, 'answer: is neither a text nor a number but ["8"]'],
    [
      { ...plain, answer: null },
      "answer or solution or completion: holds no answer that can be checked: neither a short text nor <answer> nor \\boxed{}",
    ],
    [{ ...plain, answer: "<think> 8" }, 'answer: has tags in it: "<think> 8"'],
    [{ ...plain, solution: "<think> a </think> <think> b </think> <answer> 8 </answer>" }, ""],
  ])("with %j says %j", (row, message) => {
    const shaped = layoutOf("trl", noFields)!;
    expect(messageOf(readRow(row, shaped))).toBe(message);
  });

  it("says all that is wrong at once", () => {
    const text = messageOf(read({ prompt: [], image: ["a.png", 5], answer: {} }));
    expect(text.split("; ").length).toBeGreaterThanOrEqual(2);
  });

  it("refuses conversations of several turns, unknown roles and foreign parts", () => {
    const turn = { from: "human", value: "how many?" };
    const llava = (conversations: unknown) => messageOf(read({ conversations, image: "a.png" }));
    expect(llava([turn, { from: "gpt", value: "8" }, turn])).toContain(
      "found messages 3: user assistant user",
    );
    expect(llava([{ from: "tool", value: "8" }])).toContain('unknown role "tool"');
    expect(llava([{ from: "human", value: [{ type: "audio" }] }])).toContain(
      "neither text nor image",
    );
  });

  it("is no list, text or number", () => {
    const layout = layoutOf("trl", noFields)!;
    for (const value of [[], "a", 1, null])
      expect(messageOf(readRow(value, layout))).toContain("is no object");
  });
});

describe("rows without a question of their own", () => {
  const asked = (value: unknown, references: "worked" | "plain", fields: object) =>
    readRow(value, layoutOf(undefined, { ...noFields, ...fields }, { ask: "What?", references })!);

  it("are asked the one question, which their own overrules", () => {
    const row = { frage: "Which?", file_name: "a.png", answer: "8" };
    expect(asked(row, "worked", {})).toMatchObject({ question: "What?", answer: "8" });
    expect(asked(row, "worked", { question: "frage" })).toMatchObject({ question: "Which?" });
  });

  it("may have plain references, which are the answer too", () => {
    const row = { file_name: "a.png", caption: "A dog\n runs. " };
    const text = "A dog runs.";
    expect(asked(row, "plain", { reference: "caption" })).toMatchObject({
      ...{ answer: text, reference: text, stated: undefined },
    });
    const only = asked(row, "plain", { answer: "caption" });
    expect(only).toMatchObject({ answer: text, reference: undefined });
    const tagged = { ...row, caption: "<think> a" };
    expect(messageOf(asked(tagged, "plain", { reference: "caption" }))).toBe(
      "caption: has tags in it, but references are plain",
    );
  });

  it("may have a report for a solution, whose findings never pass for the impression", () => {
    const fields = { image: "img", answer: "impression", reference: "findings" };
    const row = { img: "a.png", findings: "The heart is normal.", impression: "No effusion." };
    expect(asked(row, "worked", fields)).toMatchObject({
      answer: "No effusion.",
      reference: "<think> The heart is normal. </think> <answer> No effusion. </answer>",
    });
    expect(asked({ ...row, impression: null }, "worked", fields)).toMatchObject([
      { field: "impression or solution", gap: true },
    ]);
    expect(asked({ ...row, findings: null }, "worked", fields)).toMatchObject({
      ...{ answer: "No effusion.", reference: undefined },
    });
  });
});

it("tells what is missing apart from what is wrong", () => {
  const row = { prompt: "how many?", image: "a.png", answer: 8 };
  const gapsOf = (value: object) =>
    (read(value) as ReadonlyArray<{ gap?: true }>).map(({ gap }) => gap === true);
  for (const image of [null, "", [], { bytes: null, path: null }, new Uint8Array()]) {
    expect(gapsOf({ ...row, image })).toEqual([true]);
  }
  expect(gapsOf({ ...row, answer: null })).toEqual([true]);
  expect(gapsOf({ ...row, image: null, answer: "" })).toEqual([true, true]);
  expect(gapsOf({ ...row, image: 7, answer: null })).toEqual([false, true]);
  expect(gapsOf({ ...row, answer: undefined, solution: "word ".repeat(50) })).toEqual([false]);
  expect(gapsOf({ ...row, prompt: "<image> how many?", image: null })).toEqual([false]);
});
