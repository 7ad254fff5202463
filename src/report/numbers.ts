/** Numbers and times as a report writes them. Report layer. */

/** An accuracy or a ratio: three decimals. */
export const ratio = (value: number): string => value.toFixed(3);

/** `[0.698, 0.788]` */
export const interval = (low: number, high: number): string => `[${ratio(low)}, ${ratio(high)}]`;

/** Three digits that count, thousands apart. */
export function quantity(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) < 1000 ? 3 : 6 });
}

/** `2026-11-23 01:49 UTC` of an ISO time. */
export const day = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
