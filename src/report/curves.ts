/** Which metrics are drawn together, with titles, units and words of explanation. Report layer. */

/** One line of a chart. */
export interface Line {
  readonly metric: string;
  readonly label: string;
}

/** One chart over the steps of a run. */
export interface Curve {
  readonly title: string;
  /** What stands beside the vertical axis. */
  readonly unit: string;
  /** One sentence for who does not know the quantity. */
  readonly about: string;
  readonly lines: ReadonlyArray<Line>;
  /** Shares are drawn from 0 to 1, logarithms over their own range. */
  readonly scale?: "share" | "log";
}

/** A heading with its charts. */
export interface CurveGroup {
  readonly title: string;
  readonly curves: ReadonlyArray<Curve>;
}

const one = (metric: string, label: string): ReadonlyArray<Line> => [{ metric, label }];

const reward: CurveGroup = {
  title: "Reward",
  curves: [
    {
      title: "Reward",
      unit: "points",
      about: "Mean over all sampled responses, all components weighted.",
      lines: one("reward", "reward"),
    },
    {
      title: "Reward by component",
      unit: "share earned",
      about: "Each component by itself, before weights.",
      scale: "share",
      lines: [
        { metric: "accuracy", label: "right answer" },
        { metric: "format", label: "form" },
        { metric: "steps", label: "calculations that hold" },
      ],
    },
    {
      title: "Groups without spread",
      unit: "share of groups",
      about: "Groups whose rewards are all equal teach nothing by themselves.",
      scale: "share",
      lines: one("zeroSpreadShare", "all rewards equal"),
    },
  ],
};

const curriculum: CurveGroup = {
  title: "Curriculum",
  curves: [
    {
      title: "Familiarity with the domain",
      unit: "probability",
      about: "Geometric mean probability of a reference's tokens, and success without any prefix.",
      scale: "share",
      lines: [
        { metric: "familiarity", label: "familiarity" },
        { metric: "unhintedSuccess", label: "unhinted success" },
      ],
    },
    {
      title: "Constraint ratio",
      unit: "share of the reference",
      about: "How much of the worked reference is imposed, and how far the constraint is lifted.",
      scale: "share",
      lines: [
        { metric: "constraintRatio", label: "imposed" },
        { metric: "progress", label: "progress" },
      ],
    },
    {
      title: "Imitation share",
      unit: "share of tokens",
      about: "Imposed tokens that are imitated: the model does not give them by itself yet.",
      scale: "share",
      lines: one("imitationShare", "imitated"),
    },
  ],
};

const policy: CurveGroup = {
  title: "Policy",
  curves: [
    {
      title: "KL to the base",
      unit: "nats per token",
      about: "How far the model has moved from the base, on what it generates.",
      lines: one("klNats", "KL"),
    },
    {
      title: "Anchor",
      unit: "nats per token",
      about: "How far it has moved from the base on the base's own answers to general questions.",
      lines: one("anchorNats", "anchor"),
    },
    {
      title: "Entropy",
      unit: "nats per token",
      about: "How undecided the model is between tokens. Near zero it explores no more.",
      lines: one("entropy", "entropy"),
    },
    {
      title: "Response length",
      unit: "tokens",
      about: "Mean length of the responses, the imposed part counted.",
      lines: one("responseTokens", "tokens"),
    },
    {
      title: "Truncated responses",
      unit: "share of responses",
      about: "Responses cut at the greatest length before they ended.",
      scale: "share",
      lines: one("truncatedShare", "cut"),
    },
  ],
};

const optimisation: CurveGroup = {
  title: "Optimisation",
  curves: [
    {
      title: "Loss",
      unit: "nats",
      about: "All terms together, and the terms that have one.",
      lines: [
        { metric: "loss", label: "loss" },
        { metric: "policyLoss", label: "policy" },
        { metric: "imitationLoss", label: "imitation" },
        { metric: "supervisedLoss", label: "supervised" },
      ],
    },
    {
      title: "Gradient norm",
      unit: "norm, logarithmic",
      about: "Before clipping. Steps with a sudden peak are skipped.",
      scale: "log",
      lines: one("gradientNorm", "norm"),
    },
    {
      title: "Learning rate",
      unit: "per step",
      about: "As scheduled.",
      lines: one("learningRate", "learning rate"),
    },
    {
      title: "Speed",
      unit: "tokens per second",
      about: "Generated tokens by time of the whole step.",
      lines: one("tokensPerSecond", "tokens/s"),
    },
    {
      title: "Time of a step",
      unit: "seconds",
      about: "The whole step, and its rollouts.",
      lines: [
        { metric: "stepSeconds", label: "step" },
        { metric: "rolloutSeconds", label: "rollouts" },
      ],
    },
  ],
};

const known = [reward, curriculum, policy, optimisation];

/** Metrics that say nothing as a curve. */
const left = new Set(["skipped", "tokens"]);

/** The charts for the metrics in `names`; what is not known gets one each, under a heading of its own. */
export function curvesFor(names: ReadonlySet<string>): ReadonlyArray<CurveGroup> {
  const groups = known.map((group) => ({
    ...group,
    curves: group.curves
      .map((curve) => ({ ...curve, lines: curve.lines.filter(({ metric }) => names.has(metric)) }))
      .filter(({ lines }) => lines.length > 0),
  }));
  const drawn = new Set(
    groups.flatMap(({ curves }) => curves.flatMap(({ lines }) => lines.map((line) => line.metric))),
  );
  const others = [...names].filter((name) => !drawn.has(name) && !left.has(name)).sort();
  const own = others.map((name) => ({
    title: name,
    unit: name,
    about: "",
    lines: one(name, name),
  }));
  return [...groups, { title: "Other metrics", curves: own }].filter(
    ({ curves }) => curves.length > 0,
  );
}

/** `reward/accuracy`: a metric under its heading, as TensorBoard groups them; a name with a slash stays. */
export function tagOf(metric: string): string {
  if (metric.includes("/")) return metric;
  const group = known.find(({ curves }) =>
    curves.some(({ lines }) => lines.some((line) => line.metric === metric)),
  );
  return `${group?.title.toLowerCase() ?? "other"}/${metric}`;
}
