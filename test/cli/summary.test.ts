import { describe, expect, it } from "vitest";
import { asJson, asText } from "../../src/cli/summary.ts";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { numbers } from "../support/adder.ts";

const score = (accuracy: number) => ({
  accuracy,
  low: accuracy - 0.02,
  high: accuracy + 0.02,
  correct: accuracy * 500,
  n: 500,
});
const evaluation = {
  domain: { before: score(0.08), after: score(0.7), n: 500 },
  general: { before: score(0.96), after: score(0.95), n: 500 },
  retention: { value: 0.99, low: 0.97, high: 1.01 },
  blank: score(0.09),
  families: { angle: { before: 0.05, after: 0.8, n: 100 } },
};
const verdicts = [{ budget: "retention", limit: 0.97, reached: 0.99, met: true }];
const finished = (artifacts: Record<string, unknown>) => ({
  pipeline: pipeline("geometry", { seed: 2 }).pipe(numbers()),
  engine: "wasm",
  result: { runDir: "/out/runs/x", artifacts, steps: 600, seconds: 3, verdicts },
  seconds: 200.04,
});
const whole = { evaluation, policy: { dir: "/out/stages/grpo-1/out/model" } };

describe("a finished run", () => {
  it("is one JSON object with the agreed fields", () => {
    expect(JSON.parse(asJson(finished(whole)))).toEqual({
      pipeline: "geometry",
      seed: 2,
      engine: "wasm",
      domain: { before: 0.08, after: 0.7, n: 500 },
      general: { before: 0.96, after: 0.95, n: 500 },
      retention: 0.99,
      blank: 0.09,
      budgets: { retention: { limit: 0.97, reached: 0.99, met: true } },
      seconds: 200.04,
      steps: 600,
      runDir: "/out/runs/x",
      modelDir: "/out/stages/grpo-1/out/model",
    });
  });

  it("leaves null what its pipeline does not measure", () => {
    expect(JSON.parse(asJson(finished({})))).toMatchObject({
      domain: null,
      general: null,
      retention: null,
      modelDir: null,
    });
  });

  it("shows the rest when the base got nothing right that could be retained", () => {
    const nothing = { ...whole, evaluation: { ...evaluation, retention: null } };
    const json = JSON.parse(asJson(finished(nothing)));
    expect(json).toMatchObject({ retention: null, domain: { before: 0.08, after: 0.7 } });
    expect(asText(finished(nothing))).toMatch(/retention +-$/m);
  });

  it("shows before and after with intervals, and where things are", () => {
    const text = asText(finished(whole));
    expect(text).toMatch(
      /domain accuracy +0\.080 \[0\.060, 0\.100\] +0\.700 \[0\.680, 0\.720\] +500/,
    );
    expect(text).toMatch(/retention +0\.990 \[0\.970, 1\.010\]/);
    expect(text).toMatch(/blank image +0\.090/);
    expect(text).toMatch(/ {2}angle +0\.050 +0\.800 +100/);
    expect(text).toContain("done in 3 min 20 s, 600 steps, peak memory");
    expect(text).toContain("model  /out/stages/grpo-1/out/model");
  });

  it("has further tests, with their families, where there were any", () => {
    const one = { before: score(0), after: score(0.3), n: 500 };
    const also = { hard: { ...one, families: { numbers: one, "numbers/tri": one } } };
    const told = finished({ ...whole, evaluation: { ...evaluation, also } });
    expect(JSON.parse(asJson(told)).also).toEqual(also);
    expect(JSON.parse(asJson(finished(whole)))).not.toHaveProperty("also");
    expect(asText(told)).toMatch(/^hard +0\.000 .* 0\.300 \[0\.280, 0\.320\] +500$/m);
    expect(asText(told)).toMatch(/^ {2}numbers\/tri +0\.000 .* 0\.300 .* 500$/m);
  });
});
