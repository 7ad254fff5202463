/** What an evaluation suite is: questions about images, each with a judge of responses. Evals layer. */
import type { ImageSource } from "../data/image-source.ts";

/** The suites there are, by the names of the benchmarks whose layouts they read. */
export const suiteKinds = ["mmbench", "mmstar", "mathvista", "pope", "vqa"] as const;
export type SuiteKind = (typeof suiteKinds)[number];

/** What a response was taken to answer, and how right that is. */
export interface Judged {
  /** Null when the response holds nothing that could be an answer; it scores 0. */
  readonly answer: string | null;
  /** In [0, 1]. */
  readonly score: number;
}

/** One question with its image, which comes first. */
export interface Item {
  /** As the suite's file has it. */
  readonly id: string;
  readonly prompt: string;
  readonly promptField: string;
  readonly image: ImageSource;
  readonly imageField: string;
  /** What questions are told apart by: a field's name and this question's value. */
  readonly groups: Readonly<Record<string, string>>;
  /** Shared by questions that count as one, such as one with its options in several orders; undefined: its own. */
  readonly unit: string | undefined;
  /** The right answer in words. */
  readonly truth: string;
  readonly judge: (response: string) => Judged;
}

/** What is scored of one question. */
export interface Outcome extends Judged, Pick<Item, "groups" | "unit" | "truth"> {
  /** Whether the longest response allowed cut it off. */
  readonly cut: boolean;
}
