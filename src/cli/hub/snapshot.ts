/** The standard cache of downloads: content by hash, links by name, a commit by branch; whole files only. CLI. */
import { createHash, randomBytes } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type HubName, repoFolder } from "../../core/hub-name.ts";
import { HubUnavailable } from "./hub-unavailable.ts";

/** A file of a repository as the Hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Names the content within the cache. */
  readonly etag: string;
  /** Of large files; small ones are known by git's own hash. */
  readonly sha256: string | undefined;
}

/** One commit of a repository within the cache. */
export interface Snapshot {
  readonly name: HubName;
  readonly commit: string;
}

const aside = (path: string): string => `${path}.${process.pid}-${randomBytes(4).toString("hex")}`;

const fileOf = ({ name, commit }: Snapshot, path: string): string =>
  join(repoFolder(name), "snapshots", commit, path);

/** Whether a file of the commit is there with its content. */
export const hasFile = (snapshot: Snapshot, { path }: HubFile): boolean =>
  existsSync(fileOf(snapshot, path));

/**
 * Keeps a file's content under its hash and links it under its name. Written aside and moved into
 * place, so that other programs see whole files only.
 *
 * Fails: throws the error of the network or the file system; `HubUnavailable` when size or hash are wrong.
 */
export async function keepFile(snapshot: Snapshot, file: HubFile, content: Blob): Promise<void> {
  const blob = join(repoFolder(snapshot.name), "blobs", file.etag);
  if (!existsSync(blob)) {
    mkdirSync(dirname(blob), { recursive: true });
    const incomplete = `${aside(blob)}.incomplete`;
    try {
      await write(content, incomplete, file);
      renameSync(incomplete, blob);
    } finally {
      rmSync(incomplete, { force: true });
    }
  }
  const link = fileOf(snapshot, file.path);
  mkdirSync(dirname(link), { recursive: true });
  const made = aside(link);
  symlinkSync(relative(dirname(link), blob), made);
  renameSync(made, link);
}

async function write(content: Blob, path: string, { size, sha256, path: name }: HubFile) {
  const hash = createHash("sha256");
  let bytes = 0;
  const count = new Transform({
    transform: (piece: Buffer, _, done) => {
      hash.update(piece);
      bytes += piece.length;
      done(null, piece);
    },
  });
  const source = Readable.fromWeb(content.stream() as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(source, count, createWriteStream(path));
  const found = hash.digest("hex");
  if (bytes !== size || (sha256 !== undefined && found !== sha256)) {
    throw new HubUnavailable({
      name,
      reason: `came damaged: ${bytes} of ${size} bytes, hash ${found.slice(0, 12)}`,
      hint: "start again; what is whole is kept",
    });
  }
}

/** Says which commit a branch or tag means. */
export function keepRevision({ name, commit }: Snapshot): void {
  if (name.revision === commit) return;
  const path = join(repoFolder(name), "refs", name.revision);
  mkdirSync(dirname(path), { recursive: true });
  const made = aside(path);
  writeFileSync(made, commit);
  renameSync(made, path);
}

const listOf = ({ name, commit }: Snapshot): string =>
  join(repoFolder(name), ".rcpa", `${commit}${name.path === "" ? "" : `-${hashOf(name.path)}`}`);

const hashOf = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 12);

/** Notes that all files that are needed of a folder are there. */
export function keepList(snapshot: Snapshot, files: ReadonlyArray<HubFile>): void {
  const path = listOf(snapshot);
  mkdirSync(dirname(path), { recursive: true });
  const made = aside(path);
  writeFileSync(made, JSON.stringify(files.map((file) => file.path)));
  renameSync(made, path);
}

/** Whether everything that was once noted is still there. */
export function isListed(snapshot: Snapshot): boolean {
  try {
    const paths = JSON.parse(readFileSync(listOf(snapshot), "utf8")) as ReadonlyArray<string>;
    return paths.every((path) => existsSync(fileOf(snapshot, path)));
  } catch {
    return false;
  }
}
