/** What work has cost: processor time and floating-point operations, which other work on the machine does not change. Serves the runtime layer. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";

/** Processor time of the whole process, user and system, and floating-point operations of the tensor engine. */
export const Expense = Schema.Struct({ cpuSeconds: Schema.Finite, flops: Schema.Finite });
export type Expense = typeof Expense.Type;

/** Reads what this process has spent so far. */
export type Meter = () => Expense;

/** A meter of this process; `flops` reads the operations so far. Default: none are counted. */
export const processMeter =
  (flops: () => number = () => 0): Meter =>
  () => {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, flops: flops() };
  };

/** Nothing. */
export const nothing: Expense = { cpuSeconds: 0, flops: 0 };

/** Both together, to the microsecond. */
export const plus = (a: Expense, b: Expense, sign: 1 | -1 = 1): Expense => ({
  cpuSeconds: Math.round((a.cpuSeconds + sign * b.cpuSeconds) * 1e6) / 1e6,
  flops: a.flops + sign * b.flops,
});

/** The first less the second. */
export const minus = (a: Expense, b: Expense): Expense => plus(a, b, -1);

/** What an attempt spends: in its loops, whose steps outlast it, and around them. */
export interface Bill {
  readonly meter: Meter;
  /** Told what each step of a loop has cost. */
  readonly spend: (spent: Expense) => void;
  /** So far, outside of all loops. */
  readonly around: () => Expense;
  /** Does work that only watches: its cost is nobody's. */
  readonly aside: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;
}

/** Opens the bill of an attempt. */
export function openBill(meter: Meter): Bill {
  let [inLoops, besides] = [nothing, nothing];
  const own = () => minus(meter(), besides);
  const before = own();
  return {
    meter: own,
    spend: (spent) => {
      inLoops = plus(inLoops, spent);
    },
    around: () => minus(minus(own(), before), inLoops),
    aside: (work) =>
      Effect.suspend(() => {
        const from = meter();
        const settle = Effect.sync(() => {
          besides = plus(besides, minus(meter(), from));
        });
        return Effect.ensuring(work, settle);
      }),
  };
}
