import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { engineCommand, renderEngine } from "../../../src/cli/commands/engine.ts";

/** The exit code and what was printed on each stream. */
async function run(...args: ReadonlyArray<string>) {
  const out: Array<string> = [];
  const err: Array<string> = [];
  const recording: Console.Console = {
    ...globalThis.console,
    log: (...parts: ReadonlyArray<unknown>) => void out.push(parts.join(" ")),
    error: (...parts: ReadonlyArray<unknown>) => void err.push(parts.join(" ")),
  };
  const command = Effect.provideService(engineCommand(args), Console.Console, recording);
  return { code: await Effect.runPromise(command), out: out.join("\n"), err: err.join("\n") };
}

describe("rcpa engine", () => {
  it("prints the engine, its device and memory", async () => {
    const { code, out } = await run("--engine", "cpu");
    expect(code).toBe(0);
    expect(out).toMatch(/^engine +cpu$/m);
    expect(out).toMatch(/^memory +[\d.]+ of [\d.]+ GiB free$/m);
  });

  it("prints one JSON object with --json", async () => {
    const { code, out } = await run("--engine=wasm", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ name: "wasm", threads: 1, passedOver: [] });
  });

  it("fails with 1 and a reason for an engine that there is not", async () => {
    const plain = await run("--engine", "webgl");
    expect(plain.code).toBe(1);
    expect(plain.err).toContain('engine "webgl" cannot be had');
    const json = await run("--engine", "webgl", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ error: "EngineUnavailable", engine: "webgl" });
  });

  it.each([["--nope"], ["--engine"], ["install", "--engine", "cpu"]])(
    "says what is wrong with %s %s %s",
    async (...args) => {
      const { code, out, err } = await run(...args.filter((arg) => arg !== undefined));
      expect(code).toMatch(/^unknown argument|^--engine needs a name$/);
      expect({ out, err }).toEqual({ out: "", err: "" });
    },
  );
});

describe("renderEngine", () => {
  it("gives each engine that was passed over with its reason", () => {
    const text = renderEngine({
      name: "wasm",
      library: "tfjs-backend-wasm",
      version: "4.22.0",
      device: "a processor",
      threads: 1,
      memoryGiB: 16,
      freeMemoryGiB: 8,
      passedOver: [
        { name: "tensorflow-gpu", reason: "no NVIDIA GPU" },
        { name: "tensorflow-cpu", reason: "library not in the cache" },
      ],
    });
    expect(text).toContain("passed over  tensorflow-gpu: no NVIDIA GPU");
    expect(text).toContain("passed over  tensorflow-cpu: library not in the cache");
    expect(text).toContain("a processor, 1 thread");
  });
});
