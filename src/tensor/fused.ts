/** Fused kernels of the native engine on the processor, as tfjs kernels; `fused/` holds their sources. Tensor layer. */
import * as tf from "@tensorflow/tfjs-core";

/** What kernels use of tfjs-node's backend. */
interface NativeBackend {
  readonly binding: Readonly<Record<"TF_ATTR_INT" | "TF_ATTR_FLOAT" | "TF_ATTR_BOOL", number>>;
  readonly executeMultipleOutputs: (
    op: string,
    attributes: ReadonlyArray<Attribute>,
    inputs: ReadonlyArray<tf.TensorInfo>,
    outputs: number,
  ) => Array<tf.TensorInfo>;
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean;
}

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

const backendName = "tensorflow";
let registered = false;

/**
 * Registers the kernels with tfjs, once; `names` are those that TensorFlow has taken.
 *
 * Some without the others would be a library of another checkout: then none is used.
 */
export function registerFused(names: ReadonlyArray<string>): void {
  if (registered || !Object.keys(outputs).every((name) => names.includes(name))) return;
  for (const [kernelName, count] of Object.entries(outputs)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        (backend as NativeBackend).executeMultipleOutputs(
          kernelName,
          attributesOf(attrs as unknown as FusedAttributes, backend as NativeBackend),
          Object.values(inputs) as Array<tf.TensorInfo>,
          count,
        ),
    });
  }
  registered = true;
}

/** Whether the engine in use has the fused kernels. */
export const hasFused = (): boolean => registered && tf.getBackend() === backendName;

const known = new WeakMap<FusedAttributes, ReadonlyArray<Attribute>>();

function attributesOf(
  attributes: FusedAttributes,
  { binding }: NativeBackend,
): ReadonlyArray<Attribute> {
  const found = known.get(attributes);
  if (found !== undefined) return found;
  const list = ([values, type]: readonly [object | undefined, number]) =>
    Object.entries(values ?? {}).map(([name, value]): Attribute => ({ name, type, value }));
  const made = [
    list([attributes.integers, binding.TF_ATTR_INT]),
    list([attributes.numbers, binding.TF_ATTR_FLOAT]),
    list([attributes.flags, binding.TF_ATTR_BOOL]),
  ].flat();
  known.set(attributes, made);
  return made;
}

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
