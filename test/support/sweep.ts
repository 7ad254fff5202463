/** Before all tests: removes temporary folders that tests and benchmarks of a day ago left because they were killed. */
import { readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DAY_MS = 24 * 3600 * 1000;

/** Removes the folders of tests and benchmarks in `dir` that nothing was put into for a day; younger ones may be in use. */
export function sweep(dir: string): void {
  for (const name of readdirSync(dir).filter((one) => /^rcpa-(test|bench)-/.test(one))) {
    const path = join(dir, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > DAY_MS) rmSync(path, { recursive: true, force: true });
  }
}

export const setup = (): void => sweep(tmpdir());
