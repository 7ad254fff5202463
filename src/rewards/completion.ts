/** One response with everything that rewards look at. Rewards layer. */
import { extractAnswer } from "./format.ts";

export interface Completion {
  /** The whole response, what was imposed of the reference included. */
  readonly response: string;
  /** What the model itself generated. */
  readonly continuation: string;
  /** The expected answer. */
  readonly expected: string;
  /** What of the worked reference was not imposed; undefined without a reference. */
  readonly rest?: string | undefined;
  /** Generated token ids. */
  readonly generated: ReadonlyArray<number>;
  /** Length of the whole response, tokens. */
  readonly tokens: number;
  /** Longest response, tokens. */
  readonly limit: number;
}

/** Marks of the response format, which no overlap should be paid for. */
const tags = /<\/?(?:think|answer)>/g;

/**
 * The two texts that overlap rewards compare: the continuation with the reference's rest, so that nothing
 * is paid for what was imposed; without a reference the answer given with the one expected.
 */
export function overlapping({ response, continuation, expected, rest }: Completion) {
  return rest === undefined
    ? { candidate: extractAnswer(response) ?? "", reference: expected }
    : { candidate: withoutTags(continuation), reference: withoutTags(rest) };
}

/** The words of a response, without the marks of its format. */
export const withoutTags = (text: string): string => text.replace(tags, " ").trim();
