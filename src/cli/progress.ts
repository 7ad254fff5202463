/** One line about where a stage stands: step, the telling metrics, speed, time left. CLI. */

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

/** Turns progress events of one stage into lines; speed and time left count from its first event. */
export function progressLine(
  now: () => number = performance.now.bind(performance),
): (event: Progress) => string {
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
    return [
      `${String(event.step).padStart(String(event.total).length)}/${event.total}`,
      ...metricsText(event.metrics),
      ...(rate === undefined ? [] : [`${Math.round(rate).toLocaleString("en")} tokens/s`]),
      ...(left === undefined || event.step >= event.total ? [] : [`${duration(left)} left`]),
    ].join("  ");
  };
}

function metricsText(metrics: Readonly<Record<string, number>>): ReadonlyArray<string> {
  const known = Object.keys(shown).filter((name) => metrics[name] !== undefined);
  const others = Object.keys(metrics).filter((name) => !name.startsWith("tokens"));
  const names = known.length > 0 ? known : others.slice(0, 4);
  return names.map((name) => `${shown[name] ?? name} ${Number(metrics[name]!.toPrecision(3))}`);
}
