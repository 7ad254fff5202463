/**
 * Loaded before a program: counts its writes to the disk (RCPA_WRITES names the file for the count), or kills it
 * with SIGKILL at one of them (RCPA_KILL_AT, from 1), in the middle of the write where there is data to tear.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { isMainThread } from "node:worker_threads";

const killAt = Number(process.env.RCPA_KILL_AT ?? 0);
const report = process.env.RCPA_WRITES;
const isProgram = process.argv[1]?.endsWith(".ts") ?? false;
let writes = 0;

/** How much of a call's data to write before the kill: the arguments, with half of it. */
const torn = {
  writeFileSync: ([path, data, ...rest]) => [path, half(data), ...rest],
  appendFileSync: ([path, data, ...rest]) => [path, half(data), ...rest],
  writeSync: ([handle, data]) => [handle, half(data)],
};
const whole = [
  "renameSync",
  "linkSync",
  "rmSync",
  "mkdirSync",
  "copyFileSync",
  "cpSync",
  "fsyncSync",
];

const half = (data) => data.slice(0, Math.floor(data.length / 2));

function watch(name) {
  const original = fs[name];
  fs[name] = (...parameters) => {
    writes += 1;
    if (writes === killAt) {
      if (torn[name] !== undefined) original(...torn[name](parameters));
      process.kill(process.pid, "SIGKILL");
    }
    return original(...parameters);
  };
}

if (isMainThread && isProgram && (killAt > 0 || report !== undefined)) {
  // Node's own writeFileSync does not go through these, so each write counts once.
  for (const name of [...Object.keys(torn), ...whole]) watch(name);
  syncBuiltinESMExports();
  if (report !== undefined) process.on("exit", () => fs.writeFileSync(report, String(writes)));
}
