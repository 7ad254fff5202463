/** Programs that must not compile, with the one sentence each user should read. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { typeCheck } from "../../src/cli/type-check.ts";
import { temporaryDir } from "../support/runtime.ts";

const source = join(import.meta.dirname, "../../src");
const support = join(import.meta.dirname, "../support");
const imports = `import { handler, pipeline } from "${source}/index.ts";
import { add, numbers } from "${support}/adder.ts";
import * as Effect from "${source}/../node_modules/effect/dist/Effect.js";
`;

/** Each diagnostic of the program as `line: message`, lines counted from the first below the imports. */
async function diagnose(program: string): Promise<ReadonlyArray<string>> {
  const dir = temporaryDir();
  const file = join(dir, "program.ts");
  writeFileSync(file, imports + program);
  const outcome = await Effect.runPromise(Effect.result(typeCheck(file, "code", dir)));
  if (outcome._tag === "Success") return [];
  const issues = outcome.failure.issues as ReadonlyArray<{ message: string; at: { line: number } }>;
  return issues.map(({ message, at }) => `${at.line - 3}: ${message}`);
}

describe("the compiler", { timeout: 30_000 }, () => {
  it("accepts stages in order, recipes and a handler of its own", async () => {
    const program = `
const recipe = () => [add({ steps: 1 }), add({ steps: 2 })] as const;
pipeline("ok").pipe(numbers(), ...recipe(), add({ steps: 3 }));
handler(numbers, (context) => Effect.succeed({ numbers: { file: context.artifact("x") } }));
void Effect;`;
    expect(await diagnose(program)).toEqual([]);
  });

  it.each([
    {
      mistake: "a stage before the one that gives its input",
      program: `void handler, Effect;
pipeline("wrong").pipe(
  add({ steps: 1 }),
  numbers(),
);`,
      error: `3: TS2741: Property '"stage needs an input that no earlier stage gives"' is missing in type 'Stage<"add", "numbers", "policy">' but required in type 'MissingInput<"add", "numbers", never>'.`,
    },
    {
      mistake: "an option of the wrong type",
      program: `void handler, Effect;
pipeline("wrong").pipe(numbers(), add({ steps: "3" }));`,
      error: "2: TS2322: Type 'string' is not assignable to type 'number'.",
    },
    {
      mistake: "a misspelt option",
      program: `void handler, Effect;
pipeline("wrong").pipe(numbers({ counts: 3 }));`,
      error:
        "2: TS2561: Object literal may only specify known properties, but 'counts' does not exist in type '{ readonly count?: number | undefined; }'. Did you mean to write 'count'?",
    },
    {
      mistake: "required options left out",
      program: `void handler, Effect;
pipeline("wrong").pipe(numbers(), add());`,
      error: "2: TS2554: Expected 1 arguments, but got 0.",
    },
    {
      mistake: "a handler that does not give its artifact",
      program: `void pipeline, add;
handler(numbers, () => Effect.succeed({ policy: { dir: "x" } }));`,
      error: "Property 'numbers' is missing in type",
    },
  ])("refuses $mistake", async ({ program, error }) => {
    const found = await diagnose(program);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(error);
  });
});
