import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { stream } from "../../../src/core/seed.ts";
import { type Choice, chooseTokens } from "../../../src/tensor/ops/choose.ts";
import { expectAllClose } from "../../support/allclose.ts";
import { everyEngine, onEngines } from "../../support/engines.ts";
import { normal, upload } from "../../support/gradient-check.ts";

const [ROWS, DIM, VOCAB] = [64, 5, 23];
const hidden = normal("hidden", [ROWS, DIM]);
const head = normal("head", [VOCAB, DIM]);
const allowed = Int32Array.from({ length: VOCAB }, (_, id) => (id % 4 === 1 ? 0 : 1));
const random = stream(3, "uniforms");
const uniforms = Float32Array.from({ length: ROWS }, () => random.uniform());

/** Log-probabilities of a row at a temperature among `open` tokens, in double precision. */
function logProbs(
  row: number,
  temperature: number,
  open: ArrayLike<number>,
): ReadonlyArray<number> {
  const logits = Array.from({ length: VOCAB }, (_, id) => {
    let sum = 0;
    for (let d = 0; d < DIM; d++) sum += hidden.data[row * DIM + d]! * head.data[id * DIM + d]!;
    return open[id] === 1 ? sum / temperature : Number.NEGATIVE_INFINITY;
  });
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - total);
}

const all = Array(VOCAB).fill(1);

function choose(choice: Partial<Choice>) {
  const [rows, matrix] = [upload(hidden) as tf.Tensor2D, upload(head) as tf.Tensor2D];
  const chosen = chooseTokens(rows, matrix, { temperature: 1, allowed, uniforms, ...choice });
  tf.dispose([rows, matrix]);
  return chosen;
}

onEngines(everyEngine, () => {
  it.each([0.5, 1, 2])("draws by the cumulative distribution at temperature %f", (temperature) => {
    const { ids } = choose({ temperature });
    ids.forEach((id, row) => {
      const shares = logProbs(row, temperature, allowed).map(Math.exp);
      const below = shares.slice(0, id).reduce((sum, share) => sum + share, 0);
      expect(below).toBeLessThanOrEqual(uniforms[row]! + 1e-5);
      expect(below + shares[id]!).toBeGreaterThan(uniforms[row]! - 1e-5);
    });
  });

  it("takes the likeliest of the allowed at temperature 0", () => {
    const { ids } = choose({ temperature: 0 });
    ids.forEach((id, row) => {
      const known = logProbs(row, 1, allowed);
      expect(known[id]).toBe(Math.max(...known));
    });
  });

  it("tells log-probability and entropy at temperature 1 among all tokens", () => {
    const { ids, logProbs: told, entropies } = choose({ temperature: 2 });
    const whole = Array.from({ length: ROWS }, (_, row) => logProbs(row, 1, all));
    expectAllClose(
      told,
      Float32Array.from(whole, (own, row) => own[ids[row]!]!),
      1e-5,
      "nats",
    );
    const entropy = (own: ReadonlyArray<number>) =>
      own.reduce((sum, value) => sum - Math.exp(value) * value, 0);
    expectAllClose(entropies, Float32Array.from(whole, entropy), 1e-5, "nats");
  });

  it("never draws a token that is not allowed", () => {
    for (const edge of [0, 0.999999]) {
      const { ids } = choose({ uniforms: new Float32Array(ROWS).fill(edge) });
      for (const id of ids) expect(allowed[id]).toBe(1);
    }
  });
});
