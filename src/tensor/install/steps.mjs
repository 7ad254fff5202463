/**
 * The steps of an install. Each fills a folder of the variant's home in one move, so a step that was interrupted
 * left nothing under its final name, and a step that was done is not done again.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkSha256, unpackTarball, wheelExtractor } from "./archive.mjs";
import { command, firstProgram, InstallFailed, npm } from "./command.mjs";
import { bindingKey, compileBinding } from "./compile.mjs";
import { compileFused, fusedFile } from "./fused-kernels.mjs";
import { cpuLibraries, cpuWheel, driver, protobuf, wheelTags } from "./releases.mjs";

/** Makes the folder `target` by filling a neighbour of it and renaming; does nothing when it is already there. */
export async function once(target, fill) {
  if (fs.existsSync(target)) return;
  const partial = `${target}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial, { recursive: true });
  try {
    await fill(partial);
    fs.renameSync(partial, target);
  } catch (error) {
    fs.rmSync(partial, { recursive: true, force: true });
    throw error;
  }
}

/** The driver's JavaScript and binding sources, from npm, checked against their pinned integrity. */
export function fetchDriver(home, say) {
  return once(path.join(home, "javascript"), async (partial) => {
    say("fetching the driver");
    const packed = path.join(partial, "packed");
    fs.mkdirSync(packed);
    const args = ["pack", driver.name, protobuf.name, "--json", "--pack-destination", packed];
    const listing = await npm("npm pack", args, { seconds: 120, cwd: packed });
    const files = JSON.parse(listing).map((entry) =>
      path.join(packed, path.basename(entry.filename)),
    );
    const [driverFile, protobufFile] = files.map((file) => presentFile(file));
    unpackTarball(driverFile, driver.integrity, partial);
    const modules = path.join(partial, "node_modules");
    unpackTarball(protobufFile, protobuf.integrity, path.join(modules, "google-protobuf"));
    writeSharedModules(modules);
    fs.rmSync(packed, { recursive: true });
  });
}

/** npm 9 and later list a scoped package's file by its real name, older ones with a slash in it. */
function presentFile(file) {
  if (fs.existsSync(file)) return file;
  const other = path.join(path.dirname(file), `tensorflow-${path.basename(file)}`);
  if (fs.existsSync(other)) return other;
  throw new InstallFailed(`npm pack: ${path.basename(file)} did not arrive`);
}

/** The driver must use the loading project's tfjs, not one of its own: see native-tensorflow.ts. */
export function writeSharedModules(modules) {
  for (const name of ["tfjs", "tfjs-core"]) {
    const folder = path.join(modules, "@tensorflow", name);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(
      path.join(folder, "index.js"),
      'module.exports = globalThis[Symbol.for("rcpa.tfjs")];\n',
    );
  }
}

/** The processor build of the library: the wheel is fetched by pip, checked, and two libraries and 66 headers kept. */
export function fetchCpuLibrary(home, say) {
  return once(path.join(home, "library"), async (partial) => {
    const wheels = path.join(home, "wheel");
    const wheel = path.join(wheels, cpuWheel.file);
    if (!fs.existsSync(wheel)) {
      say(`fetching ${cpuWheel.requirement} (274 MB)`);
      const args = ["download", "--no-deps", ...wheelTags, "--dest", wheels, cpuWheel.requirement];
      await pip("pip download", args);
    }
    await checkSha256(wheel, cpuWheel.sha256);
    const extract = ["-c", wheelExtractor, wheel, partial];
    await command("unpacking the wheel", await pythonWithPip(), extract);
    for (const [name, hash] of Object.entries(cpuLibraries)) {
      await checkSha256(path.join(partial, "lib", name), hash);
    }
    fs.rmSync(wheels, { recursive: true });
  });
}

/**
 * The CUDA build and NVIDIA's libraries, laid out as in a Python environment, because TensorFlow looks for
 * `../nvidia/*` beside itself. Versions and hashes are pinned in requirements-gpu.txt and checked by pip.
 * The pins resolve and download; the result has not been run on a GPU yet (docs/log.md).
 */
export function fetchGpuLibrary(home, say) {
  return once(path.join(home, "library"), async (partial) => {
    say("fetching TensorFlow for CUDA and NVIDIA's libraries (3 GB)");
    const here = path.dirname(fileURLToPath(import.meta.url));
    const pins = ["--require-hashes", "-r", path.join(here, "requirements-gpu.txt")];
    const args = ["install", "--no-deps", ...wheelTags, "--target", partial, ...pins];
    await pip("pip install", args, 3600);
  });
}

async function pip(what, args, seconds = 900) {
  const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir"];
  const patience = ["--retries", "2", "--timeout", "30"];
  const python = await pythonWithPip();
  return command(what, python, ["-m", "pip", ...args, ...quiet, ...patience], { seconds });
}

async function pythonWithPip() {
  const python = await firstProgram(["python3", "python"], ["-m", "pip", "--version"]);
  if (python === undefined) throw new InstallFailed("no Python with pip");
  return python;
}

/** The compiled binding, and a first load of it in a process of its own; gives the folder's name. */
export async function makeBinding(home, libraries, include, say) {
  const javascript = path.join(home, "javascript");
  const key = bindingKey(javascript);
  await once(path.join(home, key), async (into) => {
    say("compiling the binding");
    await compileBinding({ javascript, include, libraries, into, home });
  });
  await tryBinding(path.join(home, key, "tfjs_binding.node"));
  return path.join(key, "tfjs_binding.node");
}

/** The fused kernels beside the binding; without them the engine composes the same of TensorFlow's own. */
export async function makeFused(home, libraries, include, say) {
  const file = fusedFile(home);
  try {
    await once(path.dirname(file), async (into) => {
      say("compiling the fused kernels");
      await compileFused({ include, libraries, into, home });
    });
  } catch (error) {
    if (!(error instanceof InstallFailed)) throw error;
    say(
      `${error.message}; the engine works without the fused kernels, at less than half the speed`,
    );
  }
}

/** Loads a binding in a process of its own and gives its TensorFlow version. Fails: InstallFailed. */
export async function tryBinding(binding) {
  const script = "process.stdout.write(require(process.argv[1]).TF_Version)";
  const args = ["-e", script, binding];
  return command("loading the binding", process.execPath, args, { seconds: 120 });
}
