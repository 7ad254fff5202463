import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import type { Example } from "../../src/data/example.ts";
import * as scenes from "../../src/data/scenes.ts";
import { colors, domainWords, shapes, vocabulary } from "../../src/data/vocabulary.ts";
import { steps } from "../../src/rewards/steps.ts";

const train = Array.from({ length: 1500 }, (_, index) => scenes.example(1, index));
const validation = scenes.validation(400);
const test = scenes.test(400);

/** What a picture shows, read from the id: `task: contents: question#digest`. */
const pictured = ({ id }: Example) => id.split(": ")[1]!;
const contents = (one: Example) =>
  pictured(one)
    .split(", ")
    .map((item) => item.slice(item.indexOf(" ") + 1));
const ofTask = (task: scenes.Task) =>
  [...train, ...validation, ...test].filter((one) => one.family === task);

describe("the streams", () => {
  it("give the same example for the same seed and index, at any time", () => {
    expect(scenes.example(1, 1234)).toEqual(train[1234]);
    expect(scenes.example(1, 5).id).not.toBe(scenes.example(2, 5).id);
    expect(scenes.example(1, 5, "read")).toEqual(scenes.example(1, 5, "read"));
  });

  it("keep the held-out lists fixed and prefix-stable", () => {
    expect(scenes.test(400)).toEqual(test);
    expect(scenes.validation(24)).toEqual(validation.slice(0, 24));
  });

  it("never show a picture's contents in two splits, whatever the question", () => {
    const [a, b, c] = [train, validation, test].map((list) => new Set(list.map(pictured)));
    expect([...b!].filter((one) => a!.has(one))).toEqual([]);
    expect([...c!].filter((one) => a!.has(one) || b!.has(one))).toEqual([]);
  });

  it("hold equally many held-out examples of each task, none twice", () => {
    for (const list of [validation, test]) {
      for (const task of scenes.tasks)
        expect(list.filter((one) => one.family === task)).toHaveLength(50);
      expect(new Set(list.map((one) => one.id)).size).toBe(400);
    }
  });

  it("give the tasks that are learnt slowest twice as often in pretraining", () => {
    const slow: ReadonlyArray<scenes.Task> = ["count", "list", "solve", "compute"];
    const share = (task: scenes.Task) =>
      train.filter((one) => one.family === task).length / train.length;
    for (const task of scenes.tasks)
      expect(share(task)).toBeCloseTo(slow.includes(task) ? 1 / 6 : 1 / 12, 1);
  });
});

describe("an example", () => {
  it("carries a reference that ends in its answer, in words of the vocabulary but not the domain's", () => {
    const known = new Set(
      vocabulary.filter((word) => !(domainWords as ReadonlyArray<string>).includes(word)),
    );
    for (const one of [...train, ...validation, ...test]) {
      expect(one.reference!.endsWith(`<answer> ${one.answer} </answer>`)).toBe(true);
      expect(one.reference!.startsWith("<think>")).toBe(
        one.family === "solve" || one.family === "compute",
      );
      for (const word of `${one.question} ${one.reference}`.split(" "))
        expect(known).toContain(word);
      expect(one.question).not.toMatch(/\d/);
    }
  });

  it("of color asks for the one object of that shape", () => {
    for (const one of ofTask("color")) {
      const shape = one.question.split(" ")[4]!;
      expect(contents(one).filter((item) => item.endsWith(shape))).toEqual([
        `${one.answer} ${shape}`,
      ]);
    }
  });

  it("of shape asks for the one object of that colour", () => {
    for (const one of ofTask("shape")) {
      const color = one.question.split(" ")[3]!;
      expect(contents(one).filter((item) => item.startsWith(color))).toEqual([
        `${color} ${one.answer}`,
      ]);
    }
  });

  it("of count has 0 to 4 objects of the shape among 1 to 4", () => {
    for (const one of ofTask("count")) {
      const shape = one.question.split(" ")[2]!;
      expect(contents(one).filter((item) => item.endsWith(shape))).toHaveLength(Number(one.answer));
      expect(contents(one).length).toBeLessThanOrEqual(4);
    }
    expect(new Set(ofTask("count").map((one) => one.answer)).size).toBe(5);
  });

  it("of caption and list names everything in reading order", () => {
    for (const one of ofTask("caption"))
      expect(one.answer).toBe(
        contents(one)
          .map((item) => `a ${item}`)
          .join(" and "),
      );
    for (const one of [...ofTask("list"), ...ofTask("read")])
      expect(one.answer).toBe(contents(one).join(" and "));
    for (const one of [...ofTask("caption"), ...ofTask("list")]) {
      const places = pictured(one)
        .split(", ")
        .map((item) => Number(item.split(" ")[0]!.replace(".", "")));
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    }
  });

  it("of solve shows the sum it works out", () => {
    for (const one of ofTask("solve"))
      expect(one.reference).toBe(
        `<think> ${contents(one).join(" ")} = ${one.answer} </think> <answer> ${one.answer} </answer>`,
      );
  });

  it("of compute works out what the question says about the two numbers shown", () => {
    const symbols: Readonly<Record<string, string>> = { add: "+", subtract: "-", multiply: "*" };
    for (const one of ofTask("compute")) {
      const [verb, , , , then] = one.question.split(" ");
      const [left, right] = contents(one);
      const thoughts = /<think> (.*) <\/think>/.exec(one.reference!)![1]!.split(" ; ");
      expect(thoughts[0]!.startsWith(`${left} ${symbols[verb!]} ${right} = `)).toBe(true);
      expect(thoughts).toHaveLength(then === undefined ? 1 : 2);
      const second = thoughts[1]?.split(" ");
      if (second !== undefined) {
        expect(second[0]).toBe(thoughts[0]!.split(" ").at(-1));
        expect(second[1]).toBe(then === "halve" ? "/" : "*");
      }
      expect(steps(one.reference!)).toBe(1);
    }
    expect(new Set(ofTask("compute").map((one) => one.question)).size).toBe(9);
  });
});

describe("general questions", () => {
  it("are the 26 of the general world", () => {
    expect(new Set(scenes.generalQuestions).size).toBe(2 * shapes.length + colors.length + 4 + 9);
    const asked = new Set([...train, ...test].map((one) => one.question));
    expect(asked).toEqual(new Set(scenes.generalQuestions));
  });

  it("are drawn by task, each possible", () => {
    const random = stream(1, "questions");
    const drawn = Array.from({ length: 2000 }, () => scenes.generalQuestion(random));
    expect(new Set(drawn)).toEqual(new Set(scenes.generalQuestions));
    expect(drawn.filter((one) => one === "solve").length / 2000).toBeCloseTo(1 / 8, 1);
  });
});
