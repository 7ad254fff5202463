/**
 * Where the native engine lives on disk, and which releases it is made of. Serves the installer and the engine loader;
 * plain JavaScript because npm's postinstall runs it before anything can strip types.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** The TensorFlow release whose shared libraries are used. */
export const TENSORFLOW = "2.21.0";
/** The release of `@tensorflow/tfjs-node-gpu` whose JavaScript and binding sources are used. */
export const BINDINGS = "4.22.0";

/** The folder shared by all checkouts of this user: `$RCPA_CACHE`, `$XDG_CACHE_HOME/rcpa` or `~/.cache/rcpa`. */
export function cacheRoot(env = process.env) {
  if (env.RCPA_CACHE) return path.resolve(env.RCPA_CACHE);
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "rcpa");
}

/** The folder of one variant ("cpu" or "gpu") of the native library, keyed by release and platform. */
export function variantHome(variant, env = process.env) {
  const key = `tensorflow-${TENSORFLOW}-tfjs-${BINDINGS}-${process.platform}-${process.arch}-${variant}`;
  return path.join(cacheRoot(env), "engine", key);
}

/** The manifest of an installed variant, or null; it is written last, so its presence means a whole install. */
export function readManifest(variant, env = process.env) {
  const home = variantHome(variant, env);
  const manifest = readJson(path.join(home, "manifest.json"));
  if (manifest === null || typeof manifest.binding !== "string") return null;
  const binding = path.join(home, manifest.binding);
  const javascript = path.join(home, manifest.javascript);
  if (!fs.existsSync(binding) || !fs.existsSync(javascript)) return null;
  return { ...manifest, home, binding, javascript };
}

/** What the last install attempt of a variant came to, or null when there was none. */
export function readAttempt(variant, env = process.env) {
  return readJson(path.join(cacheRoot(env), "engine", `last-attempt-${variant}.json`));
}

/** Records what an install attempt came to, for the engine to quote when it has to pass the variant over. */
export function writeAttempt(variant, attempt, env = process.env) {
  const file = path.join(cacheRoot(env), "engine", `last-attempt-${variant}.json`);
  writeJson(file, { ...attempt, at: new Date().toISOString() });
}

/** Writes JSON in one step: a reader sees the old file or the new one, never a part. */
export function writeJson(file, value) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(partial, `${JSON.stringify(value, null, 2)}\n`);
  fs.renameSync(partial, file);
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}
