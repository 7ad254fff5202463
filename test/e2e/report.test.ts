/** `report.html` of a real run as a browser shows it: nothing missing, nothing loaded, nothing cut off. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEngine } from "../support/engine.ts";
import { folderForFile, taughtModel, writeModel } from "../support/learner.ts";
import { last, startFile } from "../support/program.ts";

/** The system's browser: none is installed with the package. */
const executablePath = [
  process.env.RCPA_CHROMIUM,
  ...["chromium", "chromium-browser", "google-chrome"].map((name) => `/usr/bin/${name}`),
].find((path) => path !== undefined && existsSync(path));

const root = folderForFile();
let browser: Browser;
let runDir: string;

/** Opens the report; gives the page, and everything it complained about or asked for. */
async function open(width: number, colorScheme: "light" | "dark" = "light") {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
  const troubles: Array<string> = [];
  page.on("console", (message) => troubles.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => troubles.push(`error: ${error.message}`));
  const address = `file://${join(runDir, "report.html")}`;
  page.on("request", (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith("data:")) troubles.push(`request: ${url}`);
  });
  await page.goto(address, { waitUntil: "load" });
  return { page, troubles };
}

describe.skipIf(executablePath === undefined)(
  "report.html in Chromium",
  { timeout: 90_000 },
  () => {
    beforeAll(async () => {
      await startEngine();
      const base = await taughtModel(root, writeModel(root), 75);
      const file = join(import.meta.dirname, "small.ts");
      const argv = ["--json", "--out", join(root, "out")];
      const { stdout, stderr, code } = await startFile(file, argv, { RCPA_TEST_BASE: base });
      expect(code, stderr).toBe(0);
      runDir = JSON.parse(last(stdout)).runDir;
      const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
      browser = await chromium.launch({ executablePath: executablePath!, args });
    }, 90_000);
    afterAll(() => browser?.close());

    it("has every section and chart, without complaint or request", async () => {
      const { page, troubles } = await open(1280);
      expect(await page.locator("h1").textContent()).toBe("small");
      expect(await page.locator("h2").allTextContents()).toEqual([
        ...["Result", "Retention", "Training", "Sampled rollouts", "Plan", "Environment"],
      ]);
      const drawn = await page.locator(".curve .title").allTextContents();
      for (const title of [
        ...[
          "Reward",
          "Reward by component",
          "Groups without spread",
          "Familiarity",
          "Constraint ratio",
        ],
        ...["Imitation share", "KL to the base", "Entropy", "Response length", "Retention after"],
      ]) {
        expect(
          drawn.some((text) => text.startsWith(title)),
          title,
        ).toBe(true);
      }
      const charts = page.locator("svg.plot");
      expect(await charts.count()).toBe(drawn.length);
      for (const box of await Promise.all((await charts.all()).map((one) => one.boundingBox()))) {
        expect(box!.width).toBeGreaterThan(200);
        expect(box!.height).toBeGreaterThan(100);
      }
      expect(await page.locator("svg.plot [aria-label='line'] path").count()).toBeGreaterThan(20);
      expect(troubles).toEqual([]);
    });

    it("shows rollouts with their pictures, and marks what was imposed", async () => {
      const { page } = await open(1280);
      const pictures = page.locator(".rollout img");
      expect(await pictures.count()).toBeGreaterThan(8);
      const sizes = await pictures.evaluateAll((images) =>
        images.map((image) => (image as unknown as { naturalWidth: number }).naturalWidth),
      );
      expect(new Set(sizes)).toEqual(new Set([48]));
      expect(await page.locator(".rollout mark").count()).toBeGreaterThan(3);
      // Nothing is imposed in full GRPO.
      const free = page.locator("h3:text-is('grpo') + .rollouts");
      expect(await free.locator(".response").count()).toBeGreaterThan(1);
      expect(await free.locator("mark").count()).toBe(0);
    });

    it.each([400, 1280])("overflows nowhere at %i pixels, in light and dark", async (width) => {
      for (const scheme of ["light", "dark"] as const) {
        const { page, troubles } = await open(width, scheme);
        for (const more of await page.locator("summary:visible").all()) await more.click();
        const widest = await page.evaluate("document.documentElement.scrollWidth");
        expect(widest).toBeLessThanOrEqual(width);
        expect(troubles).toEqual([]);
        await page.close();
      }
    });

    it("has text that can be read in light and dark", async () => {
      for (const scheme of ["light", "dark"] as const) {
        const { page } = await open(1280, scheme);
        for (const name of [
          "body",
          ".about",
          ".small",
          ".curve p",
          "thead th",
          "mark",
          ".badge.good",
        ]) {
          const ratio = await page.locator(name).first().evaluate(contrast);
          expect(ratio, `${name}, ${scheme}`).toBeGreaterThanOrEqual(4.5);
        }
        await page.close();
      }
    });

    it("names its pictures and charts, and its headings go down one by one", async () => {
      const { page } = await open(1280);
      expect(await page.locator("img:not([alt]), img[alt='']").count()).toBe(0);
      expect(await page.locator("svg.plot:not([aria-label])").count()).toBe(0);
      const levels = (await page
        .locator("h1, h2, h3, h4")
        .evaluateAll((all) =>
          all.map((one) => Number((one as unknown as { tagName: string }).tagName.slice(1))),
        )) as ReadonlyArray<number>;
      expect(levels[0]).toBe(1);
      const jumps = levels.filter((level, at) => at > 0 && level > levels[at - 1]! + 1);
      expect(jumps).toEqual([]);
    });
  },
);

it.skipIf(executablePath !== undefined)("skips the browser: no Chromium is on this machine", () => {
  expect(readFileSync(join(import.meta.dirname, "../../.ci/run"), "utf8")).toContain("chromium");
});

/** Contrast of an element's text with what is behind it (WCAG 2); runs in the page. */
function contrast(element: unknown): number {
  interface Node {
    readonly parentElement: Node | null;
  }
  const style = (node: Node) =>
    (
      globalThis as unknown as { getComputedStyle: (node: Node) => Record<string, string> }
    ).getComputedStyle(node);
  const parts = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
  let behind: Node | null = element as Node;
  while (behind !== null && parts(style(behind).backgroundColor!)[3] === 0) {
    behind = behind.parentElement;
  }
  const light = (color: string) => {
    const [red, green, blue] = parts(color).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const front = light(style(element as Node).color!);
  const back = light(behind === null ? "rgb(255, 255, 255)" : style(behind).backgroundColor!);
  return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
}
