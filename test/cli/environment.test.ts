import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { environmentOf } from "../../src/cli/environment.ts";
import { temporaryDir } from "../support/runtime.ts";

const argsOf = (file: string) =>
  ({ file, args: { seed: 3 } }) as unknown as Parameters<typeof environmentOf>[0];

describe("the environment of a run", () => {
  it("has versions, machine and command line, and no commit outside a repository", async () => {
    const found = await environmentOf(argsOf(join(temporaryDir(), "pipeline.ts")), undefined);
    expect(found).toMatchObject({ node: process.version, engine: null, args: { seed: 3 } });
    expect(found.rcpa).toMatch(/^\d+\.\d+\.\d+$/);
    expect(found.machine).toMatch(/^linux .+, \d+ processors$/);
    expect(String(found.command)).not.toContain(process.execPath);
    expect(found.git).toBeUndefined();
  });

  it("names the commit around the pipeline, and whether files differ from it", async () => {
    const dir = temporaryDir();
    const git = (...args: ReadonlyArray<string>) =>
      execFileSync("git", ["-C", dir, "-c", "user.name=x", "-c", "user.email=x@y", ...args], {
        encoding: "utf8",
      }).trim();
    writeFileSync(join(dir, "pipeline.ts"), "1");
    git("init", "-q");
    git("add", "pipeline.ts");
    git("commit", "-q", "-m", "one");
    const commit = git("rev-parse", "HEAD");
    const gitOf = async () =>
      (await environmentOf(argsOf(join(dir, "pipeline.ts")), undefined)).git;
    expect(await gitOf()).toEqual({ commit, changed: false });
    writeFileSync(join(dir, "pipeline.ts"), "2");
    expect(await gitOf()).toEqual({ commit, changed: true });
  });
});
