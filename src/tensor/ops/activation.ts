/** Gated and plain activations with hand-written gradients. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";
import { hasFused, runFused } from "../fused.ts";
import { customGrad } from "./custom-grad.ts";

/**
 * SwiGLU on a fused projection: `silu(gate) · up`, where `gateUp = [gate | up]`.
 *
 * @param gateUp [row, 2 · dim] float32
 * @returns [row, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: Shazeer, GLU Variants Improve Transformer, eq. 6.
 */
export function swiGlu(gateUp: tf.Tensor2D): tf.Tensor2D {
  if (hasFused()) return fusedSwiGlu(gateUp);
  const op = customGrad((input, save) => {
    const [gate, up] = halves(input as tf.Tensor2D);
    const sigmoid = tf.sigmoid(gate);
    const silu = tf.mul(gate, sigmoid);
    (save as tf.GradSaveFunc)([up, sigmoid, silu]);
    return {
      value: tf.mul(silu, up),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [upRows, gateSigmoid, gateSilu] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        // d silu(g)/dg = σ(g) + silu(g) · (1 − σ(g)) = σ + silu − silu · σ
        const slope = tf.sub(tf.add(gateSigmoid, gateSilu), tf.mul(gateSilu, gateSigmoid));
        return tf.concat([tf.mul(tf.mul(dy, upRows), slope), tf.mul(dy, gateSilu)], 1);
      },
    };
  });
  return op(gateUp) as tf.Tensor2D;
}

function fusedSwiGlu(gateUp: tf.Tensor2D): tf.Tensor2D {
  const op = customGrad((input, save) => {
    (save as tf.GradSaveFunc)([input as tf.Tensor]);
    return {
      value: runFused("RcpaSwiGlu", [input as tf.Tensor])[0]!,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) =>
        runFused("RcpaSwiGluGrad", [dy, saved[0]!])[0]!,
    };
  });
  return op(gateUp) as tf.Tensor2D;
}

function halves(x: tf.Tensor2D): [tf.Tensor2D, tf.Tensor2D] {
  const [rows, width] = x.shape;
  const half = width / 2;
  return [tf.slice(x, [0, 0], [rows, half]), tf.slice(x, [0, half], [rows, half])];
}

/**
 * Exact Gaussian error linear unit, `x · Φ(x)`.
 *
 * Memory: caller owns the result; call inside a tidy.
 * Source: Hendrycks & Gimpel, Gaussian Error Linear Units, section 2.
 */
export function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const op = customGrad((input, save) => {
    const rows = input as tf.Tensor2D;
    const normal = tf.mul(tf.add(tf.erf(tf.mul(rows, Math.SQRT1_2)), 1), 0.5);
    (save as tf.GradSaveFunc)([rows, normal]);
    return {
      value: tf.mul(rows, normal),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [inputRows, cumulative] = saved as [tf.Tensor, tf.Tensor];
        const density = tf.mul(
          tf.exp(tf.mul(tf.square(inputRows), -0.5)),
          1 / Math.sqrt(2 * Math.PI),
        );
        return tf.mul(dy, tf.add(cumulative, tf.mul(inputRows, density)));
      },
    };
  });
  return op(x) as tf.Tensor2D;
}

/**
 * The sigmoid approximation of gelu, `x · σ(1.702 x)`.
 *
 * Memory: caller owns the result; call inside a tidy.
 * Source: Hendrycks & Gimpel, Gaussian Error Linear Units, section 2.
 */
export function quickGelu(x: tf.Tensor2D): tf.Tensor2D {
  const op = customGrad((input, save) => {
    const rows = input as tf.Tensor2D;
    const share = tf.sigmoid(tf.mul(rows, 1.702));
    const value = tf.mul(rows, share);
    (save as tf.GradSaveFunc)([share, value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [sigmoid, result] = saved as [tf.Tensor, tf.Tensor];
        // d/dx = σ + 1.702 x σ (1 − σ)
        const bend = tf.mul(tf.mul(result, tf.sub(1, sigmoid)), 1.702);
        return tf.mul(dy, tf.add(sigmoid, bend));
      },
    };
  });
  return op(x) as tf.Tensor2D;
}

const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

/**
 * The tanh approximation of gelu, `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
 *
 * Memory: caller owns the result; call inside a tidy.
 * Source: Hendrycks & Gimpel, Gaussian Error Linear Units, section 2.
 */
export function tanhGelu(x: tf.Tensor2D): tf.Tensor2D {
  const op = customGrad((input, save) => {
    const rows = input as tf.Tensor2D;
    const cubic = tf.mul(tf.mul(tf.square(rows), rows), TANH_CUBIC);
    const tanh = tf.tanh(tf.mul(tf.add(rows, cubic), TANH_SCALE));
    (save as tf.GradSaveFunc)([rows, tanh]);
    return {
      value: tf.mul(tf.mul(rows, 0.5), tf.add(tanh, 1)),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [inputRows, bent] = saved as [tf.Tensor, tf.Tensor];
        const slope = tf.add(tf.mul(tf.square(inputRows), 3 * TANH_CUBIC * TANH_SCALE), TANH_SCALE);
        const steep = tf.mul(tf.mul(inputRows, slope), tf.sub(1, tf.square(bent)));
        return tf.mul(dy, tf.mul(tf.add(tf.add(bent, 1), steep), 0.5));
      },
    };
  });
  return op(x) as tf.Tensor2D;
}
