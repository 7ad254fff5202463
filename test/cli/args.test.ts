import { describe, expect, it } from "vitest";
import { readArgs } from "../../src/cli/args.ts";

describe("readArgs", () => {
  it("has a default for everything", () => {
    expect(readArgs([])).toEqual({
      seed: undefined,
      engine: "auto",
      stepsScale: 1,
      out: ".rcpa",
      json: false,
      events: false,
      help: false,
      selection: { fresh: [], from: undefined, until: undefined, verify: false },
    });
  });

  it("reads both ways of writing a value", () => {
    const argv = ["--seed=7", "--engine", "wasm", "--steps-scale", "0.1", "--out=x", "--json"];
    expect(readArgs(argv)).toEqual({
      seed: 7,
      engine: "wasm",
      stepsScale: 0.1,
      out: "x",
      json: true,
      events: false,
      help: false,
      selection: { fresh: [], from: undefined, until: undefined, verify: false },
    });
  });

  it.each([
    [["--fresh"], { fresh: "all" }],
    [["--fresh", "--json"], { fresh: "all" }],
    [["--fresh=grpo"], { fresh: ["grpo"] }],
    [["--fresh=warmup,grpo", "--fresh=sft-2"], { fresh: ["warmup", "grpo", "sft-2"] }],
    [["--from", "grpo", "--until=evaluate"], { from: "grpo", until: "evaluate" }],
    [["--only", "grpo", "--verify"], { from: "grpo", until: "grpo", verify: true }],
  ])("reads which stages to run from %j", (argv, selection) => {
    expect(readArgs(argv)).toMatchObject({ selection });
  });

  it.each([
    [["--sed", "3"], "Unknown option '--sed'"],
    [["extra"], "Unexpected argument 'extra'"],
    [["--seed", "1.5"], '--seed takes a whole number, got "1.5"'],
    [["--seed="], '--seed takes a whole number, got ""'],
    [["--steps-scale", "0"], '--steps-scale takes a number above 0, got "0"'],
    [["--steps-scale", "fast"], '--steps-scale takes a number above 0, got "fast"'],
    [["--engine", "gpu"], '--engine: there is no engine "gpu"'],
    [["--out="], "--out takes a folder"],
    [["--fresh="], "--fresh= takes stages, as in --fresh=warmup,grpo"],
    [["--fresh=a,,b"], "--fresh= takes stages"],
    [["--fresh", "grpo"], "Unexpected argument 'grpo'"],
    [["--from="], "--from takes a stage"],
    [["--only", "a", "--from", "b"], "--only says both ends; leave --from and --until out"],
  ])("refuses %j in words", (argv, message) => {
    expect(readArgs(argv)).toContain(message);
  });
});
