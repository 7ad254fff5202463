/** The options every pipeline file understands on its command line. CLI. */
import { parseArgs } from "node:util";
import type { Selection } from "../runtime/select.ts";
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
  /** Events go to stderr as JSON lines. */
  readonly events: boolean;
  readonly help: boolean;
  /** Which stages run, and from where. */
  readonly selection: Selection;
}

/** What `--help` prints, and what follows a wrong option. */
export const optionsText = `options:
  --seed N          seed of all randomness; default: the pipeline's own
  --engine NAME     auto | ${engineNames.join(" | ")}; default: auto, the best there is
  --steps-scale X   multiply every number of steps by X, for a quicker try; default: 1
  --out DIR         where results, runs and models go; default: .rcpa
  --fresh[=STAGES]  run again what is stored: everything, or the named stages (a,b); what builds on
                    them runs again when they come out differently
  --from STAGE      take everything before STAGE from the store, or refuse
  --until STAGE     end after STAGE
  --only STAGE      the same as --from STAGE --until STAGE
  --verify          compare every stored file with its hash, however large
  --json            the last line is one JSON object; all else goes to stderr
  --events          each event as one JSON line on stderr, in place of the progress
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
  const selection = readSelection(parsed);
  if (typeof selection === "string") return selection;
  const { json = false, events = false, help = false } = parsed;
  return { seed, engine, stepsScale, out, json, events, help, selection };
}

type Parsed = Exclude<ReturnType<typeof parse>, string>;

function readSelection({ fresh = [], from, until, only, verify = false }: Parsed) {
  if (only !== undefined && (from !== undefined || until !== undefined)) {
    return "--only says both ends; leave --from and --until out";
  }
  for (const [option, stage] of Object.entries({ from, until, only })) {
    if (stage === "") return `--${option} takes a stage`;
  }
  const names = fresh.flatMap((list) => list.split(","));
  if (names.includes("")) return "--fresh= takes stages, as in --fresh=warmup,grpo";
  const all = names.includes(everything);
  const selection: Selection = {
    fresh: all ? "all" : names,
    from: only ?? from,
    until: only ?? until,
    verify,
  };
  return selection;
}

/** Stands for all stages in `--fresh` without a value, which `parseArgs` does not know. */
const everything = "*";

function parse(argv: ReadonlyArray<string>) {
  try {
    const { values } = parseArgs({
      args: argv.map((text) => (text === "--fresh" ? `--fresh=${everything}` : text)),
      allowPositionals: false,
      options: {
        seed: { type: "string" },
        engine: { type: "string" },
        "steps-scale": { type: "string" },
        out: { type: "string" },
        fresh: { type: "string", multiple: true },
        from: { type: "string" },
        until: { type: "string" },
        only: { type: "string" },
        verify: { type: "boolean" },
        events: { type: "boolean" },
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
