/** How a study's documents write settings and numbers. Report layer. */
import type { Sample } from "../../core/student.ts";
import type { Settings } from "../../dsl/study.ts";

/** `learningRate 3e-4, steps 400`; empty without settings. */
export const settingsText = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(", ");

/** Small numbers as powers of ten. */
function short(value: Settings[string]): string {
  const tiny = typeof value === "number" && value !== 0 && Math.abs(value) < 0.01;
  return tiny ? value.toExponential().replace(/e-0?/, "e-") : `${value}`;
}

/** An accuracy as papers write it: `.823`, `1.000`, `-.012`. */
export const share = (value: number): string =>
  value
    .toFixed(3)
    .replace(/^-(0\.000)$/, "$1")
    .replace(/^(-?)0\./, "$1.");

/** `.823 ± .021`: a mean with half its 95 % interval; without a second value the mean alone. */
export const withReach = ({ mean, high }: Sample): string =>
  high === null ? share(mean) : `${share(mean)} ± ${share(high - mean)}`;

/** `.801–.840`: the range. */
export const rangeText = ({ n, least, greatest }: Sample): string =>
  n < 2 ? "" : `${share(least)}–${share(greatest)}`;

/** `2026-11-23`, or `2026-11-23 to 2026-11-24`; empty without dates. */
export function days(dates: ReadonlyArray<string>): string {
  const sorted = dates.map((date) => date.slice(0, 10)).sort();
  const [first, last] = [sorted[0], sorted.at(-1)];
  return first === undefined || first === last ? (first ?? "") : `${first} to ${last}`;
}
