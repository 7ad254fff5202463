import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shippedFile, stageCode } from "../../src/cli/stage-code.ts";
import { handlers } from "../../src/stages/index.ts";
import adder, { adderHandlers } from "../support/adder.ts";

const file = join(import.meta.dirname, "../support/adder.ts");
const [numbers, add] = adder.stages;

describe("a stage's code", () => {
  it("begins, for every shipped word, at the file its handler was made in", () => {
    expect(handlers.length).toBeGreaterThanOrEqual(10);
    for (const { name, files } of handlers) expect(files).toEqual([shippedFile(name)]);
  });

  it("is the closure of the stage's own file, not that of its neighbours or of the command line", () => {
    const code = stageCode({ file, handlers: [] });
    const [grpo, sft, model] = ["grpo", "sft", "model"].map((name) =>
      Object.keys(code({ ...add!, name }).files),
    );
    expect(grpo).toContain("src/stages/grpo.ts");
    expect(grpo).toContain("src/rl/kl.ts");
    expect(sft).toContain("src/stages/sft.ts");
    expect(sft).not.toContain("src/stages/grpo.ts");
    expect(model).not.toContain("src/rl/kl.ts");
    const outside = [...grpo!, ...sft!, ...model!].filter((path) =>
      /^src\/(cli|report)\//.test(path),
    );
    expect(outside).toEqual([]);
  });

  it("names the packages behind it with their versions", () => {
    const { packages } = stageCode({ file, handlers: [] })({ ...add!, name: "grpo" });
    const { dependencies } = JSON.parse(fs.readFileSync("package.json", "utf8"));
    for (const name of ["effect", "@tensorflow/tfjs-core"]) {
      expect(packages[name]).toBe(dependencies[name]);
    }
  });

  it("of a stage that the pipeline brings along is that of the file it is written in", () => {
    const code = stageCode({ file: "elsewhere.ts", handlers: adderHandlers });
    expect(code(numbers!)).toEqual(code(add!));
    expect(Object.keys(code(add!).files)).toEqual(["src/core/seed.ts", "test/support/adder.ts"]);
    expect(Object.keys(code(add!).packages)).toEqual(["effect", "pure-rand", "rcpa"]);
  });
});
