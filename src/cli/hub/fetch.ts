/** Models and data sets of the Hugging Face Hub, downloaded into the standard cache when they are not there yet. CLI. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  cachedCommit,
  type HubName,
  hubText,
  localPath,
  parseHubName,
} from "../../core/hub-name.ts";
import { type HubUnavailable, hubError, offline, useless } from "./hub-unavailable.ts";
import { type HubFile, hasFile, isListed, keepFile, keepList, keepRevision } from "./snapshot.ts";

/** What could not be had, by name. */
export type Unfetched = ReadonlyMap<string, HubUnavailable>;

const asked = new Map<string, Promise<HubUnavailable | undefined>>();

/** Downloads what of the names is not there; each is asked for once a process. */
export async function fetchAll(names: ReadonlyArray<string>): Promise<Unfetched> {
  const failed = new Map<string, HubUnavailable>();
  // One after the other: they may be parts of the same repository.
  for (const text of new Set(names)) {
    const name = parseHubName(text);
    if (name === undefined) continue;
    const result = asked.get(text) ?? fetchOne(name).catch((error: HubUnavailable) => error);
    asked.set(text, result);
    const problem = await result;
    if (problem === undefined) continue;
    if (problem._tag !== "HubUnavailable") throw problem;
    failed.set(text, problem);
  }
  return failed;
}

async function fetchOne(name: HubName): Promise<undefined> {
  if (isWhole(name)) return undefined;
  const text = hubText(name);
  const there = existsSync(localPath(text));
  if (/^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? "")) {
    if (there) return undefined;
    throw offline(text);
  }
  const host = (process.env.HF_ENDPOINT ?? "https://huggingface.co").replace(/\/+$/, "");
  try {
    await download(name, host);
  } catch (error) {
    const problem = isTagged(error) ? error : hubError(text, host, error);
    // What another program downloaded may be all that is needed.
    if (!there || !/cannot be reached/.test(problem.reason)) throw problem;
    process.stderr.write(`${text}: ${problem.reason}; taking what is in the cache\n`);
  }
  return undefined;
}

const isTagged = (error: unknown): error is HubUnavailable =>
  typeof error === "object" && error !== null && "_tag" in error;

/** Whether the cache has all of it, so that nobody needs to be asked. */
function isWhole(name: HubName): boolean {
  const commit = cachedCommit(name);
  if (commit === undefined) return false;
  const path = localPath(hubText(name));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.isFile() || isListed({ name, commit })) return true;
  return name.type === "model" && hasWeights(path);
}

/** Whether a folder that another program downloaded has a configuration and all its weights. */
function hasWeights(dir: string): boolean {
  const has = (file: string) => existsSync(join(dir, file));
  if (!has("config.json")) return false;
  if (has("model.safetensors")) return true;
  try {
    const index = JSON.parse(readFileSync(join(dir, "model.safetensors.index.json"), "utf8"));
    return Object.values<string>(index.weight_map).every(has);
  } catch {
    return false;
  }
}

/** What is of use here; a model's weights in other formats and a data set's scripts are left. */
const wanted = {
  model: /^[^/]+\.(safetensors|json|txt|jinja|model)$/,
  dataset: /(^README\.md|\.(parquet|jsonl|png|jpe?g|webp|gif|tiff?|avif))$/i,
};

async function download(name: HubName, hubUrl: string): Promise<void> {
  const hub = await import("@huggingface/hub");
  const token = accessToken();
  const access = {
    hubUrl,
    fetch: persistently,
    ...(token === undefined ? {} : { accessToken: token }),
  };
  const repo = { type: name.type, name: name.repo } as const;
  const about = {
    ...access,
    name: name.repo,
    revision: name.revision,
    additionalFields: ["sha" as const],
  };
  const { sha } = await (name.type === "model" ? hub.modelInfo(about) : hub.datasetInfo(about));
  const text = hubText(name);
  if (!/^[0-9a-f]{40}$/.test(sha)) throw useless(text, "the Hub names no commit of it");
  const snapshot = { name, commit: sha };
  const files = await filesOf(name, sha);
  const missing = files.filter((file) => !hasFile(snapshot, file));
  const bytes = missing.reduce((sum, { size }) => sum + size, 0);
  if (missing.length > 0) say(`${text}: fetching ${missing.length} files, ${megabytes(bytes)}`);
  for (const file of missing) {
    const content = await hub.downloadFile({ ...access, repo, revision: sha, path: file.path });
    if (content === null) throw useless(text, `the Hub lists ${file.path} but does not have it`);
    await keepFile(snapshot, file, content);
    if (file.size >= LARGE) say(`  ${file.path}, ${megabytes(file.size)}`);
  }
  keepList(snapshot, files);
  keepRevision(snapshot);

  async function filesOf({ path }: HubName, revision: string): Promise<ReadonlyArray<HubFile>> {
    const at = { ...access, repo, revision };
    if (path !== "") {
      const [entry] = await hub.pathsInfo({ ...at, paths: [path] });
      if (entry === undefined) throw useless(text, `there is no ${path} in it`);
      if (entry.type === "file") return [checked(entry, text)];
    }
    const below = path === "" ? "" : `${path}/`;
    const found: Array<HubFile> = [];
    const listing = hub.listFiles({
      ...at,
      recursive: name.type === "dataset",
      ...(path && { path }),
    });
    for await (const entry of listing) {
      if (entry.type !== "file" || !wanted[name.type].test(entry.path.slice(below.length)))
        continue;
      found.push(checked(entry, text));
    }
    if (found.length > 0) return found;
    throw useless(text, "nothing in it is of use here");
  }
}

interface Entry {
  readonly path: string;
  readonly size: number;
  readonly oid?: string;
  readonly lfs?: { readonly oid: string; readonly size: number };
}

/** Paths and hashes become names of files here. */
function checked({ path, size, oid, lfs }: Entry, text: string): HubFile {
  const etag = lfs?.oid ?? oid ?? "";
  const parts = path.split("/");
  const odd = parts.some((part) => part === "" || /^\.+$/.test(part) || /[\\\0]/.test(part));
  if (odd || !/^[0-9a-f]{8,128}$/.test(etag)) {
    throw useless(text, `the Hub lists a file with an odd name or hash: ${path.slice(0, 80)}`);
  }
  return { path, size: lfs?.size ?? size, etag, sha256: lfs?.oid };
}

/** The token of this user: of the environment, or where `hf auth login` puts it. */
function accessToken(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const stated = env.HF_TOKEN ?? env.HUGGING_FACE_HUB_TOKEN;
  if (stated !== undefined) return stated.trim() === "" ? undefined : stated.trim();
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  const path = env.HF_TOKEN_PATH ?? join(home, "token");
  if (!existsSync(path)) return undefined;
  const kept = readFileSync(path, "utf8").trim();
  return kept === "" ? undefined : kept;
}

const WAITS = [300, 1000];

/** Tries again when the host is busy or the network fails. */
const persistently: typeof fetch = async (...request) => {
  for (const wait of WAITS) {
    const answer = await fetch(...request).catch((error: Error) => error);
    const busy = answer instanceof Error ? false : answer.status === 429 || answer.status >= 500;
    if (!(answer instanceof Error) && !busy) return answer;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return fetch(...request);
};

const LARGE = 50e6;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
