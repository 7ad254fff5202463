/** The fused kernels of the WebAssembly engine: a module of ours that works in the memory of tfjs's. Tensor layer. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { type FusedAttributes, registerFused } from "./fused.ts";

/** The machine's memory, as it is now: it may grow with every call. */
interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Global {
  value: number;
}

/** What is used of the platform's WebAssembly, for which Node's types have no names. */
interface Platform {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
  readonly Global: new (type: { value: "i32"; mutable: boolean }, value: number) => Global;
  readonly Table: new (type: { element: "anyfunc"; initial: number }) => object;
}

const platform = (globalThis as unknown as { readonly WebAssembly: Platform }).WebAssembly;

/** What is used of tfjs's WebAssembly backend. */
interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory?: Memory };
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
  };
  readonly dataIdMap: { readonly get: (id: object) => { readonly memoryOffset: number } };
  readonly makeOutput: (shape: ReadonlyArray<number>, dtype: "float32" | "int32") => tf.TensorInfo;
  readonly disposeData: (id: object, force: true) => void;
}

interface Kernels {
  readonly __wasm_apply_data_relocs: () => void;
  readonly rcpa_operations: () => number;
  readonly rcpa_name: (operation: number) => number;
  readonly rcpa_run: (operation: number, inputs: number, count: number, settings: number) => void;
}

/** `fused/wasm.cc`, compiled by `fused/build-wasm.mjs`. */
const file = new URL("./fused/fused.wasm", import.meta.url);

const STACK_BYTES = 2 ** 18;
/** Words of an input as `wasm.cc` reads it: address, rank, dims. */
const INPUT_WORDS = 10;
const MOST_DIMS = 8;
const integers = ["heads", "kv_heads", "dim", "turned", "N"];
const numbers = ["epsilon", "sign", "temperature"];
const SETTINGS_WORDS = integers.length + 1 + numbers.length;

/** The call that is running: kernels run one after the other. */
const call: { outputs: Array<tf.TensorInfo>; failure?: string } = { outputs: [] };

/**
 * Adds the kernels to the backend in use, which is tfjs's WebAssembly one. Where it lacks what they need (an older
 * processor without vectors, memory of another kind) it goes on without.
 */
export function registerWasmFused(): void {
  const backend = tf.backend() as unknown as WasmBackend;
  const { memory } = backend.wasm.asm;
  if (memory === undefined || tf.env().get("WASM_HAS_SIMD_SUPPORT") !== true) return;
  const { kernels, stack } = load(backend, memory);
  const stackTop = stack.value;
  const names = Array.from({ length: kernels.rcpa_operations() }, (_, operation) =>
    textAt(memory, kernels.rcpa_name(operation)),
  );
  const indices = new Map(names.map((name, index) => [name, index]));
  const writeCall = callWriter(backend, memory);
  registerFused<WasmBackend>("wasm", names, (_, name, inputs, attributes) => {
    call.outputs = [];
    delete call.failure;
    const [inputsAt, settingsAt] = writeCall(inputs, attributes);
    try {
      kernels.rcpa_run(indices.get(name)!, inputsAt, inputs.length, settingsAt);
      if (call.failure !== undefined) throw new Error(call.failure);
    } catch (error) {
      // Thrown where memory is gone, in the midst of a kernel: its frames are left behind.
      stack.value = stackTop;
      for (const { dataId } of call.outputs.filter(Boolean)) backend.disposeData(dataId, true);
      throw error;
    }
    return call.outputs;
  });
}

/**
 * A module that can be put anywhere, put behind what tfjs has in its memory.
 *
 * Source: WebAssembly tool conventions, DynamicLinking.md.
 */
