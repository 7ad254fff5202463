import { describe, expect, it } from "vitest";
import { studyMarkdown, withSection } from "../../../src/report/study/markdown.ts";
import { doneCell, material } from "../../support/study-material.ts";

const text = studyMarkdown(material);
const rows = text.split("\n").filter((line) => line.startsWith("| "));
const row = (beginning: string) => rows.find((line) => line.startsWith(`| ${beginning}`));

describe("a study in Markdown", () => {
  it("tells of each arm setting, mean with interval and range, retention, tests, cost", () => {
    expect(row("base")).toBe(
      "| base | the model before | – |  | .100 | 1.000 | 1.000 | .000 | 0 | 0 | 0 |",
    );
    // 4.3027 · 0.05 / √3
    expect(row("`good` | What")).toBe(
      "| `good` | What good does | learningRate 3e-4, steps 100 | 3 | .750 ± .124 (.700–.800) | .990 ± .025 (.980–1.000) | .990 ± .025 (.980–1.000) | .375 ± .062 (.350–.400) | 100 | 3 | 2 |",
    );
    expect(row("`bad\\|odd` | What")).toContain("| 2 of 3 |");
  });

  it("pairs the seeds that both arms have", () => {
    // Differences .50 and .45: mean .475, half the interval 12.706 · .025.
    expect(row("`good` − `bad\\|odd`")).toBe(
      "| `good` − `bad\\|odd` | +.475 [.157, .793] | yes | yes | +.135 [-.437, .707] | 2 |",
    );
  });

  it("hides neither settings that lost, nor failures, nor seeds that are missing", () => {
    expect(row("`good` | learningRate 3e-4")).toContain("| .600 | .980 | chosen |");
    expect(row("`good` | learningRate 1e-3")).toContain("| .500 | .970 |  |");
    expect(row("`bad\\|odd` | learningRate 1e-3")).toContain("| failed | – |  |");
    expect(row("`bad\\|odd` | .200")).toBe("| `bad\\|odd` | .200, .900 | .350, .800 | not run |");
    expect(text).toContain(
      "- `bad|odd`, learningRate 1e-3, seed 101: stage sft failed: Diverged: loss became NaN",
    );
  });

  it("ends with where it comes from", () => {
    expect(text).toContain(
      "`npx tsx pair.ts` · engine tensorflow-cpu · date 2026-11-22 · commit abc1234 · machine linux · seeds 1, 2, 3 · test items 200 domain, 200 general, 200 hard",
    );
  });

  it("of one seed has no interval, of no seed no numbers", () => {
    const [good] = material.arms;
    const one = (finals: typeof good.finals) =>
      studyMarkdown({ ...material, arms: [{ ...good!, finals }], contrasts: [], seeds: [1] });
    expect(one([doneCell(1, 0.7, 0.99)])).toContain("| 1 | .700 | .990 | .990 | .350 |");
    expect(one([doneCell(1, 0.7, 0.99)])).toContain("One seed: there is no interval.");
    expect(one([])).toContain("| 0 of 1 | – | – | – |");
  });
});

describe("a section in a document", () => {
  const [first, second] = ["one", "two"].map((name) => studyMarkdown({ ...material, name }));

  it("is put at the end, and later into its own place, whatever stands around it", () => {
    const both = withSection(withSection("# Results\n\nWords.\n", "one", first!), "two", second!);
    expect(both).toBe(`# Results\n\nWords.\n\n${first}\n${second}`);
    const newer = first!.replace("Two ways.", "Two newer ways.");
    expect(withSection(both, "one", newer)).toBe(`# Results\n\nWords.\n\n${newer}\n${second}`);
    expect(withSection(both, "two", second!)).toBe(both);
    expect(withSection("", "one", first!)).toBe(first);
  });
});
