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

/** Components of the reward that ship with the package, by the metric they are recorded under. */
const components: ReadonlyArray<Line> = [
  { metric: "accuracy", label: "right answer" },
  { metric: "format", label: "form" },
  { metric: "steps", label: "calculations that hold" },
  { metric: "text", label: "same text" },
  { metric: "relaxed", label: "answer within tolerance" },
  { metric: "bleu", label: "BLEU" },
  { metric: "rougeL", label: "ROUGE-L" },
  { metric: "cider", label: "CIDEr" },
  { metric: "repetition", label: "repetition" },
  { metric: "overlong", label: "length" },
  { metric: "cosine", label: "answer by length" },
];

/** Rewards of one's own are recorded as `reward/NAME`. */
const ownReward = "reward/";

const total: Curve = {
  title: "Reward",
  unit: "points",
  about: "Mean over all sampled responses, all components weighted.",
  lines: one("reward", "reward"),
};

const spread: Curve = {
  title: "Groups without spread",
  unit: "share of groups",
  about: "Groups whose rewards are all equal teach nothing by themselves.",
  scale: "share",
  lines: one("zeroSpreadShare", "all rewards equal"),
};

const validation: Curve = {
  title: "Validation accuracy",
  unit: "share right",
  about: "Greedy answers to questions held out of training, asked on the way.",
  scale: "share",
  lines: [
    { metric: "validationDomain", label: "domain" },
    { metric: "validationGeneral", label: "general" },
  ],
};

/** More lines than this cannot be told apart in one chart. */
const mostLines = 4;

/** The reward as a whole and by component, whatever components there are. */
function rewardGroup(names: ReadonlySet<string>): CurveGroup {
  const own = [...names].filter((name) => name.startsWith(ownReward)).sort();
  const lines = [
    ...components.filter(({ metric }) => names.has(metric)),
    ...own.map((metric) => ({ metric, label: metric.slice(ownReward.length) })),
  ];
  const parts = Array.from({ length: Math.ceil(lines.length / mostLines) }, (_, at) =>
    lines.slice(at * mostLines, (at + 1) * mostLines),
  );
  const curves = parts.map((part, at) => ({
    title: at === 0 ? "Reward by component" : `Reward by component, ${at + 1}`,
    unit: "mean",
    about: "Each component by itself, before weights.",
    lines: part,
    ...(part.some(({ metric }) => unbounded(metric)) ? {} : { scale: "share" as const }),
  }));
  return { title: "Reward", curves: [total, ...curves, spread, validation] };
}

/** Components that can be below 0, or anything. */
const signed = new Set(["repetition", "overlong", "cosine"]);
const unbounded = (metric: string) => signed.has(metric) || metric.startsWith(ownReward);

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
        { metric: "textLoss", label: "text" },
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

const known = [curriculum, policy, optimisation];

/** Metrics that say nothing as a curve. */
const left = new Set(["skipped", "tokens"]);

/** The charts for the metrics in `names`; what is not known gets one each, under a heading of its own. */
export function curvesFor(names: ReadonlySet<string>): ReadonlyArray<CurveGroup> {
  const groups = [rewardGroup(names), ...known].map((group) => ({
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

/** `policy/klNats`: a metric under its heading, as TensorBoard groups them; a name with a slash stays. */
export function tagOf(metric: string): string {
  if (metric.includes("/")) return metric;
  const group = [rewardGroup(new Set([metric])), ...known].find(({ curves }) =>
    curves.some(({ lines }) => lines.some((line) => line.metric === metric)),
  );
  return `${group?.title.toLowerCase() ?? "other"}/${metric}`;
}
