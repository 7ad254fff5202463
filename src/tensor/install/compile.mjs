/** Compiles the driver's own N-API binding against the cached TensorFlow library. Serves the installer. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { command, firstProgram, InstallFailed } from "./command.mjs";

const quiet = fileURLToPath(new URL("quiet.cc", import.meta.url));
const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8", "-w"];

/** The C++ compiler to use, or undefined when there is none. */
export const compiler = () => firstProgram(["g++", "c++", "clang++"]);

/** The folder name of a compiled binding: it changes with its sources and with how they are compiled. */
export function bindingKey(javascript) {
  const hash = createHash("sha256").update(JSON.stringify([flags, process.platform, process.arch]));
  for (const source of sources(javascript)) hash.update(fs.readFileSync(source));
  return `binding-${hash.digest("hex").slice(0, 16)}`;
}

/**
 * Compiles the binding into `into`; `libraries` is the folder of the shared libraries, found again at run time by a
 * path relative to the binding, so that the cache can be moved.
 */
export async function compileBinding({ javascript, include, libraries, into, home }) {
  const build = await builder({ include, libraries, into, home });
  await build("quiet.node", [quiet]);
  const binding = sources(javascript).filter((file) => file.endsWith(".cc") && file !== quiet);
  await build("tfjs_binding.node", [...binding, ...libraryFiles(libraries)]);
}

/** The shared libraries to link against. */
export const libraryFiles = (libraries) =>
  ["cc", "framework"].map((part) => path.join(libraries, `libtensorflow_${part}.so.2`));

/** Compiles modules into `into`, a folder that lies in `home`: `build(name, files, extraFlags)`. Fails: InstallFailed. */
export async function builder({ include, libraries, into, home }) {
  const program = await compiler();
  if (program === undefined) throw new InstallFailed("no C++ compiler (g++, c++ or clang++)");
  fs.mkdirSync(into, { recursive: true });
  return (name, files, extra = []) => {
    const includes = [nodeHeaders(), include].map((folder) => `-I${folder}`);
    const rpath = `-Wl,-rpath,$ORIGIN/${path.relative(path.join(home, "binding"), libraries)}`;
    const args = [...flags, ...extra, ...includes, ...files, rpath, "-o", path.join(into, name)];
    return command(`compiling with ${program}`, program, args, { seconds: 300 });
  };
}

function sources(javascript) {
  const folder = path.join(javascript, "binding");
  const names = fs.readdirSync(folder).filter((name) => /\.(cc|h)$/.test(name));
  return [...names.sort().map((name) => path.join(folder, name)), quiet];
}

/** N-API headers come from npm: a Node without its include folder, or with another's, compiles the same. */
function nodeHeaders() {
  const require = createRequire(import.meta.url);
  try {
    return [path.join(path.dirname(require.resolve("node-api-headers/package.json")), "include")];
  } catch {
    return [path.resolve(process.execPath, "../../include/node")];
  }
}
