/** Every option of every public word, every setting and every budget says what it means, in which unit, and what it is by default. */
import type * as Schema from "effect/Schema";
import * as SchemaAST from "effect/SchemaAST";
import * as words from "rcpa";
import { describe, expect, it } from "vitest";
import { Settings } from "../src/dsl/settings.ts";

/** Options without a sensible default: leaving them out is a mistake. */
const required = [
  "data.domain.folder",
  "data.domain.jsonl",
  "data.domain.parquet",
  "data.domain.world",
  "data.general.folder",
  "data.general.jsonl",
  "data.general.parquet",
  "data.general.world",
  "evaluate.also.*.world",
  "exportModel.to",
];

interface Field {
  readonly path: string;
  readonly about: Readonly<Record<string, unknown>>;
}

/** Every field of a Schema, whatever it is nested in: structs, choices, lists, tuples, records. */
function fieldsOf(ast: SchemaAST.AST, path: string): ReadonlyArray<Field> {
  if (ast._tag === "Union") return ast.types.flatMap((type) => fieldsOf(type, path));
  if (ast._tag === "Suspend")
    throw new Error(`${path} refers to itself; teach this test to follow`);
  if (ast._tag === "Arrays") {
    return [...ast.elements, ...ast.rest].flatMap((type) => fieldsOf(type, `${path}[]`));
  }
  if (ast._tag !== "Objects") return [];
  const own = ast.propertySignatures.flatMap(({ name, type }) => {
    const field = { path: `${path}.${String(name)}`, about: SchemaAST.resolve(type) ?? {} };
    return [field, ...fieldsOf(type, field.path)];
  });
  return [...own, ...ast.indexSignatures.flatMap(({ type }) => fieldsOf(type, `${path}.*`))];
}

const schemas: ReadonlyArray<readonly [name: string, schema: Schema.Top]> = [
  ...Object.entries(words).flatMap(([name, word]) =>
    typeof word === "function" && "spec" in word ? [[name, word.spec.options] as const] : [],
  ),
  ["pipeline", Settings],
];
const fields = schemas.flatMap(([name, schema]) => fieldsOf(schema.ast, name));
const paths = (of: ReadonlyArray<Field>) => [...new Set(of.map(({ path }) => path))].sort();
const text = (value: unknown) => (typeof value === "string" ? value : "");

describe("options, settings and budgets", () => {
  it("are seen, of every word, at every depth", () => {
    const names = ["data", "evaluate", "exportModel", "grpo", "initialize", "model", "pipeline"];
    const phases = ["partialConstraint", "sft", "transition", "warmup"];
    expect(schemas.map(([name]) => name)).toEqual(expect.arrayContaining([...names, ...phases]));
    expect(paths(fields)).toEqual(
      expect.arrayContaining([
        "sft.steps",
        "grpo.optimizer.freeze",
        "transition.progress.minimumSteps",
        "data.domain.worked",
        "data.domain.fields.reference",
        "pipeline.budgets.maxHours",
        "pipeline.attempts.retry.*.times",
      ]),
    );
    expect(fields.length).toBeGreaterThan(150);
  });

  it("say in a sentence what they mean", () => {
    const vague = fields.filter(({ about }) => !/^[A-Z].{5,}\.$/s.test(text(about.description)));
    expect(paths(vague)).toEqual([]);
  });

  it("have a unit, or say that they have none", () => {
    expect(paths(fields.filter(({ about }) => text(about.unit).trim() === ""))).toEqual([]);
  });

  it("have a default, or are required on purpose", () => {
    const without = paths(fields.filter(({ about }) => !("default" in about)));
    expect(without).toEqual(required);
  });
});
