import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { readDiagnostics, typeCheck } from "../../src/cli/type-check.ts";
import { temporaryDir } from "../support/runtime.ts";

describe("typeCheck", () => {
  it("checks the file and its local imports, and remembers a clean result until one changes", async () => {
    const dir = temporaryDir();
    const [file, helper, cache] = ["main.ts", "helper.ts", "checks"].map((name) => join(dir, name));
    fs.writeFileSync(helper!, "export const n = 1;");
    fs.writeFileSync(file!, 'import { n } from "./helper.ts";\nexport const m: number = n;\n');
    const check = () => Effect.runPromise(Effect.result(typeCheck(file!, "code", cache!)));
    expect((await check())._tag).toBe("Success");
    expect(fs.readdirSync(cache!)).toHaveLength(1);
    fs.writeFileSync(helper!, 'export const n = "1";');
    const failed = await check();
    expect(failed._tag === "Failure" && failed.failure.message).toBe(
      `1 problem in the pipeline:\n  ${file}:2:14: TS2322: Type 'string' is not assignable to type 'number'.`,
    );
    expect(fs.readdirSync(cache!)).toHaveLength(1);
  });
});

describe("readDiagnostics", () => {
  it("keeps the user's own files and the lines that belong to each message", () => {
    const dir = temporaryDir();
    const file = join(dir, "p.ts");
    fs.writeFileSync(file, "");
    const output = [
      "../lib/other.ts(1,1): error TS1: not mine",
      "p.ts(3,7): error TS2322: first line",
      "  second line",
      "p.ts(9,1): error TS7: another",
      "",
    ].join("\n");
    expect(readDiagnostics(output, file)).toEqual([
      {
        code: "TypeError",
        path: "",
        message: "TS2322: first line\n  second line",
        at: { file, line: 3, column: 7 },
      },
      { code: "TypeError", path: "", message: "TS7: another", at: { file, line: 9, column: 1 } },
    ]);
  });
});
