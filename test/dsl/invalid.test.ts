import { describe, expect, it } from "vitest";
import { renderIssue } from "../../src/dsl/issue.ts";
import { data, grpo } from "../../src/dsl/phases.ts";

const texts = (stage: { readonly issues: ReturnType<typeof grpo>["issues"] }) =>
  stage.issues.map(({ at: _, ...issue }) => renderIssue(issue));

describe("an issue about an unknown option", () => {
  it("names the nearest one, at any depth", () => {
    // @ts-expect-error misspelt on purpose
    expect(texts(grpo({ optimizer: { learningRat: 1 } }))).toEqual([
      "grpo.optimizer.learningRat: unknown option\n    hint: did you mean learningRate?",
    ]);
  });

  it("understands initials", () => {
    // @ts-expect-error abbreviated on purpose
    expect(texts(grpo({ optimizer: { lr: 1 } }))).toEqual([
      "grpo.optimizer.lr: unknown option\n    hint: did you mean learningRate?",
    ]);
  });

  it("lists those of its group when none is near", () => {
    // @ts-expect-error unknown on purpose
    expect(texts(grpo({ sampling: { beams: 4 } }))).toEqual([
      "grpo.sampling.beams: unknown option\n    hint: options: prompts, group, refill, temperature, maxTokens",
    ]);
  });
});

describe("an issue about a value", () => {
  it("tells what the innermost option means", () => {
    // @ts-expect-error wrong on purpose
    expect(texts(grpo({ objective: { klWeight: -1 }, optimizer: { freeze: ["eyes"] } }))).toEqual([
      expect.stringMatching(
        /^grpo\.optimizer\.freeze\.0: Expected .*\n {4}hint: Parts of the model/,
      ),
      expect.stringMatching(
        /^grpo\.objective\.klWeight: Expected .*\n {4}hint: Weight β of the divergence/,
      ),
    ]);
  });

  it("of a choice speaks of the shape that fits best", () => {
    const paths = (domain: object) =>
      data({ domain } as never).issues.map(({ code, path }) => `${code} ${path}`);
    expect(paths({ world: "geometry", wrked: 5 })).toEqual(["UnknownOption data.domain.wrked"]);
    expect(paths({ world: "geometries" })).toEqual(["InvalidOption data.domain.world"]);
    expect(paths({ jsonl: "x.jsonl", feilds: {} })).toEqual(["UnknownOption data.domain.feilds"]);
    expect(paths({ worked: 5 })).toEqual(["MissingOption data.domain.world"]);
  });
});
