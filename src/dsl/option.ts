/** Stage options as documented Schema fields: meaning, unit, default. Serves the definition layer. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as SchemaAST from "effect/SchemaAST";

/** What every option must say about itself. */
export interface About {
  /** One sentence: what it means. */
  readonly doc: string;
  /** For instance "steps", "nats", "share in [0, 1]"; "-" when it has none. */
  readonly unit: string;
  /** It does not change the result (checkpoint cadence, logging), so it stays out of the store key. */
  readonly operational?: boolean;
}

type Defaulted<T, E> = Schema.withDecodingDefaultKey<Schema.Codec<T, E>>;

/** Learns what was written (`{ steps: 3 }`) without changing what may be written. */
export type Written<T> = [T] extends [never] ? T : NonNullable<unknown>;

/** An option with documentation and unit, and a default when one is given (then the key may be left out). */
export function option<T, E, A = About>(
  schema: Schema.Codec<T, E>,
  about: About & { readonly default?: NoInfer<E> } & Written<A>,
): A extends { readonly default: unknown } ? Defaulted<T, E> : Schema.Codec<T, E>;
export function option(
  schema: Schema.Codec<unknown, unknown>,
  about: About & { readonly default?: unknown; readonly scalable?: boolean },
): unknown {
  const { doc, ...rest } = about;
  const base =
    "default" in about
      ? schema.pipe(Schema.withDecodingDefaultKey(Effect.succeed(about.default)))
      : schema;
  return (base as typeof schema).annotate({ description: doc, ...rest });
}

/** A whole number ≥ 1. */
const Count = Schema.Int.check(
  Schema.isGreaterThanOrEqualTo(1, { expected: "a whole number ≥ 1" }),
);

/** An option that counts steps: `--steps-scale` multiplies it (rounded, at least 1). */
export function Steps(about: {
  readonly doc: string;
  readonly default: number;
}): Defaulted<number, number>;
export function Steps(about: { readonly doc: string }): Schema.Codec<number>;
export function Steps(about: { readonly doc: string; readonly default?: number }): unknown {
  return option(Count, { unit: "steps", ...about, scalable: true } as About);
}

/** An option that counts steps, or says by null, its default, that there are none. */
export function MaybeSteps(doc: string): Defaulted<number | null, number | null>;
export function MaybeSteps(doc: string): unknown {
  const about = { doc, unit: "steps", default: null, scalable: true };
  return option(Schema.NullOr(Count), about as About);
}

/** Documentation of one option, read from its Schema. */
export interface OptionDoc {
  readonly name: string;
  readonly doc: string | undefined;
  readonly unit: string | undefined;
  readonly default: unknown;
}

/** Documentation of the options of a Schema, or of those below `path` (`["optimizer"]`); of a choice, all shapes' options. */
export function documentation(
  schema: Schema.Top,
  path: ReadonlyArray<string> = [],
): ReadonlyArray<OptionDoc> {
  const found = path.reduce((asts, key) => asts.flatMap((ast) => below(ast, key)), [
    schema.ast,
  ] as ReadonlyArray<SchemaAST.AST>);
  const options = found.flatMap(shapesOf).flatMap(fieldsOf).map(describeField);
  return [...new Map(options.map((option) => [option.name, option])).values()];
}

function describeField({ name, type }: SchemaAST.PropertySignature): OptionDoc {
  const about = SchemaAST.resolve(type) ?? {};
  return {
    name: String(name),
    doc: about.description as string | undefined,
    unit: about.unit as string | undefined,
    default: about.default,
  };
}

/** The Schemas that a value under `key` may have. */
function below(ast: SchemaAST.AST, key: string): ReadonlyArray<SchemaAST.AST> {
  return shapesOf(ast).flatMap((shape) => {
    if (shape._tag === "Arrays") return [...shape.elements, ...shape.rest];
    if (shape._tag !== "Objects") return [];
    const own = shape.propertySignatures.filter(({ name }) => String(name) === key);
    return [...own, ...shape.indexSignatures].map(({ type }) => type);
  });
}

function shapesOf(ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> {
  return ast._tag === "Union" ? ast.types.flatMap(shapesOf) : [ast];
}

/** Paths (`["schedule", "steps"]`) of the fields of `value` whose Schema carries the annotation `flag`. */
export function annotatedPaths(
  schema: Schema.Top,
  value: unknown,
  flag: "scalable" | "operational",
): ReadonlyArray<ReadonlyArray<string>> {
  return walk(schema.ast, value, flag, []);
}

function walk(
  ast: SchemaAST.AST,
  value: unknown,
  flag: string,
  path: ReadonlyArray<string>,
): ReadonlyArray<ReadonlyArray<string>> {
  if (SchemaAST.resolve(ast)?.[flag] === true) return [path];
  if (ast._tag === "Union") {
    const member = ast.types.find((type) => Schema.is(Schema.make(SchemaAST.toType(type)))(value));
    return member === undefined ? [] : walk(member, value, flag, path);
  }
  if (typeof value !== "object" || value === null) return [];
  return fieldsOf(ast).flatMap(({ name, type }) =>
    walk(type, (value as Record<PropertyKey, unknown>)[name], flag, [...path, String(name)]),
  );
}

function fieldsOf(ast: SchemaAST.AST) {
  return ast._tag === "Objects" ? ast.propertySignatures : [];
}
