/** Stages on renamed artifacts, and stages used twice. */
import * as fs from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { pipeline } from "../../src/dsl/pipeline.ts";
import { rename } from "../../src/dsl/rename.ts";
import { define } from "../../src/dsl/stage.ts";
import { isComplete } from "../../src/runtime/plan.ts";
import { add, adderHandlers, numbers } from "../support/adder.ts";
import { planIn, runIn, temporaryDir } from "../support/runtime.ts";

declare module "rcpa" {
  interface Artifacts {
    few: { readonly file: string };
    second: { readonly dir: string };
  }
}

const sums = (steps: number, seed = 1) =>
  pipeline("sums", { seed }).pipe(numbers({ count: 7 }), add({ steps }));

const sumOf = (artifacts: Readonly<Record<string, unknown>> = {}) => {
  const { dir } = artifacts.policy as { readonly dir: string };
  return JSON.parse(fs.readFileSync(join(dir, "sum.json"), "utf8")).total as number;
};

describe("renamed artifacts", () => {
  const both = pipeline("both").pipe(
    numbers({ count: 7 }),
    add({ steps: 12 }),
    rename(numbers({ count: 3 }), { numbers: "few" }),
    rename(add({ steps: 12 }), { policy: "second" }),
    rename(add({ steps: 12 }), { numbers: "few", policy: "second" }),
  );

  it("are handed to and taken from handlers under their own names", async () => {
    const root = temporaryDir();
    const { plan, result } = await runIn(root, both, adderHandlers);
    const ids = ["numbers", "add", "numbers@few", "add@second", "add@few+second"];
    expect(plan.stages.map(({ id }) => id)).toEqual(ids);
    expect(Object.keys(result!.artifacts)).toEqual(["numbers", "policy", "few", "second"]);
    const { policy, second } = result!.artifacts;
    expect(second).not.toEqual(policy);
    expect(sumOf({ policy: second })).not.toBe(sumOf({ policy }));
    const few = JSON.parse(
      fs.readFileSync((result!.artifacts.few as { file: string }).file, "utf8"),
    );
    expect(few).toEqual([0, 1, 2]);
    const again = await runIn(root, both, []);
    expect(isComplete(again.plan)).toBe(true);
    expect(again.result?.artifacts).toEqual(result?.artifacts);
  });

  it("leave the keys of other stages alone", async () => {
    const root = temporaryDir();
    const keys = async (of: typeof both) => (await planIn(root, of)).stages.map(({ key }) => key);
    expect((await keys(both)).slice(0, 2)).toEqual(await keys(sums(12)));
    expect(new Set(await keys(both)).size).toBe(5);
  });

  it("and a second use change the key, since randomness is drawn under the id", async () => {
    const root = temporaryDir();
    const alone = pipeline("alone").pipe(numbers({ count: 7 }), add({ steps: 12 }));
    const after = pipeline("after").pipe(
      numbers({ count: 7 }),
      add({ steps: 3 }),
      add({ steps: 12 }),
    );
    const [first, second] = [await planIn(root, alone), await planIn(root, after)];
    expect(second.stages[2]!.id).toBe("add-2");
    expect(second.stages[2]!.fingerprint.inputs).toEqual(first.stages[1]!.fingerprint.inputs);
    expect(second.stages[2]!.key).not.toBe(first.stages[1]!.key);
  });

  it("change the key when the same stage takes other artifacts of the same giver", async () => {
    const nothing = Schema.Struct({});
    const about = { version: 1, doc: "For the test.", options: nothing } as const;
    const pair = define({ ...about, name: "pair", needs: [], gives: ["policy", "reference"] });
    const compare = define({
      ...about,
      name: "compare",
      needs: ["policy", "reference"],
      gives: [],
    });
    const swapped = rename(compare(), { policy: "reference", reference: "policy" });
    const { stages } = await planIn(
      temporaryDir(),
      pipeline("pairs").pipe(pair(), compare(), swapped),
    );
    expect(stages[2]!.fingerprint.inputs).toEqual(stages[1]!.fingerprint.inputs);
    expect(stages[2]!.key).not.toBe(stages[1]!.key);
  });
});
