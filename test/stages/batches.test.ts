import { describe, expect, it } from "vitest";
import { batchOf } from "../../src/stages/batches.ts";

const items = Array.from({ length: 10 }, (_, index) => `item-${index}`);
const draw = (size: number, count: number, path = "grpo", seed = 1) =>
  Array.from({ length: count }, (_, index) => batchOf(items, size, index, seed, path)).flat();

describe("batchOf", () => {
  it.each([1, 3, 4, 10])("shows every item once an epoch, in batches of %d", (size) => {
    const shown = draw(size, 30).slice(0, 30);
    for (const epoch of [0, 1, 2]) {
      const part = shown.slice(10 * epoch, 10 * (epoch + 1));
      expect([...part].sort()).toEqual(items);
    }
  });

  it("gives one sequence whatever the size of the batches", () => {
    const one = draw(1, 24);
    expect(draw(3, 8)).toEqual(one);
    expect(draw(12, 2)).toEqual(one);
  });

  it("fills a batch larger than the list from the next epoch", () => {
    const batch = batchOf(items, 25, 0, 1, "grpo");
    expect([...batch.slice(0, 10)].sort()).toEqual(items);
    expect([...batch.slice(10, 20)].sort()).toEqual(items);
    expect(new Set(batch.slice(20)).size).toBe(5);
  });

  it("orders epochs, seeds and paths differently", () => {
    const [first, second] = [draw(10, 1), draw(10, 2).slice(10)];
    expect(second).not.toEqual(first);
    expect(draw(10, 1, "warmup")).not.toEqual(first);
    expect(draw(10, 1, "grpo", 2)).not.toEqual(first);
  });
});
