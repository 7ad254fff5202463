/** Asks native TensorFlow for more than the process may have, then goes on; prints what it was told. Run as a program by tests. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { outOfMemory } from "../../src/runtime/out-of-memory.ts";
import { startEngine } from "./engine.ts";

const GiB = 1024 ** 3;
await startEngine("tensorflow-cpu");
const used = /VmSize:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))![1];
const limit = Number(used) * 1024 + 0.75 * GiB;
execFileSync("prlimit", ["--pid", String(process.pid), `--as=${limit}`]);
let lack: unknown;
try {
  tf.tidy(() => {
    for (let i = 0; i < 4; i++) tf.fill([128, 1024, 1024], i);
  });
} catch (error) {
  lack = error;
}
const sum = tf.tidy(() => tf.sum(tf.ones([1024, 1024])).dataSync()[0]);
const { message } = lack as Error;
process.stdout.write(JSON.stringify({ message, detail: outOfMemory(lack)?.detail, sum }));
