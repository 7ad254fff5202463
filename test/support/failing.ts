/** A test that fails with temporary folders in use: what the test of leftovers runs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, it } from "vitest";
import { temporaryFolder } from "./folder.ts";
import { temporaryDir } from "./runtime.ts";

const all = [temporaryDir(), temporaryDir()];

beforeAll(() => {
  all.push(temporaryDir());
});

it("fails", () => {
  all.push(temporaryDir(), temporaryFolder());
  for (const dir of all) writeFileSync(join(dir, "file"), "in use");
  throw new Error(`in use: ${all.join(" ")}`);
});
