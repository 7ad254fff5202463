import { existsSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { OutOfMemory, Transient } from "../../src/runtime/errors.ts";
import { lackAsOutOfMemory, outOfMemory } from "../../src/runtime/out-of-memory.ts";
import { readManifest } from "../../src/tensor/install/layout.mjs";
import { startFile } from "../support/program.ts";

const hungry = join(import.meta.dirname, "../support/hungry.ts");

/** Word for word what the libraries said when their memory ran out (docs/log.md). */
const said = [
  new Error(
    "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[4096,4096] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu",
  ),
  new Error(
    "Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1024,151936] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
  ),
  new Error("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 512 bytes."),
  new Error("failed to allocate 2.00GiB (2147483648 bytes) from device: CUDA_ERROR_OUT_OF_MEMORY"),
  new RangeError("Array buffer allocation failed"),
  new RangeError("WebAssembly.Memory(): could not allocate memory"),
  new Error("Aborted(). Build with -sASSERTIONS for more info."),
  new Error("Aborted(OOM)"),
  new Error("memory access out of bounds"),
  new RangeError("wasm out of memory: 67108864 bytes were asked for"),
];

describe("outOfMemory", () => {
  it.each(said)("recognises %s", (error) => {
    const lack = outOfMemory(error)!;
    expect(lack).toBeInstanceOf(OutOfMemory);
    expect(lack.detail).toContain(error.message.split("\n").at(-1)!.slice(0, 40));
  });

  it("leaves other failures alone", () => {
    const others = [
      new Error("Invalid TF_Status: 3\nMessage: Incompatible shapes: [2,3] vs. [4]"),
      new RangeError("Maximum call stack size exceeded"),
      new TypeError("Cannot read properties of undefined"),
      new Error("unreachable"),
      new Transient({ detail: "busy" }),
      "OOM when allocating",
      undefined,
    ];
    expect(others.map(outOfMemory)).toEqual(others.map(() => undefined));
  });
});

describe("lackAsOutOfMemory", () => {
  it("turns what was thrown and what failed into the tagged error, and nothing else", async () => {
    const tagOf = (work: Effect.Effect<unknown, Transient | OutOfMemory>) =>
      Effect.runPromise(Effect.flip(Effect.map(lackAsOutOfMemory(work), String)));
    const thrown = Effect.sync(() => {
      throw said[0];
    });
    expect(await tagOf(thrown)).toMatchObject({ _tag: "OutOfMemory" });
    expect(await tagOf(Effect.fail(new Transient({ detail: "busy" })))).toMatchObject({
      _tag: "Transient",
    });
    await expect(tagOf(Effect.die(new TypeError("a bug")))).rejects.toThrow("a bug");
  });
});

const native = readManifest("cpu") !== null && existsSync("/usr/bin/prlimit");

describe.skipIf(!native)("native TensorFlow without memory", { timeout: 60_000 }, () => {
  it("says what is recognised here, and goes on once less is asked of it", async () => {
    const { code, stdout, stderr } = await startFile(hungry, []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { message, detail, sum } = JSON.parse(stdout);
    expect(message).toContain("OOM when allocating tensor with shape[128,1024,1024]");
    expect(detail).toContain("OOM when allocating");
    expect(sum).toBe(1024 * 1024);
  });
});
