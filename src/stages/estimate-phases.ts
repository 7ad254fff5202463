/** What each phase will cost as a whole, its measurements included. Serves the estimates. */
import type { Progress } from "../dsl/curriculum.ts";
import type * as Words from "../dsl/phases.ts";
import { type Cost, type Forecast, flopsOf } from "../runtime/estimate.ts";
import {
  answerTasks,
  type Foreseen,
  learnt,
  poolKey,
  poolTasks,
  reinforcementStep,
  type SteppedOptions,
  trainingCost,
  withAnchor,
} from "./estimate.ts";
import {
  askTask,
  exampleTask,
  scoreTask,
  trainTask,
  trainTextTask,
  weightBytes,
} from "./estimate-work.ts";
import { batchShape, responseTime } from "./foreseen.ts";
import { mostSteps } from "./passage.ts";

type OptionsOf<Word extends { readonly spec: { readonly options: { readonly Type: unknown } } }> =
  Word["spec"]["options"]["Type"];

const MEASURED_AT_ONCE = 50;
const PROBED_PROBLEMS = 64;
const SUPERVISED_TOKENS = 24;

/** Validation of the policy after a phase. */
const validation = (foreseen: Foreseen, maxTokens: number) => {
  const { validation: domain, generalValidation: general } = foreseen.data;
  return answerTasks(foreseen, { domain, general }, maxTokens);
};

function reinforced(
  foreseen: Foreseen,
  options: SteppedOptions,
  steps: { readonly steps: number; readonly mostSteps: number },
  around: ReturnType<typeof answerTasks>,
): Cost {
  const { prompts, group, maxTokens } = options.sampling;
  const parts = {
    ...steps,
    step: reinforcementStep(foreseen, options),
    around: [...poolTasks(foreseen, options.anchor, maxTokens), ...around],
  };
  return trainingCost(foreseen, parts, options.microBatch, prompts * group);
}

const exactly = (steps: number) => ({ steps, mostSteps: steps });

/** `warmup`: familiarity of all worked references, a probe without help, and its steps. */
export function warmupCost(foreseen: Foreseen, options: OptionsOf<typeof Words.warmup>): Cost {
  const { model, data, samples } = foreseen;
  const { group, maxTokens } = options.sampling;
  const references = batchShape(samples.domain, Math.min(MEASURED_AT_ONCE, data.worked));
  const batches = data.worked / MEASURED_AT_ONCE;
  const probe = batchShape(samples.domain, Math.min(PROBED_PROBLEMS, data.train));
  const around = [
    scoreTask(model.config, references, 1, Math.max(1, samples.domain.reference), batches),
    askTask(model.config, probe, group, responseTime(samples.domain, maxTokens)),
  ];
  return reinforced(foreseen, options, exactly(options.steps), around);
}

/** `grpo`: its steps, then validation. */
export function grpoCost(foreseen: Foreseen, options: OptionsOf<typeof Words.grpo>): Cost {
  const around = validation(foreseen, options.sampling.maxTokens);
  return reinforced(foreseen, options, exactly(options.steps), around);
}

/** Progress is seldom at full speed from the first step: familiarity has to rise. */
const SLOWNESS = 1.2;

/**
 * Steps until progress gets from `from` to `to`: at full speed `(to − from) · minimumSteps`, a fifth
 * more for the time that it is slower; for strategies by time, `duration` instead.
 */
function progressSteps(progress: Progress, from: number, to: number, most: number) {
  const { strategy, minimumSteps, duration } = progress;
  const full = strategy === "familiarity" ? SLOWNESS * minimumSteps : duration;
  const steps = Math.min(most, Math.max(1, Math.ceil((to - from) * full)));
  return { steps, mostSteps: most };
}

/** `partialConstraint`: steps until progress has got to its mark, then validation. */
export function partialConstraintCost(
  foreseen: Foreseen,
  options: OptionsOf<typeof Words.partialConstraint>,
): Cost {
  const steps = progressSteps(options.progress, 0, options.until, options.maximumSteps);
  return reinforced(foreseen, options, steps, validation(foreseen, options.sampling.maxTokens));
}

