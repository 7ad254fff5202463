/** The fused kernels of the native engine on the processor. Tensor layer. */
import type * as tf from "@tensorflow/tfjs-core";
import { type FusedAttributes, registerFused } from "./fused.ts";

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

/** Registers the operations that TensorFlow has taken. */
export function registerNativeFused(names: ReadonlyArray<string>): void {
  registerFused<NativeBackend>("tensorflow", names, (backend, name, inputs, attributes, outputs) =>
    backend.executeMultipleOutputs(name, attributesOf(attributes, backend), inputs, outputs),
  );
}

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
