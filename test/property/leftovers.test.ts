/** What tests leave behind on the disk: nothing, however they end. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { sweep } from "../support/sweep.ts";

const root = resolve(import.meta.dirname, "../..");

it("test files remove all temporary folders, also when their tests fail", {
  timeout: 240_000,
}, () => {
  const [dir, tmp] = [temporaryFolder(), temporaryFolder()];
  const config = join(dir, "vitest.config.ts");
  const usual = JSON.stringify(join(root, "vitest.config.ts"));
  writeFileSync(
    config,
    `import usual from ${usual};
     const { projects: [, { test: engine }], ...shared } = usual.test;
     const include = ["test/support/failing.ts"];
     export default { test: { ...shared, ...engine, include, exclude: [] } };`,
  );
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { stdout, stderr } = spawnSync(process.execPath, [vitest, "run", "--config", config], {
    env: { ...process.env, TMPDIR: tmp, NO_COLOR: "1" },
    cwd: root,
    encoding: "utf8",
  });
  expect(stdout).toContain("1 failed");
  // All five were there: the failure lists them.
  const listed = `${stdout}${stderr}`.matchAll(/rcpa-test-\w+\/(rcpa-test-\w+)/g);
  expect(new Set([...listed].map(([, name]) => name)).size).toBe(5);
  expect(readdirSync(tmp).filter((name) => name.startsWith("rcpa-"))).toEqual([]);
});

it("what killed tests left is removed a day later, and nothing else", () => {
  const dir = temporaryFolder();
  const names = ["rcpa-test-old", "rcpa-bench-old", "rcpa-test-new", "rcpa-cache", "other"];
  for (const name of names) mkdirSync(join(dir, name, "deep"), { recursive: true });
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  for (const name of names.filter((one) => !one.endsWith("new")))
    utimesSync(join(dir, name), twoDaysAgo, twoDaysAgo);
  sweep(dir);
  expect(readdirSync(dir).sort()).toEqual(["other", "rcpa-cache", "rcpa-test-new"]);
});
