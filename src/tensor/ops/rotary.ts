/** Rotary position embedding (rotate-half form) with a hand-written gradient. Serves `models`. */
import * as tf from "@tensorflow/tfjs-core";

/** Cosines and signed sines of the rotation angles, both [row, 1, dim]; make them with `rotaryTable`. */
export interface RotaryTable {
  readonly cos: tf.Tensor3D;
  /** The sines, negated in the first half of `dim`, so that rotating takes one product. */
  readonly signedSin: tf.Tensor3D;
}

/**
 * A rotation table from angles.
 *
 * @param angles [row, dim / 2] radians, row-major
 * @returns tables [row, 1, dim]; both halves of `dim` turn by the same angles
 * Memory: caller owns both tensors.
 */
export function rotaryTable(angles: Float64Array, rows: number): RotaryTable {
  const half = angles.length / rows;
  const cos = new Float32Array(rows * half * 2);
  const signedSin = new Float32Array(rows * half * 2);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < half; i++) {
      const angle = angles[row * half + i]!;
      const first = row * half * 2 + i;
      cos[first] = cos[first + half] = Math.cos(angle);
      signedSin[first + half] = Math.sin(angle);
      signedSin[first] = -Math.sin(angle);
    }
  }
  const shape: [number, number, number] = [rows, 1, half * 2];
  return { cos: tf.tensor3d(cos, shape), signedSin: tf.tensor3d(signedSin, shape) };
}

/**
 * Rotates each head vector: `y₁ = x₁ cos − x₂ sin`, `y₂ = x₂ cos + x₁ sin`, halves of `dim`.
 *
 * @param x [row, head, dim] float32
 * @returns [row, head, dim] float32
 * Memory: caller owns the result; call inside a tidy.
 * Source: Su et al., RoFormer, eq. 34, in the rotate-half ordering of the Hugging Face checkpoints.
 */
export function rotate(x: tf.Tensor3D, table: RotaryTable): tf.Tensor3D {
  const op = tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([table.cos, table.signedSin]);
    return {
      value: tf.add(
        tf.mul(input as tf.Tensor, table.cos),
        tf.mul(swapHalves(input as tf.Tensor3D), table.signedSin),
      ),
      gradFunc: (dy: tf.Tensor, saved: Array<tf.Tensor>) => {
        const [cos, signedSin] = saved as [tf.Tensor, tf.Tensor];
        return tf.add(tf.mul(dy, cos), swapHalves(tf.mul(dy, signedSin) as tf.Tensor3D));
      },
    };
  });
  return op(x) as tf.Tensor3D;
}

function swapHalves(x: tf.Tensor3D): tf.Tensor3D {
  const [rows, heads, dim] = x.shape;
  const half = dim / 2;
  return tf.concat(
    [tf.slice(x, [0, 0, half], [rows, heads, half]), tf.slice(x, [0, 0, 0], [rows, heads, half])],
    2,
  );
}
