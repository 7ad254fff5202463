import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { locate } from "../../src/cli/locate.ts";
import type { Issue } from "../../src/dsl/issue.ts";
import { temporaryFolder } from "../support/folder.ts";

const shared = `export const slow = { learningRate: 9 } as const;\n`;
const text = `import { grpo, pipeline } from "rcpa";
import { slow as crawl } from "./shared.ts";
const anchor = { weight: -1, images: ["domain", "none"] } satisfies object;
const common = { anchor, steps: 0 };
const inner = { learningRate: 3 };
const stages = [
  grpo({ steps: 0, optimizer: { learningRate: 3, "beta1": 7 } }),
  grpo({ ...common, optimizer: inner }),
  grpo({ ...common, steps: 1, optimizer: crawl }),
	grpo(make()),
  rcpa.grpo({ sampling: { ...(anchor as never), prompts: 1 } }),
];
export default pipeline("p", { seed: 0.5, budgets: { retention: 2 } }).pipe(...stages);
`;

/** Locates an issue of the option `path` in the call of line `line` whose callee is `callee`. */
async function place(line: number, callee: string, path: string) {
  const folder = temporaryFolder();
  const file = join(folder, "p.ts");
  writeFileSync(file, text);
  writeFileSync(join(folder, "shared.ts"), shared);
  const column = text.split("\n")[line - 1]!.indexOf(`${callee}(`) + 1;
  const issue: Issue = { code: "InvalidOption", path, message: "", at: { file, line, column } };
  const [located] = await locate([issue]);
  const { at, frame } = located!;
  const [shown, carets] = frame!.split("\n").map((row) => row.slice(row.indexOf("|") + 2));
  const marked = [...shown!].filter((_, index) => carets![index] === "^").join("");
  return [at!.file.slice(folder.length + 1), at!.line, marked];
}

describe("locate", () => {
  it.each([
    ["a property of the call", 7, "grpo.steps", "p.ts", 7, "steps"],
    ["a nested property", 7, "grpo.optimizer.learningRate", "p.ts", 7, "learningRate"],
    ["a quoted property", 7, "grpo.optimizer.beta1", "p.ts", 7, '"'],
    [
      "the enclosing property of a missing one",
      7,
      "grpo.optimizer.clipNorm",
      "p.ts",
      7,
      "optimizer",
    ],
    ["a property behind a name", 8, "grpo.optimizer.learningRate", "p.ts", 5, "learningRate"],
    ["a property behind a spread", 8, "grpo.steps", "p.ts", 4, "steps"],
    ["the later of spread and property", 9, "grpo.steps", "p.ts", 9, "steps"],
    ["a shorthand property's value", 8, "grpo.anchor.weight", "p.ts", 3, "weight"],
    ["an element of an array", 8, "grpo.anchor.images.1", "p.ts", 3, '"'],
    ["an imported file", 9, "grpo.optimizer.learningRate", "shared.ts", 1, "learningRate"],
    ["the call where a value is computed", 10, "grpo.steps", "p.ts", 10, "grpo"],
    ["the call when the option is left out", 7, "grpo.reward", "p.ts", 7, "grpo"],
    ["the call when the issue names the stage", 7, "grpo", "p.ts", 7, "grpo"],
  ])("finds %s", async (_, line, path, ...expected) => {
    expect(await place(line, "grpo", path)).toEqual(expected);
  });

  it("finds the settings of a pipeline in its second argument", async () => {
    expect(await place(13, "pipeline", "p.seed")).toEqual(["p.ts", 13, "seed"]);
    expect(await place(13, "pipeline", "p.budgets.retention")).toEqual(["p.ts", 13, "retention"]);
  });

  it("leaves alone what it cannot find, and the compiler's places", async () => {
    const nowhere: Issue = { code: "InvalidOption", path: "grpo.steps", message: "" };
    const at = { file: "no such file.ts", line: 1, column: 1 };
    expect(await locate([nowhere, { ...nowhere, at }])).toEqual([nowhere, { ...nowhere, at }]);
    const file = join(temporaryFolder(), "typed.ts");
    writeFileSync(file, "const n: number = '1';\n");
    const typed: Issue = {
      code: "TypeError",
      path: "",
      message: "",
      at: { file, line: 1, column: 7 },
    };
    const frame = "1 | const n: number = '1';\n  |       ^";
    expect(await locate([typed])).toEqual([{ ...typed, frame }]);
  });
});
