/** `rcpa check` as a program: what it finds, where it points, and that it runs nothing. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../support/folder.ts";

const root = resolve(import.meta.dirname, "../../..");

/** Runs `rcpa check --json` on a file with this text, in its own folder. */
function check(text: string, folder = temporaryFolder()) {
  const file = join(folder, "p.mts");
  writeFileSync(file, text.replaceAll('"rcpa"', `"${root}/src/index.ts"`));
  const argv = [join(root, "bin/rcpa.mjs"), "check", file, "--json"];
  return new Promise<{ code: number; issues: ReadonlyArray<string>; pipeline: string | null }>(
    (done) => {
      execFile(process.execPath, argv, { cwd: folder }, (error, stdout) => {
        const { issues, pipeline } = JSON.parse(stdout);
        const lines = issues.map(
          (issue: { at: { line: number; column: number }; path: string; message: string }) =>
            `${issue.at.line}:${issue.at.column} ${issue.path} ${issue.message}`,
        );
        done({ code: Number(error?.code ?? 0), issues: lines, pipeline });
      });
    },
  );
}

describe("rcpa check", { timeout: 180_000 }, () => {
  it("tells types, options, files and budgets together, each at its own place", async () => {
    const folder = temporaryFolder();
    const text = `import { exportModel, model, pipeline } from "rcpa";
const seed: number = "1";
export default pipeline("p", { seed: 0.5, budgets: { retention: 0.9 } }).pipe(
  model({ from: "nowhere" }),
  exportModel({ to: "." }),
);
`;
    const { code, issues, pipeline } = await check(text, folder);
    expect({ code, pipeline }).toEqual({ code: 2, pipeline: "p" });
    expect(issues).toEqual([
      "2:7  TS2322: Type 'string' is not assignable to type 'number'.",
      "3:32 p.seed Expected a whole number, got 0.5",
      "3:54 p.budgets.retention no stage measures it",
      `4:11 model.from there is no model folder ${join(folder, "nowhere")}`,
      "5:17 exportModel.to . is not empty and has no config.json; it will not be replaced",
    ]);
  });

  it("opens a model folder without reading its weights", async () => {
    const folder = temporaryFolder();
    const dir = join(folder, "base");
    cpSync(join(root, "assets/tiny-vlm"), dir, { recursive: true });
    truncateSync(join(dir, "model.safetensors"), 100_000);
    const text = (file: string) =>
      `import { model, pipeline } from "rcpa";
export default pipeline("p").pipe(model({ from: "${file}" }));\n`;
    const truncated = await check(text("base"), folder);
    expect(truncated.issues).toHaveLength(1);
    expect(truncated.issues[0]).toMatch(/^2:43 model\.from .*model\.safetensors: .*truncated\?/);
    const config = join(dir, "config.json");
    const json = readFileSync(config, "utf8").replace('"qwen2_5_vl"', '"qwen9"');
    writeFileSync(config, json);
    const unknown = await check(text("base"), folder);
    expect(unknown.code).toBe(2);
    expect(unknown.issues.join()).toContain('config.json: model_type: "qwen9" is not supported');
  });

  it("makes a file that throws, or does not parse, an issue with its place", async () => {
    const thrown = await check("const n = null as unknown as { x: number };\nn.x;\n");
    expect(thrown).toMatchObject({ code: 2, pipeline: null });
    expect(thrown.issues).toEqual([
      "2:3  the file throws when it is imported: TypeError: Cannot read properties of null (reading 'x')",
    ]);
    const unparsed = await check("export default (1 + ;\n");
    expect(unparsed.issues).toEqual(["1:21  TS1109: Expression expected."]);
    const none = await check("export const x = 1;\n");
    expect(none.issues).toEqual(["1:1  the file does not export a pipeline as default"]);
  });

  it("says ok of a good file and leaves nothing but its memory of that", async () => {
    const folder = temporaryFolder();
    const text = `import { model, pipeline, run } from "rcpa";
const p = pipeline("p").pipe(model());
export default p;
await run(import.meta, p);
`;
    expect(await check(text, folder)).toEqual({ code: 0, issues: [], pipeline: "p" });
    expect(existsSync(join(folder, ".rcpa/checks"))).toBe(true);
    expect(existsSync(join(folder, ".rcpa/stages"))).toBe(false);
    expect(existsSync(join(folder, ".rcpa/runs"))).toBe(false);
  });
});
