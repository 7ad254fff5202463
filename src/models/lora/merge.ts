/** An adapter worked into the weights it belongs to. Models layer. */
import type { NamedArray } from "../../core/named-array.ts";
import type { LoraArrays } from "./adapter.ts";
import { scaleOf } from "./settings.ts";

/**
 * Weights with `scale · b · a` added to those of the adapted modules; the others are shared, not copied.
 *
 * @param weights a checkpoint's tensors by canonical name, [dim out, dim in] each
 * Source: PEFT `Linear.get_delta_weight`.
 */
export function merged(
  weights: ReadonlyMap<string, NamedArray>,
  { settings, pairs }: LoraArrays,
): Map<string, NamedArray> {
  const scale = scaleOf(settings);
  const result = new Map(weights);
  for (const [module, { a, b }] of pairs) {
    const name = `${module}.weight`;
    const { shape, data } = weights.get(name)!;
    const sum = Float32Array.from(data);
    const [outputs, inputs] = shape as readonly [number, number];
    const row = new Float64Array(inputs);
    for (let output = 0; output < outputs; output++) {
      row.fill(0);
      for (let r = 0; r < settings.rank; r++) {
        const factor = b.data[output * settings.rank + r]!;
        if (factor === 0) continue;
        for (let i = 0; i < inputs; i++) row[i]! += factor * a.data[r * inputs + i]!;
      }
      for (let i = 0; i < inputs; i++) sum[output * inputs + i]! += scale * row[i]!;
    }
    result.set(name, { shape, data: sum });
  }
  return result;
}
