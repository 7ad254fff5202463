/** Names of models and data sets on the Hugging Face Hub, and where the standard cache keeps what they mean. Serves all layers. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** `hf://org/name@revision/path`; the path is empty for the whole folder. */
export interface HubName {
  readonly type: "model" | "dataset";
  readonly repo: string;
  /** A branch, a tag, or a commit. */
  readonly revision: string;
  readonly path: string;
}

const SCHEME = "hf://";
const shape =
  /^(?:(models|datasets)\/)?([\w.-]+\/[\w.-]+)(?:@(refs(?:\/|%2F)\w+(?:\/|%2F)\w+|[\w.-]+))?(?:\/(.*))?$/;
const commit = /^[0-9a-f]{40}$/;

/** Whether a text means something on the Hub rather than a path. */
export const isHubName = (text: string): boolean => text.startsWith(SCHEME);

/**
 * Reads a name; undefined when it is none.
 *
 * @param usual what a name without `datasets/` or `models/` in front means
 */
export function parseHubName(text: string, usual: HubName["type"] = "model"): HubName | undefined {
  const found = isHubName(text) ? shape.exec(text.slice(SCHEME.length)) : null;
  if (found === null) return undefined;
  const [, prefix, repo, revision = "main", path = ""] = found;
  const parts = [...repo!.split("/"), revision, ...path.split("/").filter((part) => part !== "")];
  if (parts.some((part) => /^\.+$/.test(part) || part.includes("\\") || part.includes("\0"))) {
    return undefined;
  }
  const type = prefix === undefined ? usual : prefix === "models" ? "model" : "dataset";
  const whole = path
    .split("/")
    .filter((part) => part !== "")
    .join("/");
  return { type, repo: repo!, revision: revision.replaceAll("%2F", "/"), path: whole };
}

/** The name as a text that says by itself what it is. */
export function hubText({ type, repo, revision, path }: HubName): string {
  const prefix = type === "dataset" ? "datasets/" : "";
  return `${SCHEME}${prefix}${repo}@${revision}${path === "" ? "" : `/${path}`}`;
}

/** The folder in which all programs of one user keep what they have downloaded. */
function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  return resolve(env.HF_HUB_CACHE ?? env.HUGGINGFACE_HUB_CACHE ?? join(home, "hub"));
}

/** The folder of one model or data set within the cache. */
export const repoFolder = ({ type, repo }: HubName): string =>
  join(hubCache(), `${type}s--${repo.replace("/", "--")}`);

/** The commit that a revision means, as far as the cache knows. */
export function cachedCommit(name: HubName): string | undefined {
  if (commit.test(name.revision)) return name.revision;
  try {
    const text = readFileSync(join(repoFolder(name), "refs", name.revision), "utf8").trim();
    return commit.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Where a path or name is on this machine, or would be if it were downloaded. */
export function localPath(text: string): string {
  const name = parseHubName(text);
  if (name === undefined) return resolve(text);
  const folder = cachedCommit(name) ?? name.revision;
  return join(repoFolder(name), "snapshots", folder, name.path);
}

/** The model or data set (`org/name`) whose cached folder this is; undefined for other folders. */
export function cachedRepo(dir: string): string | undefined {
  const [, org, name] =
    /[/\\](?:models|datasets)--([\w.-]+?)--([\w.-]+)[/\\]snapshots[/\\]/.exec(`${dir}/`) ?? [];
  return org === undefined ? undefined : `${org}/${name}`;
}

/** The folder that links of a file may lead into: cached files are links into the folder of their repository. */
export function linkedWithin(dir: string): string | undefined {
  const [, folder] =
    /^(.*[/\\](?:models|datasets)--[^/\\]+)[/\\]snapshots[/\\][^/\\]+/.exec(dir) ?? [];
  return folder;
}
