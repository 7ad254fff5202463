/** Checkpoint tensors on the device and back: nothing lost, however they come. */
import { describe, expect, it } from "vitest";
import type { NamedArray, PiecewiseArray } from "../../src/core/named-array.ts";
import { fuse, slots, split } from "../../src/models/layout.ts";
import { preparedModels } from "../support/golden-prompts.ts";

const models = await preparedModels();

/** `rows` rows at a time, each piece over the one before, as a file is read. */
function piecewise({ shape, data }: NamedArray, rows: number): PiecewiseArray {
  const step = (rows * data.length) / shape[0]!;
  const memory = new Float32Array(step);
  function* pieces() {
    for (let at = 0; at < data.length; at += step) {
      const piece = data.subarray(at, at + step);
      memory.set(piece);
      yield memory.subarray(0, piece.length);
    }
  }
  return { shape, pieces, copyTo: (target) => target.set(data) };
}

describe.each(models)("$name", ({ folder: { config, weights } }) => {
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
  const whole = new Map(fuse(config, weights));

  it("comes back from the device as it was", () => {
    expect(split(config, whole, shapes)).toEqual(weights);
  });

  it.each([1, 3, 7])("is the same when it comes %i rows at a time", (rows) => {
    const get = (name: string) => piecewise(weights.get(name)!, rows);
    expect(new Map(fuse(config, { get }))).toEqual(whole);
  });

  it("has its matrices turned, side by side", () => {
    const { name, sources } = slots(config).find(
      ({ kind, sources: tensors }) => kind === "matrix" && tensors.length > 1,
    )!;
    const [first, second] = sources.map((source) => weights.get(source)!);
    const { shape, data } = whole.get(name)!;
    const [rows, depth] = first!.shape as [number, number];
    expect(shape[0]).toBe(depth);
    expect(data[2 * shape[1]! + 1]).toBe(first!.data[depth + 2]);
    expect(data[2 * shape[1]! + rows + 1]).toBe(second!.data[depth + 2]);
  });
});
