/** An array on the host, as files and devices exchange it. Serves `tensor` and `models`. */

/** Row-major float32 values with their shape. */
export interface NamedArray {
  readonly shape: ReadonlyArray<number>;
  readonly data: Float32Array;
}
