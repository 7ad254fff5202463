import { describe, expect, it } from "vitest";
import { canonicalJson, digest, sha256 } from "../../src/core/digest.ts";

describe("canonicalJson", () => {
  it("sorts keys at every depth and leaves undefined fields out", () => {
    expect(canonicalJson({ b: [1, { d: "x", c: null }], a: true, gone: undefined })).toBe(
      '{"a":true,"b":[1,{"c":null,"d":"x"}]}',
    );
  });

  it("refuses numbers and values that JSON cannot hold", () => {
    expect(() => canonicalJson({ rate: Number.NaN })).toThrow("not representable in JSON: NaN");
    expect(() => canonicalJson([Number.POSITIVE_INFINITY])).toThrow(TypeError);
    expect(() => canonicalJson(() => 1)).toThrow(TypeError);
  });
});

describe("digest", () => {
  it("does not depend on the order of keys, but on every value", () => {
    expect(digest({ a: 1, b: 2 })).toBe(digest({ b: 2, a: 1 }));
    expect(digest({ a: 1, b: 2 })).not.toBe(digest({ a: 1, b: 3 }));
    expect(digest(["1"])).not.toBe(digest([1]));
  });

  it("is SHA-256", () => {
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
