/** What the answers to a suite say: accuracies with 95 % intervals, and retention against another model. Evals layer. */
import {
  type Interval,
  meanInterval,
  retention,
  scoreRetention,
  wilson,
} from "../core/statistics.ts";
import type { Outcome, SuiteKind } from "./suite.ts";

/** A share or a mean with the bounds of its 95 % interval, of `n` questions. */
export interface Share {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** The scores of one model on one suite. */
export interface SuiteScore {
  /** Of all questions. VQA: the mean agreement with people, its interval a normal one; else a share, Wilson. */
  readonly accuracy: Share;
  /** Further measures by name; null where nothing is left to divide by. */
  readonly measures: Readonly<Record<string, Share | null>>;
  /** Accuracy by a field's values. */
  readonly groups: Readonly<Record<string, Readonly<Record<string, Share>>>>;
  /** Responses in which no answer was found; they score 0. */
  readonly unread: number;
  /** Responses that the longest length allowed cut off. */
  readonly cut: number;
}

type Scored = Pick<Outcome, "score" | "groups">;

/** The scores of answers, one at least. */
export function suiteScore(kind: SuiteKind, outcomes: ReadonlyArray<Outcome>): SuiteScore {
  const questions = unitsOf(outcomes);
  const circular = questions.length < outcomes.length;
  return {
    accuracy: accuracyOf(kind, questions),
    measures: {
      // Rows of a question asked in several orders, each by itself.
      ...(circular ? { rows: accuracyOf(kind, outcomes) } : {}),
      ...(kind === "pope" ? detection(outcomes) : {}),
    },
    groups: byGroup(kind, questions),
    unread: outcomes.filter(({ answer }) => answer === null).length,
    cut: outcomes.filter(({ cut }) => cut).length,
  };
}

/**
 * Score after over score before with its 95 % interval, question by question; null without a score before.
 *
 * Fails: with a RangeError when the lists are not of the same questions.
 */
export function suiteRetention(
  kind: SuiteKind,
  before: ReadonlyArray<Outcome>,
  after: ReadonlyArray<Outcome>,
): Share | null {
  const [old, now] = [unitsOf(before), unitsOf(after)].map((units) =>
    units.map(({ score }) => score),
  ) as [Array<number>, Array<number>];
  if (!old.some((score) => score > 0)) return null;
  const right = (scores: ReadonlyArray<number>) => scores.map((score) => score === 1);
  const kept = isGraded(kind) ? scoreRetention(old, now) : retention(right(old), right(now));
  return share(kept, old.length);
}

/** The mean of retentions over suites, those without one left out; null when none is left. */
export function meanRetention(kept: ReadonlyArray<Share | null>): number | null {
  const values = kept.flatMap((one) => (one === null ? [] : [one.value]));
  return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
}

/** Whether an answer can be partly right. */
const isGraded = (kind: SuiteKind): boolean => kind === "vqa";

/** Questions that count as one become one, as good as the worst of its answers. */
function unitsOf(outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Scored> {
  const units = new Map<string | symbol, Scored>();
  for (const { unit, score, groups } of outcomes) {
    const key = unit ?? Symbol();
    const known = units.get(key);
    units.set(key, known === undefined ? { score, groups } : worse(known, score));
  }
  return [...units.values()];
}

const worse = (known: Scored, score: number): Scored => ({
  ...known,
  score: Math.min(known.score, score),
});

function accuracyOf(kind: SuiteKind, questions: ReadonlyArray<Scored>): Share {
  const scores = questions.map(({ score }) => score);
  const n = scores.length;
  if (!isGraded(kind)) return share(wilson(scores.filter((score) => score === 1).length, n), n);
  const { estimate, low, high } = meanInterval(scores);
  return share({ estimate, low: Math.max(0, low), high: Math.min(1, high) }, n);
}

const share = ({ estimate, low, high }: Interval, n: number): Share => ({
  ...{ value: estimate, low, high, n },
});

function byGroup(kind: SuiteKind, questions: ReadonlyArray<Scored>): SuiteScore["groups"] {
  const fields = [...new Set(questions.flatMap(({ groups }) => Object.keys(groups)))];
  return Object.fromEntries(
    fields.map((field) => {
      const members = new Map<string, Array<Scored>>();
      for (const one of questions) {
        const value = one.groups[field];
        if (value === undefined) continue;
        const known = members.get(value);
        if (known === undefined) members.set(value, [one]);
        else known.push(one);
      }
      const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
      return [field, Object.fromEntries(sorted.map(([v, own]) => [v, accuracyOf(kind, own)]))];
    }),
  );
}

/**
 * Precision, recall and F1 of "yes", and the share of answers that are yes.
 *
 * F1 is 2J / (1 + J) of the share J of hits among hits, misses and false alarms, so its interval is
 * that of J, carried over. A response without an answer counts as not yes.
 */
function detection(outcomes: ReadonlyArray<Outcome>): SuiteScore["measures"] {
  const count = (test: (said: boolean, there: boolean) => boolean) =>
    outcomes.filter(({ answer, truth }) => test(answer === "yes", truth === "yes")).length;
  const hits = count((said, there) => said && there);
  const of = (part: number, whole: number) =>
    whole === 0 ? null : share(wilson(part, whole), whole);
  const [said, there] = [count((yes) => yes), count((_, yes) => yes)];
  const jaccard = of(hits, said + there - hits);
  const dice = (value: number) => (2 * value) / (1 + value);
  const f1 = jaccard && {
    ...{ value: dice(jaccard.value), low: dice(jaccard.low), high: dice(jaccard.high) },
    n: jaccard.n,
  };
  return {
    ...{ precision: of(hits, said), recall: of(hits, there), f1 },
    yes: of(said, outcomes.length),
  };
}
