/** What counts as right when a model is measured. Rewards layer. */
import { answer, TOLERANCE } from "./answer.ts";
import { relaxed } from "./relaxed.ts";
import { text } from "./text.ts";

/** How answers are judged, in the names of the rewards. */
export interface Judge {
  readonly by: "answer" | "text" | "relaxed";
  /** Largest relative error of an `answer` that is not a whole number. */
  readonly tolerance: number;
}

export const DEFAULT_JUDGE: Judge = { by: "answer", tolerance: TOLERANCE };

/** Whether a whole response counts as right. */
export function isRight(response: string, expected: string, { by, tolerance }: Judge): boolean {
  const judges = {
    answer: () => answer(response, expected, tolerance),
    text: () => text(response, expected),
    relaxed: () => relaxed(response, expected),
  };
  return judges[by]() === 1;
}

/** As a reward pays: by the first of `answer`, `text` and `relaxed` that has weight. */
export function judgeOf(
  reward: Readonly<Record<Judge["by"], number>> & Pick<Judge, "tolerance">,
): Judge {
  const by = (["answer", "text", "relaxed"] as const).find((name) => reward[name] > 0);
  return { by: by ?? "answer", tolerance: reward.tolerance };
}
