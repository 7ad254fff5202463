import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  cacheRoot,
  readAttempt,
  readManifest,
  variantHome,
} from "../../../src/tensor/install/layout.mjs";
import { temporaryFolder } from "../../support/folder.ts";

const script = path.resolve(import.meta.dirname, "../../../bin/install-engine.mjs");

/** Runs the postinstall in a cache of its own, away from npm's and pip's hosts and from any GPU. */
function install(cache: string, env: NodeJS.ProcessEnv = {}) {
  const nowhere = "http://127.0.0.1:9/";
  const offline = {
    RCPA_CACHE: cache,
    PATH: path.dirname(process.execPath),
    npm_config_registry: nowhere,
    npm_config_fetch_retries: "0",
    npm_config_cache: path.join(cache, "npm"),
    PIP_INDEX_URL: nowhere,
    TFJS_NODE_CDN_STORAGE: nowhere,
  };
  const options = { env: { ...process.env, ...offline, ...env }, encoding: "utf8" as const };
  return spawnSync(process.execPath, [script], options);
}

describe("install-engine", () => {
  it("does nothing when told to skip", () => {
    const cache = temporaryFolder();
    const { status, stdout } = install(cache, { RCPA_ENGINE_INSTALL: "skip" });
    expect(status).toBe(0);
    expect(stdout).toContain("skipped (RCPA_ENGINE_INSTALL=skip)");
    expect(readdirSync(cache)).toEqual([]);
  });

  it("lets npm's install succeed when neither way works, and leaves the reason for the engine to quote", () => {
    const cache = temporaryFolder();
    const { status, stdout } = install(cache);
    expect(status).toBe(0);
    expect(stdout).toContain("retry: npx rcpa engine install");
    const env = { RCPA_CACHE: cache };
    expect(readManifest("cpu", env)).toBe(null);
    const attempt = readAttempt("cpu", env)!;
    expect(attempt.ok).toBe(false);
    expect(attempt.message).toMatch(/; then npm install: /);
    expect(existsSync(`${variantHome("cpu", env)}.lock`)).toBe(false);
    expect(readdirSync(variantHome("cpu", env))).toEqual([]);
  });

  it("lets npm's install succeed when the cache cannot be written to", () => {
    const file = path.join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const { status, stdout } = install(path.join(file, "cache"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/tensorflow-cpu: ENOTDIR.*engine wasm will serve/);
  });

  it.skipIf(readManifest("cpu") === null)("leaves a filled cache as it is", () => {
    const manifest = path.join(variantHome("cpu"), "manifest.json");
    const before = statSync(manifest).mtimeMs;
    const { status, stdout } = install(cacheRoot());
    expect(status).toBe(0);
    expect(stdout).toContain("tensorflow-cpu is in the cache");
    expect(statSync(manifest).mtimeMs).toBe(before);
  });
});

describe("cacheRoot", () => {
  it("is RCPA_CACHE, else below XDG_CACHE_HOME, else below the home folder", () => {
    expect(cacheRoot({ RCPA_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheRoot({ XDG_CACHE_HOME: "/b" })).toBe("/b/rcpa");
    expect(cacheRoot({})).toMatch(/\/\.cache\/rcpa$/);
  });
});
