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

const nothing = { outputs: { policy: { dir: "" } }, steps: 0, seconds: 0 };

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
    expect(await finish(root)).toMatchObject({ steps: 3, content: expect.any(String) });
    expect(await find(root)).toMatchObject({ _tag: "Hit" });
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
    expect(await find(root)).toEqual({ _tag: "Miss", why: "its result.json is damaged" });
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

  it("sees a changed byte in a result's file, in its mark, and in what is beside it", async () => {
    const root = temporaryDir();
    await finish(root, "weights");
    const dir = await folder(root);
    const flip = (name: string, at: number) => {
      const bytes = fs.readFileSync(join(dir, name));
      bytes[at]! ^= 1;
      fs.writeFileSync(join(dir, name), bytes);
    };
    flip("out/model.bin", 3);
    const why = "its stored result is damaged: model.bin does not have its recorded hash";
    expect(await find(root)).toEqual({ _tag: "Miss", why });
    flip("out/model.bin", 3);
    flip("spec.json", 40);
    const notes = ["its spec.json was damaged and is written anew"];
    expect(await find(root)).toMatchObject({ _tag: "Hit", notes });
    expect(await find(root)).toMatchObject({ _tag: "Hit", notes: [] });
    flip("result.json", 60);
    expect(await find(root)).toEqual({ _tag: "Miss", why: "its result.json is damaged" });
  });

  it("does not use a result that was made from other inputs", async () => {
    const root = temporaryDir();
    const inputs = { numbers: "content" };
    await inStore(root, (store) =>
      Effect.andThen(store.prepare(spec), store.commit(spec, { ...nothing, inputs })),
    );
    const look = (known: Record<string, string>) =>
      inStore(root, (store) => store.find(spec, { inputs: known }));
    expect(await look({})).toMatchObject({ _tag: "Hit" });
    expect(await look(inputs)).toMatchObject({ _tag: "Hit" });
    const why = "its input numbers came out differently";
    expect(await look({ numbers: "other" })).toEqual({ _tag: "Miss", why });
  });

  it("calls two results the same that differ in time and place alone", async () => {
    const [here, there] = [await finish(temporaryDir()), await finish(temporaryDir())];
    expect(here.content).toBe(there.content);
    expect((await finish(temporaryDir(), "others")).content).not.toBe(here.content);
  });

  it("starts over what it was told to forget", async () => {
    const root = temporaryDir();
    await finish(root);
    const dir = await folder(root);
    fs.mkdirSync(join(dir, "checkpoints/0-00000001"), { recursive: true });
    fs.writeFileSync(join(dir, "steps.jsonl"), "");
    await inStore(root, (store) => store.forget(spec));
    expect(fs.readdirSync(dir)).toEqual(["spec.json"]);
  });

  it("keeps what the same process computed: another of its pipelines may use it", async () => {
    const root = temporaryDir();
    await inStore(root, (store) =>
      Effect.gen(function* () {
        yield* store.prepare(spec);
        yield* store.commit(spec, nothing);
        yield* store.forget(spec);
      }),
    );
    expect(await find(root)).toMatchObject({ _tag: "Hit" });
  });
});
