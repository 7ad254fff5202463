import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePage } from "../../../src/report/study/page.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { material } from "../../support/study-material.ts";

const pageOf = async (study: typeof material) =>
  readFileSync(await writePage(study, join(temporaryFolder(), "a/report.html")), "utf8");

describe("the page of a study", () => {
  it("has the tables and four charts, the same bytes each time, and loads nothing", async () => {
    const page = await pageOf(material);
    expect(page.match(/<svg role="img"/g)).toHaveLength(4);
    expect(page.match(/<h2 /g)).toHaveLength(6);
    expect(page).toContain(".750 ± .124");
    expect(page).not.toMatch(/undefined|<script|src="http/);
    expect(page.replace("loss became NaN", "")).not.toContain("NaN");
    expect(await pageOf(material)).toBe(page);
  });

  it("escapes what others wrote, and says what failed", async () => {
    const page = await pageOf({ ...material, doc: "<script>alert(1)</script>" });
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("Diverged: loss became NaN");
  });

  it("has no charts before anything has run", async () => {
    const arms = material.arms.map((arm) => ({ ...arm, chosen: null, finals: [] }));
    const page = await pageOf({ ...material, arms });
    expect(page).not.toContain('<svg role="img"');
    expect(page).toContain("not chosen yet");
  });
});
