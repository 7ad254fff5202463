import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { batchPrompts, type Vlm } from "../../src/models/model.ts";
import { textLogProbabilities, textRows } from "../../src/models/text.ts";
import type { Term } from "../../src/stages/parts.ts";
import type { Session } from "../../src/stages/session.ts";
import { readText, textTerm } from "../../src/stages/whole-text.ts";
import { gradients } from "../../src/tensor/gradient.ts";
import { release } from "../../src/tensor/memory.ts";
import { expectAllClose } from "../support/allclose.ts";
import { values } from "../support/gradient-check.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  writeModel,
} from "../support/learner.ts";

const base = folderForFile();
const options = smallOptions({ anchor: { weight: 0 } });

onBestEngine();
beforeAll(() => {
  writeModel(base);
});

const run = (body: (session: Session, vlm: Vlm) => void) =>
  training({ base, options }, (session, { policy }) => body(session, policy.vlm));

/** Two worked problems and two without a reference, as text. */
function mixed(session: Session) {
  const { train } = session.examples.domain;
  const withheld = train.filter(({ reference }) => reference === undefined).slice(0, 2);
  const examples = [...session.examples.worked.slice(0, 2), ...withheld];
  return examples.map((example) => readText(session, example));
}

/** Loss and gradient of all parts together, on the host. */
function evaluate(vlm: Vlm, { parts }: Term) {
  const sums = new Map<string, Float64Array>();
  let loss = 0;
  for (const make of parts) {
    const own = gradients(make().loss, vlm.parameters);
    loss += own.loss;
    for (const [name, tensor] of own.byName) {
      const sum = sums.get(name) ?? new Float64Array(tensor.size);
      const data = tensor.dataSync<"float32">();
      sums.set(
        name,
        sum.map((value, at) => value + data[at]!),
      );
    }
    release([...own.byName.values()]);
  }
  return { loss, gradient: sums };
}

/** Moves every weight by `step` times its entry in `direction`. */
function move(vlm: Vlm, direction: ReadonlyMap<string, Float64Array>, step: number): void {
  tf.tidy(() => {
    for (const [name, variable] of vlm.parameters) {
      const by = Float32Array.from(direction.get(name) ?? [], (value) => step * value);
      if (by.length > 0) variable.assign(tf.add(variable, tf.tensor(by, variable.shape)));
    }
  });
}

describe("the text of a problem", () => {
  it("ends with the worked reference, or the bare answer as the world writes it", () =>
    run((session) => {
      const { tokenizer } = session.base.processor;
      for (const { example, reference } of mixed(session)) {
        const text = tokenizer.decode(reference, { skipSpecial: true });
        expect(text).toBe(example.reference ?? `<answer> ${example.answer} </answer>`);
      }
      expect(mixed(session).map(({ example }) => example.reference === undefined)).toEqual([
        ...[false, false, true, true],
      ]);
    }));
});

describe("textTerm", () => {
  it("is the mean negative log-likelihood of all text, token by token", () =>
    run((session, vlm) => {
      const problems = mixed(session);
      const nats = problems.flatMap(({ prompt, reference }) => {
        const batch = batchPrompts([prompt], vlm.config);
        const { length } = reference;
        const text = textRows(batch, [reference], length, vlm.config.tokens.image);
        return [...values(() => textLogProbabilities(vlm, batch, [reference], length, text))];
      });
      const words = problems.map(({ prompt, reference }) => {
        const images = prompt.ids.filter((id) => id === vlm.config.tokens.image).length;
        expect(images).toBe(16);
        return prompt.ids.length - images - 1 + reference.length;
      });
      expect(nats).toHaveLength(words.reduce((sum, count) => sum + count, 0));
      const term = textTerm(vlm, problems);
      const { loss } = evaluate(vlm, term);
      expect(loss).toBeCloseTo(-nats.reduce((sum, value) => sum + value, 0) / nats.length, 5);
      expect(term.metrics.textLoss).toBeCloseTo(loss, 6);
    }));

  it("has the gradient that finite differences give, along it", () =>
    run((session, vlm) => {
      const problems = mixed(session);
      const lossAt = () => evaluate(vlm, textTerm(vlm, problems)).loss;
      const { gradient } = evaluate(vlm, textTerm(vlm, problems));
      const squared = [...gradient.values()].flatMap((all) => [...all]);
      const slope = squared.reduce((sum, value) => sum + value * value, 0);
      const step = 0.005 / Math.sqrt(slope);
      move(vlm, gradient, step);
      const above = lossAt();
      move(vlm, gradient, -2 * step);
      const below = lossAt();
      expect((above - below) / (2 * step) / slope).toBeCloseTo(1, 2);
    }));

  it("has the same loss and gradient in parts, though these differ in their tokens", () =>
    run((session, vlm) => {
      const problems = mixed(session);
      const whole = evaluate(vlm, textTerm(vlm, problems));
      const term = textTerm(vlm, problems, 1);
      expect(term.parts).toHaveLength(4);
      const divided = evaluate(vlm, term);
      expect(divided.loss).toBeCloseTo(whole.loss, 5);
      expect(term.metrics.textLoss).toBeCloseTo(whole.loss, 5);
      for (const [name, all] of whole.gradient)
        expectAllClose(
          Float32Array.from(divided.gradient.get(name)!),
          Float32Array.from(all),
          1e-5,
          name,
        );
    }));
});
