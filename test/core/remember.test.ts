import { describe, expect, it } from "vitest";
import { rememberingLast } from "../../src/core/remember.ts";

function counted() {
  const made: Array<string> = [];
  const make = rememberingLast(
    (name: string, size: number) => `${name} ${size}`,
    (name: string, size: number) => {
      made.push(name);
      return { name, size };
    },
  );
  return { made, make };
}

describe("rememberingLast", () => {
  it("answers equal arguments with the same value", () => {
    const { made, make } = counted();
    const first = make("a", 1);
    expect(make("a", 1)).toBe(first);
    expect(made).toEqual(["a"]);
  });

  it("makes another value for other arguments, and the first one again after it", () => {
    const { made, make } = counted();
    const first = make("a", 1);
    expect(make("a", 2)).toEqual({ name: "a", size: 2 });
    const again = make("a", 1);
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
    expect(made).toEqual(["a", "a", "a"]);
  });

  it("remembers nothing when making it failed", () => {
    let broken = true;
    const make = rememberingLast(String, (text: string) => {
      if (broken) throw new Error("no");
      return { text };
    });
    expect(() => make("a")).toThrow("no");
    broken = false;
    expect(make("a")).toEqual({ text: "a" });
  });
});
