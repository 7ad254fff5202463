/** Checkpoints inside a stage: whole or not there, verified before use, the last two kept. Serves the runtime layer. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { type StoreBroken, StoreFull } from "./errors.ts";
import {
  FileEntry,
  firstDamage,
  inventory,
  isNoSpace,
  onDisk,
  syncPath,
  writeAtomic,
} from "./files.ts";
import { readSealed, seal } from "./sealed.ts";

const kept = 2;
const Manifest = Schema.Struct({
  format: Schema.Literal(2),
  step: Schema.Int,
  /** Content of each input of the stage; see `StageResult`. */
  inputs: Schema.Record(Schema.String, Schema.String),
  files: Schema.Array(FileEntry),
});
const decodeManifest = Schema.decodeUnknownOption(Manifest);

/** A checkpoint that can be restored: the number of steps done and the folder of its files. */
export interface Checkpoint {
  readonly step: number;
  readonly dir: string;
}

/** The newest usable checkpoint and, in words, the newer ones that were passed over because they are damaged. */
export interface Found {
  readonly checkpoint: Checkpoint | undefined;
  readonly ignored: ReadonlyArray<string>;
}

/** Content of the inputs a stage works on, by need. */
export type Contents = Readonly<Record<string, string>>;

/**
 * Looks for the newest whole checkpoint of the loop `loop` below `root` that was made from `inputs`.
 *
 * Fails: `StoreBroken` when the folder cannot be read.
 */
export function newest(
  root: string,
  loop: number,
  inputs: Contents = {},
  depth: "size" | "hash" = "hash",
): Effect.Effect<Found, StoreFull | StoreBroken> {
  return onDisk(root, "a checkpoint", () => {
    const ignored: Array<string> = [];
    for (const { step, dir } of list(root, loop)) {
      const damage = damageOf(dir, step, inputs, depth);
      if (damage === undefined) return { checkpoint: { step, dir: join(dir, "state") }, ignored };
      ignored.push(`checkpoint at step ${step} ignored: ${damage}`);
    }
    return { checkpoint: undefined, ignored };
  });
}

/**
 * Keeps what `write` puts into an empty folder as the checkpoint after `step` steps.
 *
 * The files are flushed and listed with size and hash; renaming the folder is the commit.
 * Fails: with `write`'s error; `StoreFull` when the disk is full, then nothing of it stays.
 */
export function save<E, R>(
  root: string,
  loop: number,
  step: number,
  write: (dir: string) => Effect.Effect<void, E, R>,
  inputs: Contents = {},
): Effect.Effect<void, E | StoreFull | StoreBroken, R> {
  const final = join(root, folderName(loop, step));
  const temporary = `${final}.tmp`;
  const disk = (work: () => void) => onDisk(root, "a checkpoint", work);
  const steps = Effect.gen(function* () {
    yield* disk(() => {
      fs.rmSync(temporary, { recursive: true, force: true });
      fs.mkdirSync(join(temporary, "state"), { recursive: true });
    });
    yield* write(join(temporary, "state"));
    yield* disk(() => {
      const files = inventory(join(temporary, "state"));
      const manifest = { format: 2, step, inputs, files } satisfies typeof Manifest.Type;
      writeAtomic(join(temporary, "manifest.json"), seal(manifest));
      fs.rmSync(final, { recursive: true, force: true });
      fs.renameSync(temporary, final);
      syncPath(root);
      for (const old of list(root, loop).slice(kept)) fs.rmSync(old.dir, { recursive: true });
    });
  });
  return steps.pipe(
    noSpaceAsStoreFull(root, "a checkpoint"),
    Effect.onExit((exit) =>
      Effect.sync(() => {
        if (exit._tag === "Failure") fs.rmSync(temporary, { recursive: true, force: true });
      }),
    ),
  );
}

/** Turns any failure or defect that a full disk caused into `StoreFull`. */
export function noSpaceAsStoreFull(path: string, during: string) {
  return <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreFull, R> =>
    Effect.catchCause(work, (cause): Effect.Effect<never, E | StoreFull> => {
      const full = cause.reasons.some((reason) =>
        isNoSpace(reason._tag === "Fail" ? reason.error : reason._tag === "Die" && reason.defect),
      );
      return full ? Effect.fail(new StoreFull({ path, during })) : Effect.failCause(cause);
    });
}

function folderName(loop: number, step: number): string {
  return `${loop}-${String(step).padStart(8, "0")}`;
}

/** Committed checkpoints of a loop, newest first. */
function list(root: string, loop: number): ReadonlyArray<Checkpoint> {
  if (!fs.existsSync(root)) return [];
  return fs
    .readdirSync(root)
    .map((name) => ({ name, match: /^(\d+)-(\d+)$/.exec(name) }))
    .filter(({ match }) => match !== null && Number(match[1]) === loop)
    .map(({ name, match }) => ({ step: Number(match![2]), dir: join(root, name) }))
    .sort((a, b) => b.step - a.step);
}

function damageOf(
  dir: string,
  step: number,
  inputs: Contents,
  depth: "size" | "hash",
): string | undefined {
  const found = readSealed(join(dir, "manifest.json"));
  if (typeof found === "string") return `its manifest.json is ${found}`;
  const manifest = Option.getOrUndefined(decodeManifest(found.value));
  if (manifest === undefined || !found.sealed) return "its manifest.json is of another version";
  if (manifest.step !== step) return `its manifest.json is of step ${manifest.step}`;
  const changed = Object.keys(inputs).find((need) => manifest.inputs[need] !== inputs[need]);
  if (changed !== undefined) return `its input ${changed} came out differently since`;
  return firstDamage(join(dir, "state"), manifest.files, depth);
}
