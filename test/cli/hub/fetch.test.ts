import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { fetchAll } from "../../../src/cli/hub/fetch.ts";
import { localPath, parseHubName } from "../../../src/core/hub-name.ts";
import { modelFolder } from "../../../src/dsl/shipped.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { commitOf, type Repository, startHub } from "../../support/hub.ts";

const weights = new Uint8Array(70_000).fill(7);
const tiny: Repository = {
  files: {
    "config.json": "{}",
    "tokenizer.json": '{"a":1}',
    "model.safetensors": weights,
    "pytorch_model.bin": weights,
    "onnx/model.onnx": weights,
  },
  tags: ["v1.0"],
};
const rows: Repository = {
  files: {
    "README.md": "# rows",
    "load.py": "raise",
    "data/train-00000-of-00001.parquet": weights,
    "images/1.png": "png",
  },
};

let serial = 0;
/** Each name is asked for once a process, so every test has its own. */
const fresh = () => `org/name-${serial++}`;

/** An empty cache, and a server with the repository. */
async function hubWith(repository: Repository, prefix = "") {
  const name = fresh();
  const hub = await startHub({ [`${prefix}${name}`]: repository });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  return { name, hub, cache: process.env.HF_HOME! };
}

beforeEach(() => {
  for (const name of [
    "HF_HUB_CACHE",
    "HUGGINGFACE_HUB_CACHE",
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
  ]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv("HF_HUB_OFFLINE", "");
  vi.stubEnv("HF_HOME", temporaryFolder());
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
});

const reasonOf = async (name: string) => {
  const problem = (await fetchAll([name])).get(name)!;
  return `${problem.reason}; ${problem.hint}`;
};

describe("a model on the Hub", () => {
  it("comes into the standard cache: content by hash, links by name, the commit by branch", async () => {
    const { name, cache } = await hubWith(tiny);
    expect(await fetchAll([`hf://${name}@main`])).toEqual(new Map());
    const folder = join(cache, "hub", `models--${name.replace("/", "--")}`);
    const commit = commitOf(tiny);
    expect(readFileSync(join(folder, "refs/main"), "utf8")).toBe(commit);
    const snapshot = join(folder, "snapshots", commit);
    expect(readdirSync(snapshot).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
    ]);
    expect(lstatSync(join(snapshot, "config.json")).isSymbolicLink()).toBe(true);
    expect(new Uint8Array(readFileSync(join(snapshot, "model.safetensors")))).toEqual(weights);
    expect(readdirSync(join(folder, "blobs"))).toHaveLength(3);
    expect(modelFolder(`hf://${name}`)).toBe(snapshot);
  });

  it("takes tags and commits, and asks with the token", async () => {
    const { name } = await hubWith({ ...tiny, token: "hf_secret" });
    vi.stubEnv("HF_TOKEN", "hf_secret");
    const names = [`hf://${name}@v1.0`, `hf://${name}@${commitOf(tiny)}`];
    expect(await fetchAll(names)).toEqual(new Map());
    expect(localPath(names[0]!)).toBe(localPath(names[1]!));
  });

  it("is found without asking when another program has downloaded it", async () => {
    const { name, hub, cache } = await hubWith(tiny);
    const snapshot = join(
      cache,
      "hub",
      `models--${name.replace("/", "--")}`,
      "snapshots",
      "a".repeat(40),
    );
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(dirname(dirname(snapshot)), "refs"));
    writeFileSync(join(dirname(dirname(snapshot)), "refs/main"), "a".repeat(40));
    for (const file of ["config.json", "model.safetensors"])
      writeFileSync(join(snapshot, file), "{}");
    expect(await fetchAll([`hf://${name}@main`])).toEqual(new Map());
    expect(hub.requests).toEqual([]);
    expect(modelFolder(`hf://${name}`)).toBe(snapshot);
  });

  it("is not taken when its bytes came damaged", async () => {
    const { name, cache } = await hubWith({
      ...tiny,
      damaged: { "model.safetensors": "x".repeat(70_000) },
    });
    expect(await reasonOf(`hf://${name}@main`)).toMatch(
      /^came damaged: 70000 of 70000 bytes, .*; start again/,
    );
    const folder = join(cache, "hub", `models--${name.replace("/", "--")}`);
    expect(existsSync(join(folder, "refs/main"))).toBe(false);
    expect(readdirSync(join(folder, "blobs")).some((file) => file.includes("incomplete"))).toBe(
      false,
    );
  });
});

describe("a data set on the Hub", () => {
  it("comes whole, without scripts, or as one file", async () => {
    const { name, hub } = await hubWith(rows, "datasets/");
    const [whole, one] = [`hf://datasets/${name}@main`, `hf://datasets/${name}@main/README.md`];
    expect(await fetchAll([one])).toEqual(new Map());
    expect(readdirSync(localPath(whole))).toEqual(["README.md"]);
    expect(await fetchAll([whole])).toEqual(new Map());
    expect(readdirSync(localPath(whole)).sort()).toEqual(["README.md", "data", "images"]);
    expect(hub.requests.some((request) => request.includes("load.py"))).toBe(false);
  });
});

describe("what cannot be had", () => {
  it("is told with what helps: refused, missing, out of reach, forbidden to ask", async () => {
    const { name } = await hubWith({ ...tiny, token: "hf_secret" });
    expect(await reasonOf(`hf://${name}@main`)).toMatch(/refuses it \(401\); .*HF_TOKEN/);
    expect(await reasonOf("hf://org/absent@main")).toMatch(
      /no such thing \(404\); check org, name/,
    );
    vi.stubEnv("HF_TOKEN", "secret");
    expect(await reasonOf(`hf://${name}@v1.0`)).toMatch(/HF_TOKEN begins with hf_/);
    vi.stubEnv("HF_TOKEN", undefined);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await reasonOf("hf://org/first@main")).toMatch(/HF_HUB_OFFLINE forbids .*; unset/);
    vi.stubEnv("HF_HUB_OFFLINE", "");
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:9");
    expect(await reasonOf("hf://org/second@main")).toMatch(/cannot be reached .*; without network/);
  });
});

describe("names", () => {
  it.each([
    ["hf://org/name", { type: "model", repo: "org/name", revision: "main", path: "" }],
    [
      "hf://datasets/org/na.me@v1/a/b.parquet",
      { type: "dataset", repo: "org/na.me", revision: "v1", path: "a/b.parquet" },
    ],
    [
      "hf://org/name@refs/pr/3/x",
      { type: "model", repo: "org/name", revision: "refs/pr/3", path: "x" },
    ],
  ])("%s is understood", (text, name) => {
    expect(parseHubName(text)).toEqual(name);
  });

  it.each([
    "hf://name",
    "hf://../name",
    "hf://org/..",
    "hf://org/name@..",
    "hf://org/name/../../x",
    "org/name",
  ])("%s is none", (text) => {
    expect(parseHubName(text)).toBeUndefined();
  });
});
