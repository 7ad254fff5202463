import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { hold } from "../../src/runtime/lock.ts";
import { temporaryDir } from "../support/runtime.ts";

const attempt = (path: string) =>
  Effect.runPromise(
    Effect.result(Effect.scoped(Effect.map(hold(path), () => fs.existsSync(path)))),
  );

describe("hold", () => {
  it("makes the lock, and removes it with the scope", async () => {
    const path = join(temporaryDir(), "LOCK");
    expect(await attempt(path)).toMatchObject({ _tag: "Success", success: true });
    expect(fs.existsSync(path)).toBe(false);
  });

  it("refuses while a live process holds it, and says which", async () => {
    const path = join(temporaryDir(), "LOCK");
    const inner = Effect.scoped(Effect.andThen(hold(path), Effect.scoped(hold(path))));
    const error = await Effect.runPromise(Effect.flip(inner));
    expect(error).toMatchObject({ _tag: "RunLocked", pid: process.pid, host: hostname() });
    expect(error.message).toContain(`process ${process.pid}`);
  });

  it("takes over the lock of a process that is gone", async () => {
    const path = join(temporaryDir(), "LOCK");
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    const holder = { pid: child.pid, host: hostname(), started: "1" };
    fs.writeFileSync(path, JSON.stringify(holder));
    expect(await attempt(path)).toMatchObject({ _tag: "Success" });
    expect(fs.readdirSync(join(path, ".."))).toEqual([]);
  });

  it("is not fooled by another process that got the same id", async () => {
    const path = join(temporaryDir(), "LOCK");
    fs.writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname(), started: "1" }));
    expect(await attempt(path)).toMatchObject({ _tag: "Success" });
  });

  it("believes a holder on another machine until it has been silent for a minute", async () => {
    const path = join(temporaryDir(), "LOCK");
    fs.writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", started: "1" }));
    expect(await attempt(path)).toMatchObject({ _tag: "Failure" });
    const past = new Date(Date.now() - 61_000);
    fs.utimesSync(path, past, past);
    expect(await attempt(path)).toMatchObject({ _tag: "Success" });
  });
});
