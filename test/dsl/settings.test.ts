import { describe, expect, it } from "vitest";
import { renderIssue } from "../../src/dsl/issue.ts";
import { settingsOf } from "../../src/dsl/settings.ts";

const texts = (written: object) =>
  settingsOf("careful", written, undefined).issues.map((issue) => renderIssue(issue));

describe("settingsOf", () => {
  it("fills in defaults; a budget that is left out sets no limit", () => {
    const { value, issues } = settingsOf("careful", { budgets: { retention: 0.95 } }, undefined);
    expect(issues).toEqual([]);
    expect(value).toEqual({
      seed: 1,
      doc: "",
      budgets: { retention: 0.95 },
      attempts: { timeoutMinutes: null, retry: {} },
    });
  });

  it("reports every problem with its place, its meaning and what was meant", () => {
    const wrong = { sead: 3, seed: 0.5, budgets: { maxhours: 2, retention: 95 } };
    expect(texts(wrong)).toEqual([
      "careful.sead: unknown option\n    hint: did you mean seed?",
      expect.stringMatching(
        /^careful\.seed: Expected a whole number, got 0\.5\n {4}hint: All random/,
      ),
      "careful.budgets.maxhours: unknown option\n    hint: did you mean maxHours?",
      "careful.budgets.retention: Expected a number from 0 to 2, got 95\n    hint: Least general accuracy after / before. [share]",
    ]);
    expect(settingsOf("careful", { seed: 0.5, doc: "Kept." }, undefined).value).toMatchObject({
      seed: 1,
      doc: "Kept.",
    });
    const codes = settingsOf("careful", wrong, undefined).issues.map(({ code }) => code);
    expect(new Set(codes)).toEqual(new Set(["InvalidSetting"]));
  });
});
