import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { readImage } from "../../src/models/image-file.ts";
import type { Rollouts } from "../../src/stages/rollout.ts";
import { sampleRollouts } from "../../src/stages/samples.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  writeModel,
} from "../support/learner.ts";

const dir = folderForFile();
const options = smallOptions({ anchor: { weight: 0 } });
writeModel(dir);
onBestEngine();

/** Samples of three problems whose responses are their references, `imposed` tokens given, groups of two. */
const samplesOf = (points: ReadonlyArray<number>, imposed: number) =>
  training({ base: dir, options }, async (session, { policy }) => {
    const problems = session.examples.worked.slice(0, 3).map(session.read);
    const rollouts = {
      ...{ problems, group: 2 },
      responses: problems.flatMap(({ reference }) =>
        [0, 1].map(() => ({ ids: reference, imposed, finished: true })),
      ),
      scored: points.map((total) => ({ total, components: { answer: total > 1 ? 1 : 0 } })),
    } as unknown as Rollouts;
    return { problems, samples: await Effect.runPromise(sampleRollouts(policy, rollouts)) };
  });

describe("sampled rollouts", () => {
  it("are of the first and the last problem, best response first, one where all earn the same", async () => {
    const { problems, samples } = await samplesOf([0, 2, 1, 1, 0.5, 0.5], 4);
    expect(samples.map(({ question }) => question)).toEqual(
      [0, 2].map((x) => problems[x]!.example.question),
    );
    expect(samples.map(({ groupReward }) => groupReward)).toEqual([1, 0.5]);
    expect(samples[0]!.responses.map(({ reward, rewards }) => [reward, rewards.answer])).toEqual([
      [2, 1],
      [0, 0],
    ]);
    expect(samples[1]!.responses).toHaveLength(1);
  });

  it("split the text where the imposed part ends, losing no space", async () => {
    for (const imposed of [0, 3, 6]) {
      const { problems, samples } = await samplesOf([0, 0, 0, 0, 0, 0], imposed);
      const { imposed: head, generated } = samples[0]!.responses[0]!;
      expect(head + generated).toBe(problems[0]!.example.reference);
      expect(head === "").toBe(imposed === 0);
    }
  });

  it("hold the picture as PNG, pixel by pixel", async () => {
    const { problems, samples } = await samplesOf([0, 0, 0, 0, 0, 0], 0);
    const picture = await readImage(Buffer.from(samples[0]!.image!, "base64"));
    const { data, ...size } = problems[0]!.example.image;
    expect(picture).toMatchObject(size);
    expect(Buffer.compare(picture.data, data)).toBe(0);
  });
});
