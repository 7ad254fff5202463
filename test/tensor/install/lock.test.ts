import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { withLock } from "../../../src/tensor/install/lock.mjs";
import { temporaryFolder } from "../../support/folder.ts";

function lockOwnedBy(pid: number): string {
  const lock = path.join(temporaryFolder(), "engine.lock");
  mkdirSync(lock);
  writeFileSync(path.join(lock, "pid"), String(pid));
  return lock;
}

describe("withLock", () => {
  it("is held during the work and gone after it, also when the work fails", async () => {
    const lock = path.join(temporaryFolder(), "engine.lock");
    const work = withLock(lock, async () => {
      expect(existsSync(path.join(lock, "pid"))).toBe(true);
      throw new Error("step failed");
    });
    await expect(work).rejects.toThrow("step failed");
    expect(readdirSync(path.dirname(lock))).toEqual([]);
  });

  it("lets one work at a time", async () => {
    const lock = path.join(temporaryFolder(), "engine.lock");
    const events: Array<string> = [];
    const work = (name: string) => async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      events.push(`${name} ends`);
    };
    await Promise.all([withLock(lock, work("first")), withLock(lock, work("second"))]);
    expect(events).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  it("takes over the lock of a process that is gone", async () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    expect(await withLock(lockOwnedBy(gone), async () => "done")).toBe("done");
  });

  it("leaves the lock of a living process alone and gives up at the limit", async () => {
    const lock = lockOwnedBy(process.pid);
    const work = withLock(lock, async () => "done", { seconds: 0 });
    await expect(work).rejects.toThrow(/another install holds/);
    expect(existsSync(path.join(lock, "pid"))).toBe(true);
  });
});
