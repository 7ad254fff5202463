/** Checks what a `--json` run of the geometry pipeline printed; given an earlier run's output as well, that both tell the same. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [file, earlier] = process.argv.slice(2);
const lastLine = (path) => JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1));
const result = lastLine(file);

assert.equal(result.pipeline, "geometry");
assert.equal(result.seed, 1);
assert.match(result.engine, /^(tensorflow-gpu|tensorflow-cpu|wasm|cpu)$/);
for (const suite of ["domain", "general"]) {
  const { before, after, n } = result[suite];
  for (const share of [before, after]) assert.ok(share >= 0 && share <= 1, `${suite}: ${share}`);
  assert.ok(Number.isInteger(n) && n > 0, `${suite}: n = ${n}`);
}
assert.ok(Number.isFinite(result.retention), `retention: ${result.retention}`);
assert.ok(result.seconds > 0 && Number.isInteger(result.steps) && result.steps > 0);
assert.ok(existsSync(result.runDir), `no run folder ${result.runDir}`);
for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) {
  assert.ok(existsSync(join(result.modelDir, name)), `no ${name} in ${result.modelDir}`);
}
if (earlier !== undefined) {
  const told = ({ seconds, runDir, ...same }) => same;
  assert.deepEqual(told(result), told(lastLine(earlier)));
}
console.log(JSON.stringify(result));
