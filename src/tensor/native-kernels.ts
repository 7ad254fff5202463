/** Replaces kernels of the native backend by faster ones of the same library. Tensor layer. */
import * as tf from "@tensorflow/tfjs-core";

/** What kernels use of tfjs-node's backend. */
interface NativeBackend {
  readonly binding: { readonly TF_ATTR_BOOL: number; readonly TF_ATTR_TYPE: number };
  readonly getDTypeInteger: (dtype: string) => number;
  readonly executeSingleOutput: (
    op: string,
    attributes: ReadonlyArray<{ name: string; type: number; value: unknown }>,
    inputs: ReadonlyArray<tf.TensorInfo>,
  ) => tf.TensorInfo;
}

interface MatMulInputs {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
}

/**
 * Sends products of two matrices to TensorFlow's MatMul instead of BatchMatMulV2, which tfjs-node
 * 4.22 uses for all ranks: a decoding step's small products take less than half the time (docs/log.md).
 *
 * Call once, after the backend's own kernels are registered.
 */
export function replaceMatMul(): void {
  tf.unregisterKernel(tf.BatchMatMul, "tensorflow");
  tf.registerKernel({
    kernelName: tf.BatchMatMul,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { a, b } = inputs as unknown as MatMulInputs;
      const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
      const native = backend as NativeBackend;
      const { TF_ATTR_BOOL, TF_ATTR_TYPE } = native.binding;
      const matrices = a.shape.length === 2 && b.shape.length === 2;
      const [op, left, right] = matrices
        ? ["MatMul", "transpose_a", "transpose_b"]
        : ["BatchMatMulV2", "adj_x", "adj_y"];
      const attributes = [
        { name: "T", type: TF_ATTR_TYPE, value: native.getDTypeInteger(a.dtype) },
        { name: left!, type: TF_ATTR_BOOL, value: transposeA },
        { name: right!, type: TF_ATTR_BOOL, value: transposeB },
      ];
      return native.executeSingleOutput(op!, attributes, [a, b]);
    },
  });
}