function load(
  backend: WasmBackend,
  memory: Memory,
): { readonly kernels: Kernels; readonly stack: Global } {
  const { wasm } = backend;
  const bytes = readFileSync(file);
  const { dataBytes, functions } = needs(bytes);
  const base = Math.ceil(wasm._malloc(dataBytes + 16) / 16) * 16;
  const stackStart = wasm._malloc(STACK_BYTES);
  const number = (value: number, mutable = false) =>
    new platform.Global({ value: "i32", mutable }, value);
  const stack = number(Math.floor((stackStart + STACK_BYTES) / 16) * 16, true);
  const instance = new platform.Instance(new platform.Module(bytes), {
    env: {
      memory,
      __memory_base: number(base),
      __table_base: number(1),
      __indirect_function_table: new platform.Table({
        element: "anyfunc",
        initial: functions + 1,
      }),
      __stack_pointer: stack,
      logf: Math.log,
      rcpa_take: wasm._malloc,
      rcpa_give: wasm._free,
      rcpa_output: (index: number, integer: number, shapeAt: number, rank: number) => {
        const shape = [...new Int32Array(memory.buffer, shapeAt, rank)];
        const output = backend.makeOutput(shape, integer === 1 ? "int32" : "float32");
        call.outputs[index] = output;
        return backend.dataIdMap.get(output.dataId).memoryOffset;
      },
      rcpa_fail: (textAddress: number) => {
        call.failure = textAt(memory, textAddress);
      },
    },
  });
  const kernels = instance.exports as unknown as Kernels;
  kernels.__wasm_apply_data_relocs();
  return { kernels, stack };
}

/**
 * What the module asks to be given, from its first section: of kind 0 ("custom"), named "dylink.0"; its first part, of
 * kind 1, has four numbers.
 */
function needs(bytes: Uint8Array): { readonly dataBytes: number; readonly functions: number } {
  let at = 8;
  const next = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const [kind, , nameLength] = [next(), next(), next()] as const;
  const name = Buffer.from(bytes.subarray(at, at + nameLength)).toString();
  at += nameLength;
  const [part, , dataBytes, , functions] = [next(), next(), next(), next(), next()] as const;
  if (kind !== 0 || name !== "dylink.0" || part !== 1) {
    throw new Error(`${file.pathname} is no module that can be put anywhere`);
  }
  return { dataBytes, functions };
}

/** Writes inputs and settings where the kernels read them, and gives the two places. */
function callWriter({ wasm, dataIdMap }: WasmBackend, memory: Memory) {
  let room = 0;
  let start = 0;
  return (
    inputs: ReadonlyArray<tf.TensorInfo>,
    attributes: FusedAttributes,
  ): readonly [inputsAt: number, settingsAt: number] => {
    const words = SETTINGS_WORDS + INPUT_WORDS * inputs.length;
    if (words > room) {
      wasm._free(start);
      // Addresses above 2 GiB come as negative numbers.
      start = wasm._malloc(4 * words) >>> 0;
      room = words;
    }
    const whole = new Int32Array(memory.buffer, start, words);
    const settings = integers.map((name) => attributes.integers?.[name] ?? 0);
    whole.set([...settings, attributes.flags?.causal ? 1 : 0]);
    const rest = new Float32Array(memory.buffer, start + 4 * (integers.length + 1), numbers.length);
    rest.set(numbers.map((name) => attributes.numbers?.[name] ?? 0));
    let at = SETTINGS_WORDS;
    for (const { dataId, shape } of inputs) {
      if (shape.length > MOST_DIMS) throw new RangeError(`${shape.length} dimensions are too many`);
      whole[at] = dataIdMap.get(dataId).memoryOffset;
      whole[at + 1] = shape.length;
      whole.set(shape, at + 2);
      at += INPUT_WORDS;
    }
    return [start + 4 * SETTINGS_WORDS, start];
  };
}

/** The text at an address, up to its zero. */
function textAt(memory: Memory, address: number): string {
  const bytes = new Uint8Array(memory.buffer);
  return Buffer.from(bytes.subarray(address, bytes.indexOf(0, address))).toString("utf8");
}
