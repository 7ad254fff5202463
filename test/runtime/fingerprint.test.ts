import { describe, expect, it } from "vitest";
import { differences, fingerprintOf, keyOf } from "../../src/runtime/fingerprint.ts";
import { add, numbers } from "../support/adder.ts";
import { codeOf } from "../support/runtime.ts";

const place = {
  ...{ inputs: { numbers: "numbers-1" }, reads: {}, seed: 1, engine: "wasm" },
  code: codeOf("c"),
};
const of = (options: Parameters<typeof add>[0], change: Partial<typeof place> = {}) =>
  fingerprintOf(add(options), { ...place, ...change });

describe("keyOf", () => {
  it("names the stage and changes with everything the result depends on", () => {
    const keys = [
      of({ steps: 3 }),
      of({ steps: 4 }),
      of({ steps: 3, scale: 2 }),
      of({ steps: 3 }, { seed: 2 }),
      of({ steps: 3 }, { code: codeOf("d") }),
      of({ steps: 3 }, { engine: "cpu" }),
      of({ steps: 3 }, { inputs: { numbers: "numbers-2" } }),
    ].map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every((key) => /^add-[0-9a-f]{16}$/.test(key))).toBe(true);
  });

  it("does not change with defaults written out, nor with operational options", () => {
    expect(keyOf(of({ steps: 3, scale: 1 }))).toBe(keyOf(of({ steps: 3 })));
    expect(keyOf(of({ steps: 3, pauseMs: 9 }))).toBe(keyOf(of({ steps: 3 })));
  });

  it("leaves the engine out where the result does not depend on it", () => {
    const [a, b] = ["wasm", "cpu"].map((engine) => fingerprintOf(numbers(), { ...place, engine }));
    expect(keyOf(a!)).toBe(keyOf(b!));
  });
});

describe("differences", () => {
  it("names each differing field with both values", () => {
    const now = of({ steps: 4 }, { seed: 2, inputs: { numbers: "numbers-2" } });
    expect(differences(of({ steps: 3 }), now)).toEqual([
      "options.steps 3 → 4",
      "seed 1 → 2",
      "its input numbers changed",
    ]);
    expect(differences(now, now)).toEqual([]);
  });

  const made = (files: Record<string, string>, packages: Record<string, string> = {}) =>
    of({ steps: 3 }, { code: { files, packages } });
  it.each([
    [
      made({ "a.ts": "1", "b.ts": "1" }),
      made({ "a.ts": "1", "b.ts": "2" }),
      "code of b.ts changed",
    ],
    [
      made({ "a.ts": "1", "z.ts": "1" }),
      made({ "a.ts": "1", "b.ts": "1", "z.ts": "2" }),
      "code of z.ts changed, and 1 more",
    ],
    [made({ "a.ts": "1", "b.ts": "1" }), made({ "a.ts": "1" }), "code of b.ts went out"],
    [
      made({ "a.ts": "1" }, { effect: "4.1.0" }),
      made({ "a.ts": "1" }, { effect: "4.2.0" }),
      "package effect 4.1.0 → 4.2.0",
    ],
  ])("name the code that differs in one sentence", (earlier, now, sentence) => {
    expect(differences(earlier, now)).toEqual([sentence]);
  });
});
