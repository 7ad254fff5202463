/** A server that speaks the paths of the Hugging Face Hub, for tests of whatever downloads from it. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A model (`org/name`) or a data set (`datasets/org/name`) with its files at one commit. */
export interface Repository {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** Branches and tags besides `main`. */
  readonly tags?: ReadonlyArray<string>;
  /** The token it asks for. */
  readonly token?: string;
  /** Content that is sent instead of a file's own, as when a connection is bad. */
  readonly damaged?: Readonly<Record<string, Uint8Array | string>>;
}

export interface Hub {
  readonly url: string;
  /** Method and path of each request so far. */
  readonly requests: ReadonlyArray<string>;
}

const sha1 = (content: Uint8Array | string): string =>
  createHash("sha1").update(content).digest("hex");
const sha256 = (content: Uint8Array | string): string =>
  createHash("sha256").update(content).digest("hex");

/** The commit that every branch of a repository means. */
export const commitOf = (repository: Repository): string =>
  sha1(JSON.stringify(Object.keys(repository.files)));

/** Starts a server; it ends with the running test. */
export async function startHub(repositories: Readonly<Record<string, Repository>>): Promise<Hub> {
  const requests: Array<string> = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(repositories, request, response).catch((error: Error) => {
      response.writeHead(500).end(error.message);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, requests };
}

const api =
  /^\/api\/(models|datasets)\/([\w.-]+\/[\w.-]+)\/(revision|tree|paths-info)\/([^/?]+)(?:\/([^?]*))?/;
const file = /^\/(datasets\/)?([\w.-]+\/[\w.-]+)\/resolve\/([^/]+)\/([^?]+)/;

async function answer(
  repositories: Readonly<Record<string, Repository>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = request.url ?? "";
  const [, kind, name, what, revision, below = ""] = api.exec(url) ?? [];
  const [, prefix = "", owner, at, path] = file.exec(url) ?? [];
  const key =
    name === undefined ? `${prefix}${owner}` : `${kind === "datasets" ? "datasets/" : ""}${name}`;
  const repository = repositories[key];
  const json = (status: number, body: unknown) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  if (repository === undefined) return void json(404, { error: "Repository not found" });
  const { token } = repository;
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    return void json(401, { error: "Access to this repository is restricted" });
  }
  const commit = commitOf(repository);
  const known = ["main", commit, ...(repository.tags ?? [])];
  if (!known.includes(decodeURIComponent(revision ?? at ?? ""))) {
    return void json(404, { error: "Invalid rev id" });
  }
  if (what === "revision")
    return void json(200, { _id: "1", id: name, sha: commit, lastModified: 0 });
  if (what === "paths-info") {
    const { paths } = JSON.parse(await bodyOf(request)) as { paths: ReadonlyArray<string> };
    const found = entries(repository).filter((entry) => paths.includes(entry.path));
    const folders = paths.filter((one) =>
      Object.keys(repository.files).some((held) => held.startsWith(`${one}/`)),
    );
    return void json(200, [
      ...found,
      ...folders.map((one) => ({ type: "directory", path: one, oid: "0", size: 0 })),
    ]);
  }
  if (what === "tree") {
    const recursive = url.includes("recursive=true");
    const start = below === "" ? "" : `${below}/`;
    const found = entries(repository).filter(
      (entry) =>
        entry.path.startsWith(start) &&
        (recursive || !entry.path.slice(start.length).includes("/")),
    );
    return void json(200, found);
  }
  const held = repository.damaged?.[path!] ?? repository.files[path!];
  if (held === undefined) {
    response.setHeader("X-Error-Code", "EntryNotFound");
    return void json(404, { error: "Entry not found" });
  }
  send(Buffer.from(held), request, response);
}

/** Weights as Git LFS keeps them, all else as git does. */
function entries({ files }: Repository) {
  return Object.entries(files).map(([path, content]) => {
    const size = Buffer.from(content).length;
    const oid = sha1(`blob ${size}\0${Buffer.from(content).toString("latin1")}`);
    const lfs = /\.(safetensors|parquet)$/.test(path)
      ? { lfs: { oid: sha256(Buffer.from(content)), size, pointerSize: 134 } }
      : {};
    return { type: "file", path, size, oid, ...lfs };
  });
}

function send(content: Buffer, request: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  response.setHeader("ETag", `"${sha1(content)}"`);
  if (from === undefined) return void response.writeHead(200).end(content);
  const end = to === "" ? content.length - 1 : Math.min(Number(to), content.length - 1);
  response.setHeader("Content-Range", `bytes ${from}-${end}/${content.length}`);
  response.writeHead(206).end(content.subarray(Number(from), end + 1));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}
