/** Which examples a step sees: epochs in random order, addressed by step. Serves all training stages. */
import { stream } from "../core/seed.ts";

/**
 * Batch `index` of an endless pass over `items`: each epoch is a fresh permutation, none is skipped.
 *
 * Equal arguments give equal batches, so a resumed stage goes on exactly.
 */
export function batchOf<A>(
  items: ReadonlyArray<A>,
  size: number,
  index: number,
  seed: number,
  ...path: ReadonlyArray<string | number>
): Array<A> {
  const orders = new Map<number, ReadonlyArray<A>>();
  const orderOf = (epoch: number) => {
    const known = orders.get(epoch) ?? stream(seed, "order", ...path, epoch).shuffle(items);
    orders.set(epoch, known);
    return known;
  };
  return Array.from({ length: size }, (_, i) => {
    const at = index * size + i;
    return orderOf(Math.floor(at / items.length))[at % items.length]!;
  });
}
