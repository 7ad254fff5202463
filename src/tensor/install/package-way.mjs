/**
 * The second way to the library, for machines without pip or a C++ compiler: the driver package's own download of a
 * prebuilt TensorFlow and binding. It runs in a copy inside the cache, so its failure cannot take a package away.
 */
import fs from "node:fs";
import path from "node:path";
import { command, InstallFailed, npm } from "./command.mjs";
import { driver } from "./releases.mjs";
import { once, tryBinding, writeSharedModules } from "./steps.mjs";

/** Fills `home`/package; gives the paths of binding and JavaScript within `home` and the library's version. */
export async function installByPackage(home, seconds = 300) {
  const target = path.join(home, "package");
  await once(target, async (partial) => {
    const project = path.join(partial, "project");
    fs.mkdirSync(project);
    fs.writeFileSync(path.join(project, "package.json"), '{ "private": true }\n');
    const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", driver.name];
    await npm("npm install", args, { seconds: 180, cwd: project });
    const modules = path.join(project, "node_modules");
    const folder = path.join(modules, "@tensorflow", "tfjs-node-gpu");
    await runOwnScript(folder, modules, seconds);
    writeSharedModules(path.join(folder, "node_modules"));
    fs.cpSync(
      path.join(modules, "google-protobuf"),
      path.join(folder, "node_modules/google-protobuf"),
      {
        recursive: true,
      },
    );
    fs.renameSync(folder, path.join(partial, "driver"));
    fs.rmSync(project, { recursive: true });
  });
  const binding = findBinding(path.join(target, "driver"));
  if (binding === undefined) throw new InstallFailed("the package's own download: no binding");
  const tensorflow = await tryBinding(binding);
  return { binding: path.relative(home, binding), javascript: "package/driver", tensorflow };
}

/** The script may exit 0 without having done its work, so the binding itself is looked for. */
async function runOwnScript(folder, modules, seconds) {
  const env = { ...process.env, PATH: `${path.join(modules, ".bin")}:${process.env.PATH}` };
  const args = ["scripts/install.js", "cpu", "download"];
  const what = "the package's own download";
  await command(what, process.execPath, args, { seconds, cwd: folder, env });
  if (findBinding(folder) === undefined) throw new InstallFailed(`${what}: it left no binding`);
}

function findBinding(folder) {
  const lib = path.join(folder, "lib");
  if (!fs.existsSync(lib)) return undefined;
  const found = fs.readdirSync(lib, { recursive: true }).find((name) => name.endsWith(".node"));
  return found === undefined ? undefined : path.join(lib, found);
}