/** `transition`: steps until all of the constraint is lifted, then validation. */
export function transitionCost(
  foreseen: Foreseen,
  options: OptionsOf<typeof Words.transition>,
  reached: number,
): Cost {
  const { probation, maximumSteps } = options;
  const { steps } = progressSteps(options.progress, reached, 1, maximumSteps);
  const all = { steps: steps + (probation ?? 0), mostSteps: mostSteps(options) };
  return reinforced(foreseen, options, all, validation(foreseen, options.sampling.maxTokens));
}

type Supervised = OptionsOf<typeof Words.lm>;

/** A stage that trains on given texts, then validation. */
function supervisedCost(
  foreseen: Foreseen,
  { anchor, optimizer, microBatch, prompts, steps }: Supervised,
  parts: Parameters<typeof withAnchor>[3],
): Cost {
  const step = withAnchor(foreseen, { anchor, optimizer }, SUPERVISED_TOKENS, parts);
  const around = [
    ...poolTasks(foreseen, anchor, SUPERVISED_TOKENS),
    ...validation(foreseen, SUPERVISED_TOKENS),
  ];
  return trainingCost(foreseen, { ...exactly(steps), step, around }, microBatch, prompts);
}

/** `sft`: whole references. */
export function sftCost(foreseen: Foreseen, options: OptionsOf<typeof Words.sft>): Cost {
  const { model, samples } = foreseen;
  const { prompts, on, optimizer } = options;
  const time = Math.max(1, samples[on].reference);
  const trained = [
    trainTask(model.config, batchShape(samples[on], prompts), 1, time, learnt(model, optimizer)),
  ];
  const tasks = on === "general" ? [exampleTask(prompts)] : [];
  return supervisedCost(foreseen, options, { tasks, trained });
}

/** `lm`: all text; a batch is as long as a worked reference if it has one, else as an answer. */
export function lmCost(foreseen: Foreseen, options: Supervised): Cost {
  const { model, data, samples } = foreseen;
  const { prompts, optimizer } = options;
  const { reference, answer, text } = samples.domain;
  const share = data.worked / data.train;
  const without = (1 - share) ** prompts;
  const predicted = prompts * (text.prompt + share * text.reference + (1 - share) * text.answer);
  const prompt = batchShape(samples.domain, prompts);
  const task = (time: number) =>
    trainTextTask(model.config, prompt, time, predicted, learnt(model, optimizer));
  const [long, short] = [task(Math.max(reference, answer)), task(answer)];
  const flops = (1 - without) * flopsOf(long.work) + without * flopsOf(short.work);
  const trained = [{ ...long, work: [{ kind: "train", times: 1, flops } as const] }];
  return supervisedCost(foreseen, options, { tasks: [], trained });
}

/** `evaluate`: the domain's test split three times, the general one and further tests twice. */
export function evaluateCost(foreseen: Foreseen, options: OptionsOf<typeof Words.evaluate>): Cost {
  const { test, generalTest } = foreseen.data;
  const { maxTokens, batch, also } = options;
  const sizes = Object.values(also).map(({ test: size }) => size);
  const further = sizes.reduce((sum, size) => sum + size, 0);
  // Further tests are of the domain's size, as far as one can know.
  const counts = { domain: 3 * test + 2 * further, general: 2 * generalTest };
  const tasks = answerTasks(foreseen, counts, maxTokens, batch);
  const most = Math.max(0, ...tasks.map(({ bytes }) => bytes));
  const weights = weightBytes(foreseen.model.config, foreseen.model.adapter, 2);
  return {
    ...exactly(0),
    perStep: [],
    around: tasks.flatMap(({ work }) => work),
    peakBytes: weights + most,
    leastBytes: weights,
    basis: foreseen,
  };
}

/** What a training stage hands on: the same kind of model, which need not ask its questions again. */
export function trainedModel(
  { model }: Foreseen,
  { anchor }: Pick<SteppedOptions, "anchor">,
  maxTokens: number,
): Forecast["gives"] {
  if (anchor.weight === 0) return { policy: model };
  const asked = [...new Set([...model.asked, poolKey(anchor, maxTokens)])];
  return { policy: { ...model, asked } };
}
