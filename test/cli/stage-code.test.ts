import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { shippedFile, stageCode } from "../../src/cli/stage-code.ts";
import { plan } from "../../src/runtime/plan.ts";
import { writeSpec } from "../../src/runtime/spec.ts";
import { StageStore } from "../../src/runtime/store.ts";
import { handlers } from "../../src/stages/index.ts";
import adder, { adderHandlers } from "../support/adder.ts";
import { temporaryFolder } from "../support/folder.ts";

const file = join(import.meta.dirname, "../support/adder.ts");
const [numbers, add] = adder.stages;

describe("a stage's code", () => {
  it("begins, for every shipped word, at the file its handler was made in", () => {
    expect(handlers.length).toBeGreaterThanOrEqual(10);
    // Vitest, unlike Node, may evaluate a module inside the one that imports it: the importers then follow.
    for (const { name, files } of handlers) expect(files[0]).toBe(shippedFile(name));
  });

  it("is the closure of the stage's own file, not that of its neighbours or of the command line", () => {
    const code = stageCode({ file, handlers: [] });
    const [grpo, sft, model] = ["grpo", "sft", "model"].map((name) =>
      Object.keys(code({ ...add!, name }).files),
    );
    expect(grpo).toContain("src/stages/grpo.ts");
    expect(grpo).toContain("src/rl/kl.ts");
    expect(grpo).toContain("src/tensor/fused/attention.h");
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
    const own = adderHandlers.map((one) => ({ ...one, files: one.files.slice(0, 1) }));
    const code = stageCode({ file: "elsewhere.ts", handlers: own });
    expect(code(numbers!)).toEqual(code(add!));
    expect(Object.keys(code(add!).files)).toEqual(["src/core/seed.ts", "test/support/adder.ts"]);
    expect(Object.keys(code(add!).packages)).toEqual(["effect", "pure-rand", "rcpa"]);
  });

  it("changes with a helper for exactly the stages that use it, which say so", async () => {
    const dir = temporaryFolder();
    const write = (name: string, text: string) => fs.writeFileSync(join(dir, name), text);
    write("package.json", "{}");
    write("numbers.ts", 'import { half } from "./lib.ts";');
    write("add.ts", 'import type { Half } from "./lib.ts"; export { third } from "./third.ts";');
    write("lib.ts", 'export * from "./deep.js";');
    write("deep.ts", "export const half = 0.5;");
    write("third.ts", "export const third = 1 / 3;");
    const handlers = adderHandlers.map((one) => ({ ...one, files: [join(dir, `${one.name}.ts`)] }));
    const planned = () => {
      const layer = StageStore.layerFile(join(dir, "store"));
      const work = plan(adder, "test", stageCode({ file, handlers }));
      return Effect.runPromise(Effect.provide(work, layer));
    };
    const keys = async () => (await planned()).stages.map(({ key }) => key);
    const before = await planned();
    for (const { key, fingerprint } of before.stages) {
      fs.mkdirSync(join(dir, "store/stages", key));
      writeSpec(join(dir, "store/stages", key), fingerprint);
    }
    write("deep.ts", "export const half = 0.25;");
    const { stages } = await planned();
    expect(stages[0]!.action).toEqual({ _tag: "Run", why: "code of deep.ts changed" });
    expect(stages[1]!.fingerprint.code).toEqual(before.stages[1]!.fingerprint.code);
    write("deep.ts", "export const half = 0.5;");
    expect(await keys()).toEqual(before.stages.map(({ key }) => key));
    write("third.ts", "export const third = 0.3;");
    const [first, second] = (await planned()).stages;
    expect(first!.key).toBe(before.stages[0]!.key);
    expect(second!.action).toEqual({ _tag: "Run", why: "code of third.ts changed" });
  });
});
