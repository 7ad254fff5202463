/** The text of a new pipeline file. CLI. */
import { basename } from "node:path";
import type { Choices, OwnData } from "./choices.ts";

/** The whole file, formatted. */
export function render(choices: Choices): string {
  const parts = [header(choices), imports(choices), constants(choices), body(choices)];
  return `${parts.join("\n\n")}\n`;
}

const quote = (text: string): string => JSON.stringify(text);

function header({ name, path, model, own }: Choices): string {
  const what = own === undefined ? "diagrams of geometry problems" : inWords(own);
  return `/**
 * ${name}: adapts ${model} to ${what}.
 *
 *   npx rcpa check ${path}
 *   npx rcpa run ${path} --steps-scale 0.01    a first try
 *   npx rcpa run ${path}
 */`;
}

function inWords({ survey: { file, rows, worked } }: OwnData): string {
  return `${basename(file)}: ${rows} rows, ${worked} with a worked solution`;
}

function imports({ phases }: Choices): string {
  if (!phases) return 'import { data, evaluate, grpo, model, pipeline, run } from "rcpa";';
  const words = ["data", "evaluate", "grpo", "model", "partialConstraint", "pipeline", "run"];
  const lines = [...words, "transition", "warmup"].map((word) => `  ${word},`);
  return `import {\n${lines.join("\n")}\n} from "rcpa";`;
}

function constants(choices: Choices): string {
  const { tiny, maxTokens, calculations, phases } = choices;
  const sampling = tiny
    ? `{ maxTokens: ${maxTokens} }`
    : `{ prompts: 4, group: 4, maxTokens: ${maxTokens} }`;
  const anchor = tiny
    ? '{ weight: 1, images: "general" }'
    : '{ weight: 1, images: "general", prompts: 4, pool: 64 }';
  const rate = tiny ? "3e-4" : "1e-6";
  const constraint = `

// While solutions are imposed, what was imposed is imitated too.
const constraint = { ...common, progress: { minimumSteps: 150 }, imitation: { weight: 2 } };`;
  return `const common = {
  // Longest response in tokens${choices.own === undefined ? "" : `; ${lengths(choices.own)}`}.
  sampling: ${sampling},
  // A right answer pays 1, thoughts before it 0.1${calculations ? ", calculations that hold 1" : ""}; nothing else is paid.
  reward: { answer: 1, format: 0.1, steps: ${calculations ? 1 : 0} },
  // Holds the model to the base's own answers to general questions; weight 0 lets it forget.
  anchor: ${anchor},
  optimizer: { learningRate: ${rate} },
} as const;${phases ? constraint : ""}`;
}

function lengths({ survey: { longestReference, longestAnswer } }: OwnData): string {
  return longestReference > 0
    ? `the longest solution has ${longestReference}`
    : `the longest answer has ${longestAnswer}`;
}

function body(choices: Choices): string {
  const { name, model, own, maxTokens } = choices;
  const doc = own === undefined ? "geometry diagrams" : basename(own.survey.file);
  return `const adaptation = pipeline(${quote(name)}, {
  doc: ${quote(`Learns ${doc}; general abilities stay.`)},
  seed: 1,
  // A run that keeps less than 95 % of the general suite ends with exit code 3.
  budgets: { retention: 0.95 },
}).pipe(
  // ${choices.tiny ? "The model that ships with the package, or a Hugging Face folder of the family qwen2_5_vl." : "A Hugging Face folder of the family qwen2_5_vl."}
  model({ from: ${quote(model)} }),

${source(choices)}

${phasesOf(choices)}

  // Reads the test rows, once: base against adapted model.
  evaluate({ maxTokens: ${maxTokens} }),
);

export default adaptation;

await run(import.meta, adaptation);`;
}

function source({ own, tiny }: Choices): string {
  const general = `    // What must not be forgotten: drawn scenes, or { jsonl: "…" } with general questions of your own.
    general: { world: "scenes" },`;
  if (own === undefined) {
    return `  data({
    // What to learn: drawn diagrams, or { jsonl: "…" } with rows of your own.
    domain: { world: "geometry", worked: 200, answerOnly: 1800 },
${general}
  }),`;
  }
  const { survey, test, validation } = own;
  const lines = [
    `      // Rows of the shape ${survey.shape}; image paths start from the file's folder.`,
    `      ${survey.kind}: ${quote(survey.file)},`,
    ...(survey.reference === undefined
      ? []
      : [
          `      // Holds the worked solution: ${survey.worked} of ${survey.rows} rows have one.`,
          `      fields: { reference: ${quote(survey.reference)} },`,
        ]),
    ...(tiny
      ? []
      : ["      // The form that the reward reads, put below each question.", instruction]),
    ...heldOut({ survey, test, validation }),
    ...(survey.ownQuestions
      ? []
      : [
          "      // Many rows ask the same question, so parts are held apart by image alone.",
          '      distinct: "image",',
        ]),
  ];
  return `  data({\n    domain: {\n${lines.join("\n")}\n    },\n${general}\n  }),`;
}

/** Nothing to say where a folder has splits for both. */
function heldOut({ survey, test, validation }: OwnData): ReadonlyArray<string> {
  const lines = Object.entries({ validation, test }).flatMap(([part, value]) =>
    value === null ? [] : [`      ${part}: ${typeof value === "string" ? quote(value) : value},`],
  );
  if (lines.length === 0) return [];
  const own = survey.kind === "folder" ? "splits" : "files of their own";
  return [`      // Rows that training never sees: shares of the file, or ${own}.`, ...lines];
}

const instruction = `      instruction:
        "Think between <think> and </think>, then answer between <answer> and </answer>.",`;

function phasesOf({ phases, own }: Choices): string {
  const full = "steps: 300";
  if (!phases) {
    return `  // No row has a worked solution to impose, so the model learns by reward alone. That needs a base
  // that solves some rows already: groups without any success teach nothing.
  grpo({ ...common, ${full} }),`;
  }
  const rows = own === undefined ? "all problems" : "all training rows";
  return `  // Measures how foreign the rows are to the base; no supervised step is taken.
  warmup({ ...common, steps: 10 }),

  // Imposes the beginning of each worked solution, less as the model becomes familiar with them.
  partialConstraint({ ...constraint, maximumSteps: 300 }),

  // Lifts the rest of the constraint while rows without solution come in.
  transition({ ...constraint, maximumSteps: 150 }),

  // Free generation and rewards on ${rows}.
  grpo({ ...common, ${full} }),`;
}
