/** Jinja templates from folders that nobody vouches for: source, work and output are bounded. Models layer. */
import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/** The longest template known has 30,000 characters. */
const MAX_SOURCE = 2 ** 16;
/** The library's own patterns take time quadratic in a run of blanks. */
const MAX_BLANKS = 2048;
/** What one rendering may cost; a chat of 100,000 words costs a tenth of it. */
const BUDGET = 2 ** 27;
const STEP = 32;
/** A turn of a loop costs the library about as much as this many steps. */
const TURN = 8 * STEP;
const MAX_RANGE = 2 ** 16;

/** What is used of the library's classes; its own declarations do not resolve under NodeNext. */
interface Evaluated {
  readonly value: unknown;
}
interface Node {
  readonly type: string;
  /** Of a loop. */
  readonly iterable?: Node;
}
interface Evaluator {
  evaluate(node: Node | undefined, environment: unknown): Evaluated;
  run(program: unknown): Evaluated;
}
const Library = Interpreter as unknown as new (environment: unknown) => Evaluator;

/**
 * Prepares a template; the function renders it with the given values.
 *
 * A template is data: it sees the values it is given and nothing of the process.
 * Fails: with the library's errors, and with `RangeError` beyond the bounds.
 */
export function boundedTemplate(
  source: string,
): (values: Readonly<Record<string, unknown>>) => string {
  if (source.length > MAX_SOURCE) {
    throw new RangeError(`${source.length} characters, more than ${MAX_SOURCE}`);
  }
  if (new RegExp(`\\s{${MAX_BLANKS}}`).test(source)) {
    throw new RangeError(`more than ${MAX_BLANKS} blanks in a row`);
  }
  const program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  return (values) => {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...globals, ...values })) {
      environment.set(name, value);
    }
    return String(new BoundedInterpreter(environment).run(program).value);
  };
}

/** Counts what is computed: each step, and each character and element that comes of it. */
class BoundedInterpreter extends Library {
  #left = BUDGET;
  readonly #looped = new WeakSet<Node>();

  override evaluate(node: Node | undefined, environment: unknown): Evaluated {
    if (node?.type === "For" && node.iterable !== undefined) this.#looped.add(node.iterable);
    const result = super.evaluate(node, environment);
    const looped = node !== undefined && this.#looped.has(node);
    this.#left -= STEP + sizeOf(result.value, looped);
    if (this.#left < 0) throw new RangeError("the template computes without end, or too much");
    return result;
  }
}

function sizeOf(value: unknown, looped: boolean): number {
  if (typeof value === "string") return (looped ? TURN : 1) * value.length;
  return Array.isArray(value) ? (looped ? TURN : STEP) * value.length : 0;
}

/** What every template may use; the library keeps its own list to itself. */
const globals = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  range,
  strftime_now: (format: unknown) => strftime(new Date(), String(format)),
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
};

function range(...args: ReadonlyArray<unknown>): ReadonlyArray<number> {
  // Keyword arguments and missing ones are no numbers.
  const numbers = args.filter((arg) => Number.isSafeInteger(arg)) as ReadonlyArray<number>;
  const [start, stop, step] =
    numbers.length === 1 ? [0, numbers[0]!, 1] : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(numbers.length === args.length && length <= MAX_RANGE)) {
    throw new RangeError(`range(${args.join(", ").slice(0, 60)}) is no range, or too long`);
  }
  return Array.from({ length }, (_, index) => start + index * step);
}

const two = (value: number): string => `${value}`.padStart(2, "0");

function strftime(date: Date, format: string): string {
  const month = (style: "short" | "long") =>
    new Intl.DateTimeFormat("en", { month: style }).format(date);
  const fields: Readonly<Record<string, () => string>> = {
    ...{ "%Y": () => `${date.getFullYear()}`, "%m": () => two(date.getMonth() + 1) },
    ...{ "%d": () => two(date.getDate()), "%b": () => month("short"), "%B": () => month("long") },
    ...{ "%H": () => two(date.getHours()), "%M": () => two(date.getMinutes()), "%%": () => "%" },
  };
  return format.replace(/%[YmdbBHM%]/g, (field) => fields[field]!());
}
