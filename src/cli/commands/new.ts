/** `rcpa new`: writes a pipeline for a file of one's own, after looking at what the file holds. CLI. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { modelFolder } from "../../dsl/shipped.ts";
import { loadTokenizer } from "../../models/tokenizer.ts";
import { type Choices, choose } from "../scaffold/choices.ts";
import { type Example, examplesOf, renderChoices, renderSurvey } from "../scaffold/preview.ts";
import { type Survey, survey } from "../scaffold/survey.ts";
import { targetOf } from "../scaffold/target.ts";
import { render } from "../scaffold/template.ts";

interface Request {
  readonly name: string;
  readonly data: string | undefined;
  readonly test: string | undefined;
  readonly model: string;
  readonly json: boolean;
}

/** Gives the exit code: 0, 1 when data or model cannot be used; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const request = readRequest(argv);
  if (typeof request === "string") return request;
  const path = existsSync("pipelines") ? `pipelines/${request.name}.ts` : `${request.name}.ts`;
  if (existsSync(path)) return `${path} is there already; nothing was changed`;
  try {
    const found = request.data === undefined ? undefined : await look(request.data, request);
    const tested = request.test === undefined ? undefined : await look(request.test, request);
    const choices = choose({ ...request, path }, found, request.test);
    const examples = found === undefined ? [] : await examplesOf(found);
    write(path, render(choices));
    process.stdout.write(
      request.json ? asJson(choices, examples) : asText(choices, examples, tested),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof Error && "_tag" in error)) throw error;
    process.stderr.write(`rcpa: ${error.message}\n`);
    return 1;
  }
}

/** Exclusive, so that a file that appears meanwhile is not overwritten either. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: "wx" });
}

const look = (name: string, { model }: Request): Promise<Survey> =>
  survey(targetOf(name), loadTokenizer(modelFolder(model)));

function readRequest(argv: ReadonlyArray<string>): Request | string {
  const parsed = parse(argv);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) return "takes one NAME for the pipeline";
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    return `the name "${name}" must be lower-case letters, digits and hyphens`;
  }
  if (values.test !== undefined && values.data === undefined) return "--test goes with --data";
  const { data, test, model = "tiny-vlm", json = false } = values;
  return { name, data, test, model, json };
}

function parse(argv: ReadonlyArray<string>) {
  const text = { type: "string" } as const;
  const options = { data: text, test: text, model: text, json: { type: "boolean" } } as const;
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options });
  } catch (error) {
    return (error as Error).message.split(". To specify")[0]!;
  }
}

function asText(
  choices: Choices,
  examples: ReadonlyArray<Example>,
  tested: Survey | undefined,
): string {
  const found = choices.own?.survey;
  const surveys = found === undefined ? [] : [renderSurvey(found, examples)];
  const tests = tested === undefined ? [] : [renderSurvey(tested, [])];
  const mend = [found, tested].flatMap((one) =>
    one && one.broken > 0 ? [problemsOf(one, choices.model)] : [],
  );
  const next = [
    `wrote ${choices.path}`,
    "next:",
    ...(isModule() ? [] : ['  put "type": "module" into package.json; pipelines are ES modules']),
    `  npx rcpa check ${choices.path}`,
    `  npx rcpa run ${choices.path} --steps-scale 0.01`,
    `  npx rcpa run ${choices.path}`,
  ].join("\n");
  return `${[...surveys, ...tests, ...mend, renderChoices(choices), next].join("\n\n")}\n`;
}

/** Whether Node takes the new file for an ES module: the nearest package.json says so. */
function isModule(): boolean {
  for (let dir = resolve("."); ; dir = dirname(dir)) {
    const file = join(dir, "package.json");
    if (existsSync(file)) return /"type"\s*:\s*"module"/.test(readFileSync(file, "utf8"));
    if (dirname(dir) === dir) return false;
  }
}

function problemsOf({ file, broken, problems }: Survey, model: string): string {
  const lines = problems.map(({ place, message }) => `  ${place}: ${message}`);
  const first = `mend these first, ${broken} rows of ${file} cannot be used with ${model}:`;
  return [first, ...lines].join("\n");
}

/** One object: the file written, what was found and chosen, and what to run next. */
function asJson({ own, path, ...choices }: Choices, examples: ReadonlyArray<Example>): string {
  const { examples: _, ...found } = own?.survey ?? {};
  const data = own === undefined ? null : { ...found, examples };
  const { phases, calculations, maxTokens } = choices;
  const next = [`npx rcpa check ${path}`, `npx rcpa run ${path}`];
  return `${JSON.stringify({ path, data, phases, calculations, maxTokens, next })}\n`;
}
