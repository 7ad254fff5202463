/** The main job as a program, scaled down, and what it says to wrong input. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/folder.ts";
import { last, startFile } from "../support/program.ts";

const project = join(import.meta.dirname, "../..");
const geometry = join(project, "pipelines/geometry.ts");

describe("pipelines/geometry.ts", { timeout: 300_000 }, () => {
  it("runs from the shipped base to the comparison; a second start answers from the store", async () => {
    const out = temporaryFolder();
    const argv = ["--steps-scale", "0.01", "--out", out, "--json"];
    const first = await startFile(geometry, argv);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toMatch(/engine \S+ \(.*threads?\)/);
    expect(first.stderr).toMatch(/retention +\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]/);
    expect(first.stderr).toMatch(/peak memory [0-2]\.\d\d GiB/);
    const result = JSON.parse(last(first.stdout));
    const number = expect.any(Number);
    expect(result).toEqual({
      pipeline: "geometry",
      seed: 1,
      engine: expect.stringMatching(/^(tensorflow-[cg]pu|wasm|cpu)$/),
      domain: { before: number, after: number, n: 350 },
      general: { before: number, after: number, n: 400 },
      retention: number,
      blank: number,
      budgets: {},
      seconds: number,
      steps: number,
      runDir: expect.stringContaining(out),
      modelDir: expect.stringContaining(out),
    });
    expect(result.steps).toBeGreaterThanOrEqual(6);
    expect(result.domain.before).toBeLessThan(0.1);
    expect(result.general.before).toBeGreaterThanOrEqual(0.95);
    expect(result.retention).toBeCloseTo(result.general.after / result.general.before, 12);
    expect(existsSync(join(result.modelDir, "model.safetensors"))).toBe(true);
    expect(readFileSync(join(result.runDir, "events.jsonl"), "utf8")).toContain("StageDone");

    const second = await startFile(geometry, argv);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stderr).toContain("engine none needed: every result is stored");
    const { seconds: _, runDir: __, ...numbers } = JSON.parse(last(second.stdout));
    expect(result).toMatchObject(numbers);
  });

  it.each([
    [["--sede", "1"], "Unknown option '--sede'"],
    [["--engine", "tpu"], '--engine: there is no engine "tpu"; engines: auto, tensorflow-gpu'],
    [["--seed", "one"], '--seed takes a whole number, got "one"'],
    [["--steps-scale", "0"], '--steps-scale takes a number above 0, got "0"'],
  ])("exits 2 on %j before it does anything", async (argv, message) => {
    const out = join(temporaryFolder(), "none");
    const { code, stdout, stderr } = await startFile(geometry, [...argv, "--out", out]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a pipeline with wrong values", { timeout: 60_000 }, () => {
  /** What a file says that defines these stages after `model` and `data`, one a line from line 4 on. */
  async function definition(...stages: ReadonlyArray<string>) {
    const file = join(temporaryFolder(), "wrong.mts");
    const text = `import { data, grpo, initialize, model, pipeline, run, sft, warmup } from "${project}/src/index.ts";
const words = [data, grpo, initialize, model, sft, warmup];
await run(import.meta, pipeline("wrong", { doc: String(words.length) }).pipe(model(), data(),
${stages.join(",\n")},
));
`;
    writeFileSync(file, text);
    const out = join(temporaryFolder(), "none");
    const outcome = await startFile(file, ["--out", out]);
    expect(outcome).toMatchObject({ code: 2, stdout: "" });
    return outcome.stderr;
  }

  it("exits 2 with file, line and field of every one of them", async () => {
    const stderr = await definition(
      "  sft({ steps: -1 })",
      "  grpo({ sampling: { group: 1 } } as object)",
      '  grpo({ objective: { loss: "ppo" } } as object)',
      "  sft({ stepz: 3 } as object)",
    );
    expect(stderr).toContain("4 problems in the pipeline:");
    expect(stderr).toMatch(/wrong\.mts:4:\d+: sft\.steps: Expected a whole number ≥ 1, got -1/);
    expect(stderr).toMatch(/wrong\.mts:5:\d+: grpo\.sampling\.group: Expected /);
    expect(stderr).toMatch(/wrong\.mts:6:\d+: grpo\.objective\.loss: Expected .*"dapo"/);
    expect(stderr).toMatch(/wrong\.mts:7:\d+: sft\.stepz: /);
  });

  it("exits 2 with the compiler's words where the compiler sees it", async () => {
    const stderr = await definition("  sft({ stepz: 3 })");
    expect(stderr).toMatch(/wrong\.mts:4:\d+/);
    expect(stderr).toContain("stepz");
  });
});
