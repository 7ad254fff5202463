/** Every reward that ships with the package, by name. Rewards layer. */
import { answer } from "./answer.ts";
import { sentenceBleu } from "./bleu.ts";
import type { Cider } from "./cider.ts";
import { type Completion, overlapping } from "./completion.ts";
import { format } from "./format.ts";
import { cosineScaled, softOverlong } from "./length.ts";
import { relaxed } from "./relaxed.ts";
import { repetitionPenalty } from "./repetition.ts";
import { rougeL } from "./rouge.ts";
import { steps } from "./steps.ts";
import { text } from "./text.ts";

/** Scores one completion, in [0, 1] where its name says nothing else. */
export type Reward = (completion: Completion) => number;

/** What some rewards have to be told. */
export interface RewardSettings {
  /** Largest relative error of an answer that is not a whole number. */
  readonly tolerance: number;
  /** Tokens of a run that may not be repeated. */
  readonly repetitionNgram: number;
  /** Share of the longest response in which length is punished more and more. */
  readonly overlongBuffer: number;
  /** Knows how rare words are among the references; asked for when CIDEr has weight. */
  readonly cider: () => Cider;
}

/** `repetition` and `overlong` are in [−1, 0], `cosine` in [−1, 1], all others in [0, 1]. */
export function makeComponents(settings: RewardSettings) {
  const right = ({ response, expected }: Completion) =>
    answer(response, expected, settings.tolerance);
  return {
    answer: right,
    format: ({ response }) => format(response),
    steps: ({ response }) => steps(response),
    text: ({ response, expected }) => text(response, expected),
    relaxed: ({ response, expected }) => relaxed(response, expected),
    bleu: (completion) => {
      const { candidate, reference } = overlapping(completion);
      return sentenceBleu(candidate, [reference]);
    },
    rougeL: (completion) => {
      const { candidate, reference } = overlapping(completion);
      return rougeL(candidate, [reference]).fmeasure;
    },
    cider: (completion) => {
      const { candidate, reference } = overlapping(completion);
      return settings.cider()(candidate.toLowerCase(), [reference.toLowerCase()]) / 10;
    },
    repetition: ({ generated }) => repetitionPenalty(generated, settings.repetitionNgram),
    overlong: ({ tokens, limit }) =>
      softOverlong(tokens, limit, Math.round(settings.overlongBuffer * limit)),
    cosine: (completion) => cosineScaled(right(completion), completion.tokens, completion.limit),
  } satisfies Readonly<Record<string, Reward>>;
}

/** Their names. */
export const componentNames = [
  ...(["answer", "format", "steps", "text", "relaxed", "bleu", "rougeL", "cider"] as const),
  ...(["repetition", "overlong", "cosine"] as const),
] satisfies ReadonlyArray<keyof ReturnType<typeof makeComponents>>;

/** Components that say whether the task was done; the others only shape how. */
export const TASK: ReadonlySet<string> = new Set<(typeof componentNames)[number]>([
  ...(["answer", "text", "relaxed", "bleu", "rougeL", "cider"] as const),
]);
