import * as fs from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../../src/runtime/fingerprint.ts";
import { StageStore } from "../../src/runtime/store.ts";
import { add } from "../support/adder.ts";
import { codeOf, temporaryDir } from "../support/runtime.ts";

const place = {
  ...{ inputs: { numbers: "numbers-1" }, reads: {}, seed: 1, engine: "wasm" },
  code: codeOf("c"),
};
const spec = fingerprintOf(add({ steps: 3 }), place);

const inStore = <A, E>(root: string, use: (store: StageStore["Service"]) => Effect.Effect<A, E>) =>
  Effect.runPromise(
    Effect.gen(function* () {
      return yield* use(yield* StageStore);
    }).pipe(Effect.provide(StageStore.layerFile(root))),
  );

const finish = (root: string, text = "weights") =>
  inStore(root, (store) =>
    Effect.gen(function* () {
      const dir = yield* store.prepare(spec);
      fs.writeFileSync(join(dir, "model.bin"), text);
      const outputs = { policy: { dir: join(dir, "model.bin") } };
      return yield* store.commit(spec, { outputs, steps: 3, seconds: 1 });
    }),
  );

const find = (root: string) => inStore(root, (store) => store.find(spec));
const folder = (root: string) => inStore(root, (store) => Effect.succeed(store.folder(spec)));

describe("StageStore", () => {
  it("finds what was committed, with paths to where the files are now", async () => {
    const root = temporaryDir();
    await finish(root);
    const moved = temporaryDir();
    fs.cpSync(root, moved, { recursive: true });
    const found = await find(moved);
    expect(found).toMatchObject({ _tag: "Hit", result: { steps: 3 } });
    const dir = join(await folder(moved), "out", "model.bin");
    expect(found._tag === "Hit" && found.result.outputs).toEqual({ policy: { dir } });
    expect(fs.readFileSync(dir, "utf8")).toBe("weights");
  });

  it("takes an attempt without a commit for something that did not happen", async () => {
    const root = temporaryDir();
    await inStore(root, (store) => store.prepare(spec));
    expect(await find(root)).toEqual({ _tag: "Miss", why: "it did not finish" });
    fs.renameSync(join(await folder(root), "out.tmp"), join(await folder(root), "out"));
    expect(await find(root)).toEqual({ _tag: "Miss", why: "it did not finish" });
    expect(await finish(root)).toMatchObject({ files: [{ path: "model.bin", bytes: 7 }] });
  });

  it("does not use a result whose files are not as recorded, and says which", async () => {
    const root = temporaryDir();
    await finish(root);
    fs.truncateSync(join(await folder(root), "out", "model.bin"), 2);
    expect(await find(root)).toEqual({
      _tag: "Miss",
      why: "its stored result is damaged: model.bin has 2 bytes, not 7",
    });
    fs.writeFileSync(join(await folder(root), "result.json"), "{");
    expect(await find(root)).toEqual({ _tag: "Miss", why: "its stored result cannot be read" });
  });

  it("does not use a result that left something outside the store, once that is gone", async () => {
    const [root, outside] = [temporaryDir(), join(temporaryDir(), "model")];
    fs.mkdirSync(outside);
    await inStore(root, (store) =>
      Effect.gen(function* () {
        yield* store.prepare(spec);
        const outputs = { exported: { dir: outside } };
        return yield* store.commit(spec, { outputs, steps: 3, seconds: 1 });
      }),
    );
    expect(await find(root)).toMatchObject({ _tag: "Hit" });
    fs.rmSync(outside, { recursive: true });
    expect(await find(root)).toEqual({ _tag: "Miss", why: `its result ${outside} is gone` });
  });

  it("has one clear error on a full disk at commit, and no result", async () => {
    const root = temporaryDir();
    const dir = await folder(root);
    fs.mkdirSync(dir, { recursive: true });
    fs.symlinkSync("/dev/full", join(dir, `result.json.tmp-${process.pid}`));
    await expect(finish(root)).rejects.toThrow(
      "no space left on device while writing a stage's result",
    );
    expect(await find(root)).toMatchObject({ _tag: "Miss" });
  });

  it("refuses a store of another format version", async () => {
    const root = temporaryDir();
    await finish(root);
    fs.writeFileSync(join(root, "format.json"), '{"format":7}');
    await expect(find(root)).rejects.toThrow("this store has format 7, this version reads 1");
  });
});
