import { describe, expect, it } from "vitest";
import { resolvePaths, storePaths } from "../../src/runtime/reference.ts";

const roots = { out: "/store/stages/train-1/out.tmp", stages: "/store/stages" };

describe("paths in artifact values", () => {
  it("are stored relative to the stage or the store, and others left alone", () => {
    const value = {
      dir: "/store/stages/train-1/out.tmp/model",
      all: ["/store/stages/train-1/out.tmp", "/store/stages/data-2/out/x", "/elsewhere/model"],
      n: 3,
      note: "out/model",
      beside: "/store/stages-old/x",
    };
    expect(storePaths(value, roots)).toEqual({
      dir: "@out/model",
      all: ["@out", "@stages/data-2/out/x", "/elsewhere/model"],
      n: 3,
      note: "out/model",
      beside: "/store/stages-old/x",
    });
  });

  it("come back absolute after the store has moved", () => {
    const stored = storePaths({ dir: `${roots.out}/model`, base: "/store/stages/a-1/out" }, roots);
    const moved = { out: "/new/stages/train-1/out", stages: "/new/stages" };
    expect(resolvePaths(stored, moved)).toEqual({
      dir: "/new/stages/train-1/out/model",
      base: "/new/stages/a-1/out",
    });
  });
});
