import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { cut, misfit, notStored, planOptions, type Selection } from "../../src/runtime/select.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { planIn, runIn, temporaryDir } from "../support/runtime.ts";

const three = pipeline("three", { budgets: { retention: 0.5 } }).pipe(
  numbers(),
  add({ steps: 1 }),
  add({ steps: 2 }),
);

const selection = (part: Partial<Selection>): Selection => ({
  ...{ fresh: [], from: undefined, until: undefined, verify: false },
  ...part,
});

describe("a selection", () => {
  it.each([
    [{}],
    [{ fresh: "all" }],
    [{ fresh: ["add", "add-2"] }],
    [{ from: "add", until: "add-2" }],
    [{ from: "add", until: "add", fresh: ["add"] }],
  ] as ReadonlyArray<[Partial<Selection>]>)("fits as %j", (part) => {
    expect(misfit(three, selection(part))).toBeUndefined();
  });

  it.each([
    [
      { from: "Add2" },
      'three has no stage "Add2"; did you mean add-2? stages: numbers, add, add-2',
    ],
    [{ fresh: ["number"] }, 'three has no stage "number"; did you mean numbers?'],
    [{ from: "add-2", until: "add" }, "add-2 comes after add: nothing is left to run"],
    [{ from: "add", fresh: ["numbers"] }, "numbers cannot be fresh: it is not among the stages"],
    [{ until: "add", fresh: ["add-2"] }, "add-2 cannot be fresh"],
  ])("is refused as %j", (part, message) => {
    expect(misfit(three, selection(part))).toContain(message);
  });

  it("cuts the pipeline after its last stage, and the budgets on what is then not measured", () => {
    expect(cut(three, selection({}))).toBe(three);
    const short = cut(three, selection({ until: "add" }));
    expect(short.stages).toEqual(three.stages.slice(0, 2));
    expect(short.budgets).toEqual({});
  });

  it("makes fresh what it names, within its bounds", () => {
    const fresh = (part: Partial<Selection>) => {
      const options = planOptions(three, selection(part));
      return ["numbers", "add", "add-2"].filter((id) => options.fresh?.(id));
    };
    expect(fresh({})).toEqual([]);
    expect(fresh({ fresh: "all" })).toEqual(["numbers", "add", "add-2"]);
    expect(fresh({ fresh: "all", from: "add", until: "add" })).toEqual(["add"]);
    expect(fresh({ fresh: ["add-2"] })).toEqual(["add-2"]);
  });

  it("says which stages are missing before the first, and why", async () => {
    const root = temporaryDir();
    const from = selection({ from: "add-2" });
    const error = notStored(await planIn(root, three), from);
    expect(error?.message).toContain("cannot start from add-2");
    expect(error?.missing).toEqual([
      { id: "numbers", why: "never run" },
      { id: "add", why: "never run" },
    ]);
    await runIn(root, three, adderHandlers);
    expect(notStored(await planIn(root, three), from)).toBeUndefined();
    expect(notStored(await planIn(root, three), selection({}))).toBeUndefined();
  });
});
