/** What a new pipeline says, chosen from what was found in the file and the model. CLI. */
import type { Survey } from "./survey.ts";

/** Everything the file of a new pipeline depends on. */
export interface Choices {
  readonly name: string;
  /** The pipeline's file as commands name it. */
  readonly path: string;
  readonly model: string;
  /** Undefined for the synthetic geometry world. */
  readonly own: OwnData | undefined;
  /** Longest response, tokens. */
  readonly maxTokens: number;
  /** Whether thoughts are calculations that can be paid for. */
  readonly calculations: boolean;
  /** Whether the phases with imposed references can run. */
  readonly phases: boolean;
  /** Large models get small batches. */
  readonly tiny: boolean;
}

/** The user's files in the pipeline's words. */
export interface OwnData {
  readonly survey: Survey;
  /** Null where a folder has a split for it. */
  readonly test: string | number | null;
  readonly validation: number | null;
}

const TINY = "tiny-vlm";
/** Held-out rows beyond these sharpen no interval and cost time at each phase's end. */
const MOST_TEST = 500;
const MOST_VALIDATION = 200;

/** Chooses reward, stages, parts and lengths. */
export function choose(
  place: Pick<Choices, "name" | "path" | "model">,
  found: Survey | undefined,
  testFile: string | undefined,
): Choices {
  const tiny = place.model === TINY;
  if (found === undefined) {
    const known = { maxTokens: 24, calculations: true, phases: true, own: undefined };
    return { ...place, ...known, tiny };
  }
  const held = (split: string, usual: number) =>
    Object.hasOwn(found.splits, split) ? null : usual;
  return {
    ...{ ...place, tiny },
    own: {
      survey: found,
      test: testFile ?? held("test", share(0.2, MOST_TEST, found.rows)),
      validation: held("validation", share(0.1, MOST_VALIDATION, found.rows)),
    },
    maxTokens: longest(found, tiny),
    calculations: found.calculated * 2 > found.worked,
    phases: found.worked > 0,
  };
}

const share = (usual: number, most: number, rows: number): number =>
  Number(Math.max(0.001, Math.min(usual, most / rows)).toFixed(3));

/** A quarter more than the longest solution; without solutions, room to think. */
function longest({ longestReference, longestAnswer }: Survey, tiny: boolean): number {
  const open = longestAnswer + (tiny ? 16 : 256);
  const tokens =
    longestReference === 0 ? open : Math.max(longestReference * 1.25, longestAnswer + 4);
  return Math.ceil(tokens / 8) * 8;
}
