/** Names and shapes of every weight that a configuration calls for, under canonical names. Models layer. */
import type { VlmConfig } from "./config.ts";
import { familyOf } from "./families/family.ts";
import { type Shape, textShapes } from "./shapes.ts";

/**
 * The weights of a model under the names its family has on the Hub; `lm_head.weight` only when
 * embeddings are not tied.
 *
 * Linear weights are [out, in]; the patch embedding is [dim, channel, …, height, width].
 */
export function expectedShapes(config: VlmConfig): Map<string, Shape> {
  const { visionShapes, textPrefix } = familyOf(config);
  const { text, vision } = config;
  const entries = [...visionShapes(vision), ...textShapes(text, textPrefix)];
  if (!text.tieWordEmbeddings) entries.push(["lm_head.weight", [text.vocabSize, text.hiddenSize]]);
  return new Map(entries);
}
