/** An array on the host, as files and devices exchange it. Serves `tensor` and `models`. */

/** Row-major float32 values with their shape. */
export interface NamedArray {
  readonly shape: ReadonlyArray<number>;
  readonly data: Float32Array;
}

/** Row-major float32 values that come some rows at a time; for arrays that are copied on, so that no second one is needed. */
export interface PiecewiseArray {
  readonly shape: ReadonlyArray<number>;
  /** Whole rows of the first axis, in order. A piece is good until the next one is asked for, of this array or another. */
  readonly pieces: () => Iterable<Float32Array>;
  /** Puts all of it into `target`, which is as long. */
  readonly copyTo: (target: Float32Array) => void;
}
