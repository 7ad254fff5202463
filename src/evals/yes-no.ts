/** Whether a response says yes or no. Evals layer. */
import { said } from "./said.ts";

/**
 * A leading yes or no; else, of the first sentence, no when it denies and yes otherwise.
 *
 * Undefined for a response without a word. That a sentence that does not deny affirms is the rule of
 * the POPE program (2305.10355); the leading word and contractions ("isn't") are ours.
 */
export function yesOrNo(response: string): "yes" | "no" | undefined {
  const text = said(response).toLowerCase().replaceAll("’", "'");
  const leading = /^[^\p{L}]*(?:(?:the )?answer(?: is|:)?\s*["']?)?(yes|no)(?![\p{L}'])/u.exec(
    text,
  );
  if (leading !== null) return leading[1] as "yes" | "no";
  const [sentence = ""] = text.split(/[.!?\n]/).filter((part) => /\p{L}/u.test(part));
  if (sentence === "") return undefined;
  return /(?<![\p{L}'])(?:no|not|none|cannot)(?![\p{L}'])|n't\b/u.test(sentence) ? "no" : "yes";
}
