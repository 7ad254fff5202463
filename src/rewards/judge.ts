/** What counts as right when a model is measured. Rewards layer. */
import { answer, TOLERANCE } from "./answer.ts";
import { withoutTags } from "./completion.ts";
import { extractAnswer } from "./format.ts";
import { relaxed } from "./relaxed.ts";
import { rougeL } from "./rouge.ts";
import { text } from "./text.ts";

/** How answers are judged, in the names of the rewards. */
export interface Judge {
  readonly by: "answer" | "text" | "relaxed" | "rougeL";
  /** Largest relative error of an `answer` that is not a whole number. */
  readonly tolerance: number;
  /** ROUGE-L from which a text is right by `rougeL`. */
  readonly least: number;
}

const LEAST = 0.5;
export const DEFAULT_JUDGE: Judge = { by: "answer", tolerance: TOLERANCE, least: LEAST };

/** Whether a whole response counts as right; by `rougeL` its answer block counts, or without one all of it. */
export function isRight(
  response: string,
  expected: string,
  { by, tolerance, least }: Judge,
): boolean {
  const judges = {
    answer: () => answer(response, expected, tolerance),
    text: () => text(response, expected),
    relaxed: () => relaxed(response, expected),
    rougeL: () => {
      const given = extractAnswer(response) ?? withoutTags(response);
      return rougeL(given, [expected]).fmeasure >= least ? 1 : 0;
    },
  };
  return judges[by]() === 1;
}

/** As a reward pays: by the first of `answer`, `text` and `relaxed` that has weight, else by overlap where that has. */
export function judgeOf(
  reward: Readonly<Record<Judge["by"] | "bleu" | "cider", number>> & Pick<Judge, "tolerance">,
): Judge {
  const by = (["answer", "text", "relaxed"] as const).find((name) => reward[name] > 0);
  const overlap = (["bleu", "rougeL", "cider"] as const).some((name) => reward[name] > 0);
  return {
    ...DEFAULT_JUDGE,
    by: by ?? (overlap ? "rougeL" : "answer"),
    tolerance: reward.tolerance,
  };
}
