/** Named random streams: every draw is addressed by seed and path, so a resumed run repeats it. Serves all layers. */
import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** A stateful source of random numbers; obtain one from `stream` and do not share it between purposes. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  readonly uniform: () => number;
  /** Uniform integer in [0, bound); bound ≥ 1. */
  readonly integer: (bound: number) => number;
  /** Standard normal (Box–Muller). */
  readonly normal: () => number;
  /** One item, uniformly; the list must not be empty. */
  readonly pick: <A>(items: ReadonlyArray<A>) => A;
  /** A new array with the items in random order (Fisher–Yates). */
  readonly shuffle: <A>(items: ReadonlyArray<A>) => Array<A>;
}

/**
 * The random stream at a path below a seed, for instance `stream(seed, "rollout", step)`.
 *
 * Equal arguments give equal streams; different paths give unrelated ones (SHA-256 of the path
 * seeds xoroshiro128+). Nothing has to be saved to continue after a restart: address by step.
 */
export function stream(seed: number, ...path: ReadonlyArray<string | number>): RandomStream {
  const hash = createHash("sha256")
    .update(JSON.stringify([seed, ...path]))
    .digest();
  const words = [0, 4, 8, 12].map((offset) => hash.readInt32LE(offset));
  const generator = xoroshiro128plusFromState(words);
  const uniform = () => uniformFloat64(generator);
  const integer = (bound: number) => uniformInt(generator, 0, bound - 1);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    pick: (items) => items[integer(items.length)]!,
    shuffle: (items) => {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [result[i], result[j]] = [result[j]!, result[i]!];
      }
      return result;
    },
  };
}
