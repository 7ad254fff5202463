import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { beforeAll, describe, expect, it } from "vitest";
import { startCurriculum } from "../../src/rl/curriculum.ts";
import { constrainedStep } from "../../src/stages/constrained.ts";
import {
  type Learner,
  restoreLearner,
  type Session,
  saveLearner,
} from "../../src/stages/session.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  take,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

const [dir, other] = [folderForFile(), folderForFile()];
const options = smallOptions({ optimizer: { weightDecay: 0.01, finalLearningRate: 1e-4 } });

interface Memory {
  curriculum: ReturnType<typeof startCurriculum>;
}
const fresh = (): Memory => ({ curriculum: startCurriculum({ familiarity: 0.1 }) });

onBestEngine();
beforeAll(() => {
  writeModel(dir, 1);
  writeModel(other, 2);
});

const run = <A>(body: (session: Session, learner: Learner<Memory>) => A) =>
  training<A, Memory>({ base: dir, policy: other, options }, body, fresh());

const step = (session: Session, learner: Learner<Memory>, index: number) =>
  take(
    constrainedStep(
      session,
      learner,
      session.examples.worked.slice(4 * (index % 2), 4 * (index % 2) + 4).map(session.read),
      options,
      index,
      6,
    ),
  );

const everything = (learner: Learner<Memory>) => {
  const { memory, guard, policy } = learner;
  const result = { memory, guard, updates: policy.adam.updates, weights: weightsOf(learner) };
  return structuredClone(result);
};

describe("saveLearner and restoreLearner", () => {
  it("go on to the same weights, moments, guard and memory, bit by bit", async () => {
    const saved = join(temporaryFolder(), "state");
    mkdirSync(saved);
    const straight = await run((session, learner) => {
      for (let index = 0; index < 3; index++) step(session, learner, index);
      Effect.runSync(saveLearner(learner, saved));
      for (let index = 3; index < 6; index++) step(session, learner, index);
      return everything(learner);
    });
    const resumed = await run((session) => {
      const rest = Effect.gen(function* () {
        const learner = yield* restoreLearner<Memory>({ dir }, session.base)(saved);
        for (let index = 3; index < 6; index++) step(session, learner, index);
        return everything(learner);
      });
      return Effect.runSync(Effect.scoped(rest));
    });
    expect(straight.updates).toBe(6);
    expect(straight.guard.norms).toHaveLength(6);
    expect(straight.memory.curriculum.step).toBe(6);
    expect(resumed).toEqual(straight);
  });

  it("save again when the checkpoint they came from is gone", () =>
    run((session, learner) => {
      const [first, second] = [temporaryFolder(), temporaryFolder()];
      Effect.runSync(saveLearner(learner, first));
      const again = Effect.gen(function* () {
        const restored = yield* restoreLearner<Memory>({ dir }, session.base)(first);
        rmSync(first, { recursive: true });
        yield* saveLearner(restored, second);
      });
      Effect.runSync(Effect.scoped(again));
      expect(existsSync(join(second, "policy", "tokenizer.json"))).toBe(true);
    }));

  it("name the file of a checkpoint that cannot be read", async () => {
    const missing = run(({ base }) =>
      Effect.runSync(Effect.scoped(restoreLearner<Memory>({ dir }, base)(temporaryFolder()))),
    );
    await expect(missing).rejects.toThrow(/learner\.json/);
  });
});

describe("openSession", () => {
  it("asks the base nothing when there is no anchor", () =>
    training({ base: dir, options: smallOptions({ anchor: { weight: 0 } }) }, (session) => {
      expect(session.anchors).toBeUndefined();
    }));

  it("asks the base once for phases that ask the same", async () => {
    const asked = (base: string, own: Parameters<typeof smallOptions>[0] = {}) =>
      training({ base, options: smallOptions(own) }, ({ anchors }) => anchors!);
    const first = await asked(dir);
    expect(await asked(dir, { anchor: { weight: 0.5, prompts: 2 } })).toBe(first);
    for (const other of [{ pool: 9 }, { images: "both" as const }]) {
      expect(await asked(dir, { anchor: other })).not.toEqual(first);
    }
    const again = await asked(dir);
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
  });

  it("asks again when the base is another, though its folder has the same name", async () => {
    const folder = temporaryFolder();
    const answers = () => training({ base: folder, options }, ({ anchors }) => anchors!.ids);
    writeModel(folder, 3);
    const first = await answers();
    writeModel(folder, 4);
    expect(await answers()).not.toEqual(first);
  });

  it("fails with the folder and the reason when the base is not there", async () => {
    const gone = training({ base: join(dir, "gone"), options }, () => {});
    await expect(gone).rejects.toThrow(/gone.*config\.json.*file not found/);
  });
});
