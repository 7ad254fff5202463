/** Tells a lack of memory from other failures, by what the tensor libraries and the JavaScript engine say. Serves the runtime layer. */
import * as Effect from "effect/Effect";
import { OutOfMemory, type StageError } from "./errors.ts";

/**
 * Native TensorFlow (8 is its RESOURCE_EXHAUSTED), CUDA and its libraries, V8's array buffers, and
 * WebAssembly, whose kernels abort or reach past the end when their heap cannot grow.
 */
const messages: ReadonlyArray<RegExp> = [
  /OOM when allocating/i,
  /RESOURCE[ _]?EXHAUSTED/i,
  /TF_Status: 8\b/,
  /failed to allocate (memory|\d)/i,
  /CUDA_ERROR_OUT_OF_MEMORY|(CUBLAS|CUDNN|CUSOLVER)_STATUS_ALLOC_FAILED/,
  /std::bad_alloc/,
  /(Array buffer allocation|Cannot allocate Wasm memory|WebAssembly\.Memory.*allocate)/i,
  /wasm out of memory/i,
  /Aborted\((OOM|native code called abort\(\))?\)/,
  /memory access out of bounds/,
];

/** The lack of memory behind `error`; undefined when it is something else. */
export function outOfMemory(error: unknown): OutOfMemory | undefined {
  if (error instanceof OutOfMemory) return error;
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  if (!messages.some((pattern) => pattern.test(message))) return undefined;
  return new OutOfMemory({ detail: message.replace(/\s+/g, " ").slice(0, 300) });
}

/** Turns any failure or defect that a lack of memory caused into `OutOfMemory`. */
export function lackAsOutOfMemory<A, E extends StageError, R>(
  work: Effect.Effect<A, E, R>,
): Effect.Effect<A, E | OutOfMemory, R> {
  return Effect.catchCause(work, (cause): Effect.Effect<never, E | OutOfMemory> => {
    const lacks = cause.reasons.flatMap((reason) => {
      const error = reason._tag === "Fail" ? reason.error : reason._tag === "Die" && reason.defect;
      return outOfMemory(error) ?? [];
    });
    return lacks[0] === undefined ? Effect.failCause(cause) : Effect.fail(lacks[0]);
  });
}
