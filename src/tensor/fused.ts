/** Fused kernels of the native and the WebAssembly engine, as tfjs kernels; `fused/` holds their sources. Tensor layer. */
import * as tf from "@tensorflow/tfjs-core";

/** Attributes by kind: TensorFlow tells whole numbers from others. */
export interface FusedAttributes {
  readonly integers?: Readonly<Record<string, number>>;
  readonly numbers?: Readonly<Record<string, number>>;
  readonly flags?: Readonly<Record<string, boolean>>;
}

/** Number of outputs of each operation. */
const outputs = {
  RcpaRmsNorm: 2,
  RcpaRmsNormGrad: 2,
  RcpaSwiGlu: 1,
  RcpaSwiGluGrad: 1,
  RcpaRotateRows: 1,
  RcpaSumRows: 1,
  RcpaAttention: 2,
  RcpaAttentionGrad: 2,
  RcpaChoose: 3,
  RcpaLogSoftmax: 1,
  RcpaPick: 2,
  RcpaPickGrad: 1,
  RcpaDivergence: 2,
  RcpaAdam: 3,
  RcpaSquareSum: 1,
} as const;

/** The name of a fused operation. */
export type FusedName = keyof typeof outputs;

/** What an engine computes an operation with. */
export type FusedRun<Backend> = (
  backend: Backend,
  name: FusedName,
  inputs: ReadonlyArray<tf.TensorInfo>,
  attributes: FusedAttributes,
  outputs: number,
) => Array<tf.TensorInfo>;

const registered = new Set<string>();

/**
 * Registers the kernels of one of tfjs's backends, once; `names` are those that it has.
 *
 * Some without the others would be a library of another checkout: then none is used.
 */
export function registerFused<Backend>(
  backendName: string,
  names: ReadonlyArray<string>,
  run: FusedRun<Backend>,
): void {
  const all = Object.entries(outputs) as ReadonlyArray<readonly [FusedName, number]>;
  if (registered.has(backendName) || !all.every(([name]) => names.includes(name))) return;
  for (const [kernelName, count] of all) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        run(
          backend as Backend,
          kernelName,
          Object.values(inputs) as Array<tf.TensorInfo>,
          attrs as unknown as FusedAttributes,
          count,
        ),
    });
  }
  registered.add(backendName);
}

/** Whether the engine in use has the fused kernels. */
export const hasFused = (): boolean => registered.has(tf.getBackend());

const none: FusedAttributes = {};

/**
 * Runs a fused operation; needs `hasFused()`. No gradient is taped: callers bring their own.
 *
 * Memory: caller owns the results; call inside a tidy.
 */
export function runFused(
  name: FusedName,
  inputs: ReadonlyArray<tf.Tensor>,
  attributes: FusedAttributes = none,
): Array<tf.Tensor> {
  return tf
    .engine()
    .runKernel(
      name,
      Object.fromEntries(inputs.entries()) as unknown as tf.NamedTensorMap,
      attributes as unknown as tf.NamedAttrMap,
    ) as unknown as Array<tf.Tensor>;
}
