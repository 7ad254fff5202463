/** How long `rcpa check`, `describe` and `plan` take on the main job, from process start to exit, cold and warm. `--rounds N`, `--json`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { childSeconds, inTurn, numberOption, say, secondsOf, temporaryFolder } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
const bin = join(root, "bin/rcpa.mjs");
const file = join(root, "pipelines/geometry.ts");
const words = ["check", "describe", "plan"];

/** Runs the command in `folder`, which also holds what the loader and the type check remember. */
async function run(word: string, folder: string): Promise<void> {
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(process.execPath, [bin, word, file], { cwd: folder, env, stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`rcpa ${word} exited with ${code}`);
}

const kept = temporaryFolder();
for (const word of words) await run(word, kept);

/** Wall time, and the processor time of the command with the compiler it starts: the latter does not mind a busy machine. */
const measure = (name: string, word: string, folder: () => string) => async () => {
  const before = childSeconds();
  const seconds = await secondsOf(() => run(word, folder()));
  return { [name]: seconds, [`${name}, processor`]: childSeconds() - before };
};

const measurements = words.flatMap((word) => [
  measure(`${word} cold`, word, temporaryFolder),
  measure(`${word} warm`, word, () => kept),
]);
say("command", "s", await inTurn(numberOption("rounds", 7), measurements), {
  "check cold": 2.5,
  "check warm": 2.5,
  "describe cold": 1,
  "describe warm": 1,
});
