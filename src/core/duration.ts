/** Times as people say them. Serves all layers. */

/** `1 h 5 min`, `3 min 20 s`, `4.2 s` or `35 ms`. */
export function duration(seconds: number): string {
  if (seconds < 0.95) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}
