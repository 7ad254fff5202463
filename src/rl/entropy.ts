/** Selection of tokens by entropy, and the entropy bonus. Layer rl. */

/**
 * The q-quantile of values with linear interpolation, as numpy and torch define it; NaN of none.
 */
export function quantile(values: ReadonlyArray<number>, q: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  if (sorted.length === 0) return Number.NaN;
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}

/**
 * Marks the masked-in tokens whose entropy is within the top `share` of all masked-in tokens.
 *
 * Shapes: entropies (nats) and mask alike, any layout; gives 0/1 of the same length.
 * Source: "Beyond the 80/20 rule" 2506.01939; TRL's `top_entropy_quantile`.
 */
export function highEntropy(
  entropies: ArrayLike<number>,
  mask: ArrayLike<number>,
  share: number,
): Uint8Array {
  const values: Array<number> = [];
  for (let i = 0; i < mask.length; i++) if (mask[i]) values.push(entropies[i]!);
  const threshold = quantile(values, 1 - share);
  return Uint8Array.from(mask, (active, i) => (active && entropies[i]! >= threshold ? 1 : 0));
}

/**
 * Loss −coefficient · mean entropy over masked-in tokens, and its gradient by the entropies.
 *
 * Shapes: entropies (nats) and mask [sample, time]; `tokens`, when given, is the count over all
 * micro-batches of the update. Source: TRL 1.13 `entropy_coef`.
 */
export function entropyBonus(
  entropies: Float32Array,
  mask: ArrayLike<number>,
  coefficient: number,
  tokens?: number,
): { readonly loss: number; readonly gradient: Float32Array } {
  const active = Uint8Array.from(mask, (value) => (value ? 1 : 0));
  const count = Math.max(1, tokens ?? active.reduce((sum, value) => sum + value, 0));
  let loss = 0;
  const gradient = new Float32Array(entropies.length);
  active.forEach((on, i) => {
    if (!on) return;
    loss -= (coefficient * entropies[i]!) / count;
    gradient[i] = -coefficient / count;
  });
  return { loss, gradient };
}
