/** How products of matrices and their gradients are counted. Models layer. */

/** Operations of a pass, and of its gradient on top. */
export interface Flops {
  readonly forward: number;
  readonly backward: number;
}

/** The gradient of a product takes a product for each of its factors. */
export const linearFlops = (forward: number): Flops => ({ forward, backward: 2 * forward });
/** Scores are computed again; then come the gradients of weights, queries, keys and values: 5 products for 2. */
export const attentionFlops = (forward: number): Flops => ({ forward, backward: 2.5 * forward });

/** All of them one after the other. */
export const sumFlops = (...parts: ReadonlyArray<Flops>): Flops => ({
  forward: parts.reduce((total, { forward }) => total + forward, 0),
  backward: parts.reduce((total, { backward }) => total + backward, 0),
});
