/** The stage store: results as plain files under content-addressed folders, shared by all runs. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type Contents, noSpaceAsStoreFull } from "./checkpoint.ts";
import type { StoreBroken, StoreFull } from "./errors.ts";
import { inventory, onDisk, syncPath } from "./files.ts";
import { type Fingerprint, keyOf } from "./fingerprint.ts";
import { checkFormat } from "./format.ts";
import { absolutePaths, resolvePaths, storePaths } from "./reference.ts";
import {
  contentOf,
  damageBeside,
  damageOf,
  readResult,
  type StageResult,
  writeResult,
} from "./result.ts";
import { type Explain, mendSpec, openExplanations, writeSpec } from "./spec.ts";

/** A result that can be used; paths in `outputs` are absolute. */
export interface Stored {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly steps: number;
  readonly seconds: number;
  /** What it gave, as a hash; see `contentOf`. */
  readonly content: string;
}

/** What the store knows about a fingerprint. */
export type Lookup =
  | {
      readonly _tag: "Hit";
      readonly result: Stored;
      /** Whether the content of its files was compared with the hashes of its commit. */
      readonly verified: boolean;
      /** What was damaged beside the result itself. */
      readonly notes: ReadonlyArray<string>;
    }
  | { readonly _tag: "Miss"; readonly why: string };

/** How to look a result up. */
export interface LookupOptions {
  /** Content of the inputs as far as it is known: a result made from others is none. */
  readonly inputs?: Contents;
  /** Compares every file with its hash, however large. */
  readonly verify?: boolean;
  /** Made once for many look-ups, where they miss often. */
  readonly explain?: Explain;
}

/** What an attempt comes to; `inputs` is the content it worked on. */
export type Done = Pick<StageResult, "outputs" | "steps" | "seconds" | "spent"> & {
  readonly inputs?: Contents;
};

type Disk<A> = Effect.Effect<A, StoreFull | StoreBroken>;

/** Finds and commits stage results below one root folder. */
export class StageStore extends Context.Service<
  StageStore,
  {
    readonly root: string;
    /** The folder of a stage, whether it exists or not. */
    readonly folder: (fingerprint: Fingerprint) => string;
    /** A verified result, or why there is none. */
    readonly find: (fingerprint: Fingerprint, options?: LookupOptions) => Disk<Lookup>;
    /** Says why a fingerprint is not found, with the earlier ones in mind. */
    readonly explanations: () => Explain;
    /** Makes the stage's folder ready for an attempt; gives the empty folder for its files. */
    readonly prepare: (fingerprint: Fingerprint) => Disk<string>;
    /** Drops result and checkpoints, so that the stage starts over; not what this process computed itself. */
    readonly forget: (fingerprint: Fingerprint) => Disk<void>;
    /** Makes the attempt's files and outputs the stage's result. */
    readonly commit: (fingerprint: Fingerprint, done: Done) => Disk<Stored>;
  }
>()("rcpa/runtime/StageStore") {
  /** A store in plain files below `root/stages`. Fails: `StoreBroken` when `root` holds another format version. */
  static readonly layerFile = (root: string) => Layer.effect(StageStore, open(root));
}

const open = Effect.fnUntraced(function* (root: string) {
  const stages = join(root, "stages");
  yield* onDisk(root, "the store", () => checkFormat(root));
  const folder = (fingerprint: Fingerprint) => join(stages, keyOf(fingerprint));
  const committed = new Set<string>();
  const explanations = () => openExplanations(stages);
  const inFolder = <A>(fingerprint: Fingerprint, work: (dir: string) => A): Disk<A> =>
    onDisk(folder(fingerprint), "a stage's folder", () => work(folder(fingerprint)));
  return StageStore.of({
    root,
    folder,
    explanations,
    find: (fingerprint, options = {}) =>
      onDisk(stages, "the store", () => lookUp(stages, folder(fingerprint), fingerprint, options)),
    prepare: (fingerprint) =>
      inFolder(fingerprint, (dir) => {
        fs.mkdirSync(dir, { recursive: true });
        drop(dir, ["result.json", "out", "out.tmp"]);
        writeSpec(dir, fingerprint);
        fs.mkdirSync(join(dir, "out.tmp"));
        return join(dir, "out.tmp");
      }),
    forget: (fingerprint) =>
      inFolder(fingerprint, (dir) => {
        // Another pipeline of this process works on it.
        if (committed.has(dir)) return;
        const lines = fs.readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
        drop(dir, ["result.json", "checkpoints", "out", ...lines]);
      }),
    commit: (fingerprint, done) =>
      Effect.tap(commit(stages, folder(fingerprint), done), () =>
        Effect.sync(() => committed.add(folder(fingerprint))),
      ),
  });
});

/** The result goes first: without it the rest does not count. */
function drop(dir: string, names: ReadonlyArray<string>): void {
  for (const name of names) fs.rmSync(join(dir, name), { recursive: true, force: true });
}

function lookUp(
  stages: string,
  dir: string,
  fingerprint: Fingerprint,
  { inputs = {}, verify = false, explain = openExplanations(stages) }: LookupOptions,
): Lookup {
  const miss = (why: string): Lookup => ({ _tag: "Miss", why });
  const result = readResult(dir);
  if (result === "missing") {
    return miss(fs.existsSync(join(dir, "spec.json")) ? "it did not finish" : explain(fingerprint));
  }
  if (typeof result === "string") return miss(result);
  const changed = Object.keys(inputs).find((need) => inputs[need] !== result.inputs[need]);
  if (changed !== undefined) return miss(`its input ${changed} came out differently`);
  const { damage, verified } = damageOf(dir, result, verify);
  if (damage !== undefined) return miss(`its stored result is damaged: ${damage}`);
  const found = stored(stages, dir, result);
  const gone = absolutePaths(found.outputs).find((path) => !fs.existsSync(path));
  if (gone !== undefined) return miss(`its result ${gone} is gone`);
  const notes = [mendSpec(dir, fingerprint), damageBeside(dir, result)];
  return {
    _tag: "Hit",
    result: found,
    verified,
    notes: notes.filter((note) => note !== undefined),
  };
}

function stored(stages: string, dir: string, result: StageResult): Stored {
  const { outputs, steps, seconds } = result;
  const resolved = resolvePaths(outputs, { out: join(dir, "out"), stages }) as Stored["outputs"];
  return { outputs: resolved, steps, seconds, content: contentOf(result) };
}

function commit(stages: string, dir: string, done: Done): Disk<Stored> {
  const [temporary, out] = [join(dir, "out.tmp"), join(dir, "out")];
  return onDisk(dir, "a stage's result", () => {
    const files = inventory(temporary);
    const outputs = storePaths(done.outputs, { out: temporary, stages }) as Stored["outputs"];
    fs.renameSync(temporary, out);
    syncPath(dir);
    const result = writeResult(dir, { inputs: {}, ...done, outputs, files });
    fs.rmSync(join(dir, "checkpoints"), { recursive: true, force: true });
    return stored(stages, dir, result);
  }).pipe(noSpaceAsStoreFull(dir, "a stage's result"));
}
