/** The options every pipeline file understands on its command line. CLI. */
import { parseArgs } from "node:util";
import type { EngineName } from "../tensor/engine.ts";

/** Listed here so that a wrong name is refused before a tensor library is loaded; the compiler keeps it complete. */
const engines = {
  "tensorflow-gpu": true,
  "tensorflow-cpu": true,
  wasm: true,
  cpu: true,
} satisfies Record<EngineName, true>;

/** Names of the engines, best first. */
export const engineNames = Object.keys(engines) as ReadonlyArray<EngineName>;

/** Folder of the store when none is given. */
export const defaultOut = ".rcpa";

/** A pipeline's command line, read. */
export interface Args {
  readonly seed: number | undefined;
  readonly engine: EngineName | "auto";
  readonly stepsScale: number;
  /** Folder of the stage store and the run folders. */
  readonly out: string;
  readonly json: boolean;
  readonly help: boolean;
}

/** What `--help` prints, and what follows a wrong option. */
export const optionsText = `options:
  --seed N          seed of all randomness; default: the pipeline's own
  --engine NAME     auto | ${engineNames.join(" | ")}; default: auto, the best there is
  --steps-scale X   multiply every number of steps by X, for a quicker try; default: 1
  --out DIR         where results, runs and models go; default: .rcpa
  --json            the last line is one JSON object; all else goes to stderr
  --help            print this`;

/** Reads a command line; text is what is wrong with it, for the user. */
export function readArgs(argv: ReadonlyArray<string>): Args | string {
  const parsed = parse(argv);
  if (typeof parsed === "string") return parsed;
  const seed = parsed.seed === undefined ? undefined : Number(parsed.seed);
  if (seed !== undefined && (parsed.seed === "" || !Number.isSafeInteger(seed))) {
    return `--seed takes a whole number, got "${parsed.seed}"`;
  }
  const stepsScale = Number(parsed["steps-scale"] ?? 1);
  if (!(Number.isFinite(stepsScale) && stepsScale > 0)) {
    return `--steps-scale takes a number above 0, got "${parsed["steps-scale"]}"`;
  }
  const engine = parsed.engine ?? "auto";
  if (!isEngine(engine)) {
    return `--engine: there is no engine "${engine}"; engines: auto, ${engineNames.join(", ")}`;
  }
  const out = parsed.out ?? defaultOut;
  if (out === "") return "--out takes a folder";
  return { seed, engine, stepsScale, out, json: parsed.json ?? false, help: parsed.help ?? false };
}

function parse(argv: ReadonlyArray<string>) {
  try {
    const { values } = parseArgs({
      args: [...argv],
      allowPositionals: false,
      options: {
        seed: { type: "string" },
        engine: { type: "string" },
        "steps-scale": { type: "string" },
        out: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (error) {
    return (error as Error).message.split(". To specify")[0]!;
  }
}

function isEngine(name: string): name is EngineName | "auto" {
  return name === "auto" || Object.hasOwn(engines, name);
}
