import { describe, expect, it } from "vitest";
import { curvesFor, tagOf } from "../../src/report/curves.ts";

const drawn = (names: ReadonlyArray<string>) =>
  curvesFor(new Set(names)).map(({ title, curves }) => [
    title,
    ...curves.map(({ lines }) => lines.map(({ metric }) => metric).join(" + ")),
  ]);

describe("curves", () => {
  it("are those with values, known ones together under their headings", () => {
    expect(drawn(["accuracy", "format", "klNats", "constraintRatio"])).toEqual([
      ["Reward", "accuracy + format"],
      ["Curriculum", "constraintRatio"],
      ["Policy", "klNats"],
    ]);
    expect(drawn([])).toEqual([]);
  });

  it("are drawn of every component of the reward, a few a chart", () => {
    const own = ["reward/units", "reward/brevity"];
    expect(drawn(["reward", "rougeL", "accuracy", "cider", "overlong", ...own])).toEqual([
      [
        ...["Reward", "reward", "accuracy + rougeL + cider + overlong"],
        "reward/brevity + reward/units",
      ],
    ]);
  });

  it("are drawn of metrics that a stage of one's own brings, each by itself", () => {
    expect(drawn(["spread", "brightness", "reward"])).toEqual([
      ["Reward", "reward"],
      ["Other metrics", "brightness", "spread"],
    ]);
  });

  it("give TensorBoard the same headings", () => {
    expect(["rougeL", "klNats", "brightness", "validation/retention"].map(tagOf)).toEqual([
      "reward/rougeL",
      "policy/klNats",
      "other/brightness",
      "validation/retention",
    ]);
  });
});
