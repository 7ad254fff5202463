/** The curriculum's state and its memory of prompts: plain values that go into checkpoints as JSON. Layer rl. */

export interface CurriculumState {
  /** Curriculum steps taken. */
  readonly step: number;
  /** P in [0, 1]: 0 at the start, 1 when the constraint is gone. */
  readonly progress: number;
  /** Steps on the clock of the time-driven strategies. */
  readonly clock: number;
  /** φ: average confidence in worked references. */
  readonly familiarity: number;
  /** s₀: average success without a prefix. */
  readonly unhintedSuccess: number;
  /** Prompts whose last group had no success. */
  readonly dead: Readonly<Record<string, boolean>>;
  /** Average unhinted success of each prompt that had an unhinted group. */
  readonly successes: Readonly<Record<string, number>>;
  /** Rung of each prompt on the ladder of prefix lengths; absent: the lowest. */
  readonly rungs: Readonly<Record<string, number>>;
}

/** A curriculum before its first step, with what the warmup measured of the base, if anything. */
export function startCurriculum(
  measured: { readonly familiarity?: number; readonly unhintedSuccess?: number } = {},
): CurriculumState {
  return {
    step: 0,
    progress: 0,
    clock: 0,
    familiarity: measured.familiarity ?? 0,
    unhintedSuccess: measured.unhintedSuccess ?? 0,
    dead: {},
    successes: {},
    rungs: {},
  };
}

export interface MemoryOptions {
  /** Share of a prompt's old average of unhinted success kept per group, in [0, 1). */
  readonly promptDecay: number;
  /** Highest rung of the ladder. */
  readonly topRung: number;
}

export const DEFAULT_MEMORY: MemoryOptions = { promptDecay: 0.5, topRung: 3 };

/** What came of one group of samples. */
export interface GroupOutcome {
  readonly id: string;
  /** Share of the samples that succeeded. */
  readonly success: number;
  /** Whether nothing was imposed on it. */
  readonly unhinted: boolean;
}

/**
 * Remembers the outcomes of a step's groups, prompt by prompt.
 *
 * A group without success marks its prompt dead and sends it one rung up; any success revives it
 * and lets it down one rung.
 * Source: dead memory ours; ladder after GHPO 2507.10628 and Hint-GRPO 2503.23905, which climb within
 * one step where we climb between visits.
 */
export function recordGroups(
  state: CurriculumState,
  outcomes: ReadonlyArray<GroupOutcome>,
  options: MemoryOptions,
): CurriculumState {
  const dead = { ...state.dead };
  const successes = { ...state.successes };
  const rungs = { ...state.rungs };
  for (const { id, success, unhinted } of outcomes) {
    const rung = rungs[id] ?? 0;
    if (success > 0) delete dead[id];
    else dead[id] = true;
    rungs[id] = success > 0 ? Math.max(0, rung - 1) : Math.min(options.topRung, rung + 1);
    if (!unhinted) continue;
    const old = successes[id] ?? success;
    successes[id] = options.promptDecay * old + (1 - options.promptDecay) * success;
  }
  return { ...state, dead, successes, rungs };
}
