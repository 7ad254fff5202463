import { describe, expect, it } from "vitest";
import { labelled, labelsOf } from "../../src/cli/label.ts";

describe("labels", () => {
  it("are there for several pipelines only, of one width, each its own", () => {
    expect(labelsOf(["geometry"])).toEqual([undefined]);
    expect(labelsOf(["a", "long", "a"])).toEqual(["a   ", "long", "a-2 "]);
  });

  it("stand before every line that says something", () => {
    const said: Array<string> = [];
    const say = (text: string) => void said.push(text);
    labelled("a", say)("one\n\ntwo");
    labelled(undefined, say)("plain");
    expect(said).toEqual(["a | one\n\na | two", "plain"]);
  });
});
