/** The stage store: results as plain files under content-addressed folders, shared by all runs. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { noSpaceAsStoreFull } from "./checkpoint.ts";
import type { StoreBroken, StoreFull } from "./errors.ts";
import { FileEntry, firstDamage, inventory, onDisk, syncPath, writeAtomic } from "./files.ts";
import { differences, Fingerprint, keyOf } from "./fingerprint.ts";
import { absolutePaths, resolvePaths, storePaths } from "./reference.ts";

/** Raised when the layout changes in a way older code or stores cannot follow. */
const formatVersion = 1;

/** The commit mark of a stage: without a whole one, the stage did not happen. */
const StageResult = Schema.Struct({
  format: Schema.Literal(formatVersion),
  outputs: Schema.Record(Schema.String, Schema.Unknown),
  files: Schema.Array(FileEntry),
  /** Loop steps done over all attempts; 0 for a stage without a loop. */
  steps: Schema.Int,
  /** Wall time of the attempt that finished it. */
  seconds: Schema.Finite,
});
export type StageResult = typeof StageResult.Type;

const decodeResult = Schema.decodeUnknownOption(Schema.fromJsonString(StageResult));
const decodeSpec = Schema.decodeUnknownOption(Schema.fromJsonString(Fingerprint));

/** What the store knows about a fingerprint. `outputs` of a hit hold absolute paths. */
export type Lookup =
  | { readonly _tag: "Hit"; readonly result: StageResult }
  | { readonly _tag: "Miss"; readonly why: string };

type Disk<A> = Effect.Effect<A, StoreFull | StoreBroken>;

/** Finds and commits stage results below one root folder. */
export class StageStore extends Context.Service<
  StageStore,
  {
    readonly root: string;
    /** The folder of a stage, whether it exists or not. */
    readonly folder: (fingerprint: Fingerprint) => string;
    /** A verified result, or why there is none. */
    readonly find: (fingerprint: Fingerprint) => Disk<Lookup>;
    /** Makes the stage's folder ready for an attempt; gives the empty folder for its files. */
    readonly prepare: (fingerprint: Fingerprint) => Disk<string>;
    /** Makes the attempt's files and outputs the stage's result. */
    readonly commit: (
      fingerprint: Fingerprint,
      done: Pick<StageResult, "outputs" | "steps" | "seconds">,
    ) => Disk<StageResult>;
  }
>()("rcpa/runtime/StageStore") {
  /** A store in plain files below `root/stages`. Fails: `StoreBroken` when `root` holds another format version. */
  static readonly layerFile = (root: string) => Layer.effect(StageStore, open(root));
}

const open = Effect.fnUntraced(function* (root: string) {
  const stages = join(root, "stages");
  yield* onDisk(root, "the store", () => checkFormat(root, stages));
  const folder = (fingerprint: Fingerprint) => join(stages, keyOf(fingerprint));
  const attemptDir = (fingerprint: Fingerprint) => join(folder(fingerprint), "out.tmp");
  return StageStore.of({
    root,
    folder,
    find: (fingerprint) =>
      onDisk(stages, "the store", () => lookUp(stages, folder(fingerprint), fingerprint)),
    prepare: (fingerprint) =>
      onDisk(folder(fingerprint), "a stage's folder", () => {
        const dir = folder(fingerprint);
        fs.mkdirSync(dir, { recursive: true });
        for (const name of ["result.json", "out", "out.tmp"]) {
          fs.rmSync(join(dir, name), { recursive: true, force: true });
        }
        writeAtomic(join(dir, "spec.json"), JSON.stringify(fingerprint, null, 2));
        fs.mkdirSync(attemptDir(fingerprint));
        return attemptDir(fingerprint);
      }),
    commit: (fingerprint, done) => commit(stages, folder(fingerprint), done),
  });
});

function checkFormat(root: string, stages: string): void {
  fs.mkdirSync(stages, { recursive: true });
  const path = join(root, "format.json");
  if (!fs.existsSync(path)) writeAtomic(path, JSON.stringify({ format: formatVersion }));
  const { format } = JSON.parse(fs.readFileSync(path, "utf8")) as { format?: unknown };
  if (format === formatVersion) return;
  const found = `this store has format ${JSON.stringify(format)}, this version reads ${formatVersion}`;
  throw new Error(`${found}; choose another folder with --out`);
}

function lookUp(stages: string, dir: string, fingerprint: Fingerprint): Lookup {
  const text = readIfThere(join(dir, "result.json"));
  if (text === undefined) return { _tag: "Miss", why: whyMissing(stages, dir, fingerprint) };
  return Option.match(decodeResult(text), {
    onNone: (): Lookup => ({ _tag: "Miss", why: "its stored result cannot be read" }),
    onSome: (result): Lookup => {
      const damage = firstDamage(join(dir, "out"), result.files, "size");
      if (damage !== undefined)
        return { _tag: "Miss", why: `its stored result is damaged: ${damage}` };
      const outputs = resolve(stages, dir, result.outputs);
      const gone = absolutePaths(outputs).find((path) => !fs.existsSync(path));
      if (gone !== undefined) return { _tag: "Miss", why: `its result ${gone} is gone` };
      return { _tag: "Hit", result: { ...result, outputs } };
    },
  });
}

function resolve(stages: string, dir: string, outputs: StageResult["outputs"]) {
  return resolvePaths(outputs, { out: join(dir, "out"), stages }) as StageResult["outputs"];
}

function whyMissing(stages: string, dir: string, fingerprint: Fingerprint): string {
  if (fs.existsSync(join(dir, "spec.json"))) return "it did not finish";
  const earlier = fs
    .readdirSync(stages)
    .filter((name) => name.startsWith(`${fingerprint.name}-`))
    .map((name) => decodeSpec(readIfThere(join(stages, name, "spec.json")) ?? ""))
    .flatMap((spec) => (Option.isSome(spec) ? [differences(spec.value, fingerprint)] : []))
    .sort((a, b) => a.length - b.length)[0];
  return earlier?.[0] ?? "never run";
}

function readIfThere(path: string): string | undefined {
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : undefined;
}

function commit(
  stages: string,
  dir: string,
  done: Pick<StageResult, "outputs" | "steps" | "seconds">,
): Disk<StageResult> {
  const [temporary, out] = [join(dir, "out.tmp"), join(dir, "out")];
  return onDisk(dir, "a stage's result", () => {
    const files = inventory(temporary);
    const outputs = storePaths(done.outputs, { out: temporary, stages }) as StageResult["outputs"];
    const result: StageResult = { format: formatVersion, ...done, outputs, files };
    fs.renameSync(temporary, out);
    syncPath(dir);
    writeAtomic(join(dir, "result.json"), JSON.stringify(result, null, 2));
    fs.rmSync(join(dir, "checkpoints"), { recursive: true, force: true });
    return { ...result, outputs: resolve(stages, dir, outputs) };
  }).pipe(noSpaceAsStoreFull(dir, "a stage's result"));
}
