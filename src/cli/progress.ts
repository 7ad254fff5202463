/** Where a stage stands, in a line or two: step, the telling metrics, speed, time left. CLI. */

import { duration } from "../core/duration.ts";
import type { Event } from "../runtime/events.ts";

type Progress = Extract<Event, { readonly _tag: "StageProgress" }>;

/** Metrics shown, in this order, with their short names; a stage that has none of them shows its first four. */
const shown: Readonly<Record<string, string>> = {
  reward: "reward",
  accuracy: "accuracy",
  familiarity: "familiarity",
  constraintRatio: "constraint",
  klNats: "KL",
  loss: "loss",
};

/** Where a stage stands, in pieces of text. */
interface Standing {
  /** Steps done of all steps. */
  readonly place: string;
  readonly metrics: ReadonlyArray<string>;
  readonly speed: ReadonlyArray<string>;
  readonly left: ReadonlyArray<string>;
}

/** Turns progress events of one stage into pieces; speed and time left count from its first event. */
function standing(now: () => number): (event: Progress) => Standing {
  let first: { readonly at: number; readonly step: number } | undefined;
  let tokens = 0;
  return (event) => {
    const at = now();
    first ??= { at, step: event.step };
    const elapsed = (at - first.at) / 1000;
    const steps = event.step - first.step;
    // The first event's tokens were made before the clock started.
    if (steps > 0) tokens += event.metrics.tokens ?? 0;
    const rate = event.metrics.tokensPerSecond ?? (tokens > 0 ? tokens / elapsed : undefined);
    const left = steps > 0 ? (elapsed / steps) * (event.total - event.step) : undefined;
    return {
      place: `${String(event.step).padStart(String(event.total).length)}/${event.total}`,
      metrics: metricsText(event.metrics),
      speed: rate === undefined ? [] : [`${Math.round(rate).toLocaleString("en")} tokens/s`],
      left: left === undefined || event.step >= event.total ? [] : [`${duration(left)} left`],
    };
  };
}

const gap = "  ";
const clock = performance.now.bind(performance);

/** Progress events of one stage as lines of a log. */
export function progressLine(now: () => number = clock): (event: Progress) => string {
  const stand = standing(now);
  return (event) => {
    const { place, metrics, speed, left } = stand(event);
    return [place, ...metrics, ...speed, ...left].join(gap);
  };
}

/** Progress events of one stage as two lines of at most `width()` columns: where it stands, and what it measures. */
export function progressLines(
  width: () => number,
  now: () => number = clock,
): (event: Progress) => ReadonlyArray<string> {
  const stand = standing(now);
  return (event) => {
    const { place, metrics, speed, left } = stand(event);
    const lines = [fitted([place, ...left, ...speed], width()), fitted(metrics, width())];
    return lines.filter((line) => line !== "");
  };
}

/** As many of the pieces as fit, from the first on. */
function fitted(pieces: ReadonlyArray<string>, width: number): string {
  let line = "";
  for (const piece of pieces) {
    const longer = line === "" ? piece : `${line}${gap}${piece}`;
    if (longer.length > width) break;
    line = longer;
  }
  return line;
}

function metricsText(metrics: Readonly<Record<string, number>>): ReadonlyArray<string> {
  const known = Object.keys(shown).filter((name) => metrics[name] !== undefined);
  const others = Object.keys(metrics).filter((name) => !name.startsWith("tokens"));
  const names = known.length > 0 ? known : others.slice(0, 4);
  return names.map((name) => `${shown[name] ?? name} ${Number(metrics[name]!.toPrecision(3))}`);
}
