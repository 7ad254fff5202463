/** Measures how fast work goes here, as a fixed time and a time for each operation. Serves `stages`. */

/** Seconds of one piece of work: `fixed + perFlop · flops`. */
export interface Line {
  readonly fixed: number;
  readonly perFlop: number;
}

/** One measurement. */
export interface Point {
  readonly flops: number;
  readonly seconds: number;
}

/**
 * The line through a small and a large measurement; through the origin when there is only one, or when
 * noise would have the line fall or begin below zero.
 */
export function lineThrough(small: Point, large: Point = small): Line {
  const most = large.flops > small.flops ? large : small;
  const perFlop = (large.seconds - small.seconds) / (large.flops - small.flops);
  const fixed = small.seconds - perFlop * small.flops;
  if (!(large.flops > small.flops) || perFlop <= 0 || fixed < 0) {
    return { fixed: 0, perFlop: most.seconds / most.flops };
  }
  return { fixed, perFlop };
}

/** Seconds that the line gives. */
export function secondsOn({ fixed, perFlop }: Line, flops: number): number {
  return fixed + perFlop * flops;
}

/** How `secondsOf` measures. */
export interface Clock {
  /** Runs that count, at most. */
  readonly times: number;
  /** No further run is begun after this many seconds; work that is four times as slow is timed by its first run. */
  readonly within: number;
  /** Whether the work is done by this process's own threads, so that its processor time tells of it. */
  readonly onProcessor: boolean;
}

/**
 * Seconds of `work` on an idle machine: the fastest of several runs after one that does not count, and
 * of a run on the processor no more than the processor time it took, for what else goes on only adds.
 */
export function secondsOf(work: () => void, { times, within, onProcessor }: Clock): number {
  const run = () => {
    const [before, used] = [performance.now(), process.cpuUsage()];
    work();
    const wall = (performance.now() - before) / 1000;
    const { user, system } = process.cpuUsage(used);
    return onProcessor ? Math.min(wall, (user + system) / 1e6) : wall;
  };
  const first = run();
  if (first > 4 * within) return first;
  const started = performance.now();
  const runs = [run()];
  while (runs.length < times && (performance.now() - started) / 1000 < within) runs.push(run());
  return Math.min(...runs);
}
