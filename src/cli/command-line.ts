/** The arguments of commands that look at models and files: names, numbers, and how mistakes are told. CLI. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { editDistance } from "../core/spelling.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** An option with a value. */
export const text = { type: "string" } as const;
/** An option that may come several times. */
export const texts = { type: "string", multiple: true } as const;
/** An option without a value. */
export const flag = { type: "boolean" } as const;

/** Reads a command line; text is what is wrong with it, for the user. */
export function readOptions<const Known extends Options>(
  argv: ReadonlyArray<string>,
  options: Known,
) {
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, tokens: true, options });
  } catch (error) {
    return explain((error as Error).message, Object.keys(options));
  }
}

function explain(message: string, known: ReadonlyArray<string>): string {
  const [, wrong] = /^Unknown option '--?([\w-]+)'/.exec(message) ?? [];
  const [, bare] =
    /^Option '(--?[\w-]+)( <value>)?' argument (missing|is ambiguous)/.exec(message) ?? [];
  if (bare !== undefined) return `${bare} needs a value; one that begins with a dash as ${bare}=-1`;
  if (wrong === undefined) return message;
  const near = known
    .map((name) => ({ name, edits: editDistance(wrong, name) }))
    .sort((a, b) => a.edits - b.edits)[0]!;
  const guess = near.edits <= 2 ? `; did you mean --${near.name}?` : "";
  return `there is no option --${wrong}${guess}`;
}

/** A whole number within bounds; text is what is wrong with it. */
export function wholeNumber(
  option: string,
  value: string,
  least: number,
  most: number,
): number | string {
  const read = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isInteger(read) && read >= least && read <= most) return read;
  return `${option} takes a whole number from ${least} to ${most}, got "${value}"`;
}

/** Errors of a name that the user gave, as against those of what it names. */
const misnamed = ["RunNotFound", "StageNotFound"];

/**
 * Does the work of a command. What the layers below refuse (a folder, a file, an image, an engine)
 * is told on stderr, without usage. Gives the exit code.
 */
export async function telling(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const { _tag, syscall, message } = error as NodeJS.ErrnoException & { readonly _tag?: string };
    if (_tag === undefined && syscall === undefined) throw error;
    process.stderr.write(`rcpa: ${message}\n`);
    return _tag !== undefined && misnamed.includes(_tag) ? 2 : 1;
  }
}
