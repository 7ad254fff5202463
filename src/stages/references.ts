/** How rare words are among a data set's references, for CIDEr. Serves all reinforcement phases. */
import { type Cider, makeCider } from "../rewards/cider.ts";
import { withoutTags } from "../rewards/completion.ts";
import type { Examples } from "./dataset.ts";

const known = new WeakMap<Examples, Cider>();

/** Learns from the worked references, or from the answers where there are none; once for each data set. */
export function ciderOf(examples: Examples): Cider {
  const found = known.get(examples);
  if (found !== undefined) return found;
  const { worked, domain } = examples;
  const texts =
    worked.length > 0
      ? worked.map(({ reference }) => reference ?? "")
      : domain.train.map(({ answer }) => answer);
  const made = makeCider(texts.map((text) => [withoutTags(text).toLowerCase()]));
  known.set(examples, made);
  return made;
}
