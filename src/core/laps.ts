/** Where a step's time goes: work that names itself, and whoever wants to know. Serves `models`, `stages` and benchmarks. */

/** Seconds, or what else was measured, by name; what a lap hands on to another one counts there. */
export type Laps = Map<string, number>;

const seconds = () => performance.now() / 1000;

let taken: Laps | undefined;
let clock = seconds;
const open: Array<string> = [];
let since = 0;
let closed = false;

/**
 * Runs synchronous work under a name; costs nothing unless someone measures.
 *
 * @param whole whether laps within it belong to it; else they count apart
 */
export function lap<A>(name: string, work: () => A, whole = false): A {
  if (taken === undefined || closed) return work();
  settle();
  open.push(name);
  closed = whole;
  try {
    return work();
  } finally {
    closed = false;
    settle();
    open.pop();
  }
}

/**
 * The laps of `work`; what no lap names is "everything else". One measurement at a time.
 *
 * @param read what is measured: a number that only grows; seconds unless given
 */
export async function measureLaps(
  work: () => void | Promise<void>,
  read: () => number = seconds,
): Promise<Laps> {
  const own: Laps = new Map();
  taken = own;
  clock = read;
  since = clock();
  open.push("everything else");
  try {
    await work();
    settle();
    return own;
  } finally {
    open.length = 0;
    closed = false;
    taken = undefined;
  }
}

function settle(): void {
  const now = clock();
  const name = open.at(-1)!;
  taken?.set(name, (taken.get(name) ?? 0) + now - since);
  since = now;
}
