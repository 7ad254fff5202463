/** Training an adapter in place of the weights, by whole stages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { beforeAll, describe, expect, it } from "vitest";
import { data, exportModel, grpo, lora, model, pipeline, sft } from "../../src/index.ts";
import { readModelFolder } from "../../src/models/folder.ts";
import { adapterOf, readMergedFolder } from "../../src/models/lora/adapted-folder.ts";
import { disposeModel } from "../../src/models/model.ts";
import { loadModel } from "../../src/stages/policy.ts";
import { restoreLearner, saveLearner } from "../../src/stages/session.ts";
import { globalNorm } from "../../src/tensor/adam.ts";
import { temporaryFolder } from "../support/folder.ts";
import {
  fewProblems,
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  writeModel,
} from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const base = folderForFile();
const few = data({
  domain: { ...fewProblems.domain, world: "geometry" },
  general: { ...fewProblems.general, world: "scenes" },
});
const rate = { learningRate: 1e-2 };
const sampling = { prompts: 2, group: 2, maxTokens: 8 };
const anchor = { prompts: 2, pool: 4 };
const short = sft({ steps: 3, prompts: 2, anchor, optimizer: rate });

onBestEngine();
beforeAll(() => writeModel(base));

type Options = Parameters<typeof lora>[0];
const run = (options: Options, ...rest: ReadonlyArray<unknown>) =>
  runStages(
    temporaryFolder(),
    // biome-ignore lint/suspicious/noExplicitAny: the stages' types do not matter here
    (pipeline("adapt", { seed: 3 }) as any).pipe(
      model({ from: base }),
      lora(options),
      few,
      ...rest,
    ),
  );
const policyOf = ({ artifacts }: Awaited<ReturnType<typeof run>>) =>
  (artifacts.policy as { dir: string }).dir;
const config = () => readModelFolder(base).config;

describe("lora", () => {
  it("leaves the weights to the reference and trains the adapter, the same every time", async () => {
    const last = grpo({ steps: 2, sampling, anchor, optimizer: rate });
    const [one, again] = [await run({ rank: 2 }, short, last), await run({ rank: 2 }, short, last)];
    const dir = policyOf(one);
    expect(readModelFolder(dir).weights).toEqual(readModelFolder(base).weights);
    const { pairs } = adapterOf(dir, config())!;
    expect([...pairs.values()].some(({ b }) => b.data.some((value) => value !== 0))).toBe(true);
    const matrices = (at: string) => readFileSync(join(at, "adapter", "adapter_model.safetensors"));
    expect(matrices(policyOf(again))).toEqual(matrices(dir));
  });

  it("goes on from an adapter that was exported, and merges into a model", async () => {
    const [alone, whole] = [join(temporaryFolder(), "alone"), join(temporaryFolder(), "whole")];
    const first = await run({ rank: 2 }, short, exportModel({ to: alone, format: "peft" }));
    const second = await run({ from: alone }, exportModel({ to: whole }));
    const wanted = adapterOf(policyOf(first), config())!;
    expect(adapterOf(policyOf(second), config())!.pairs).toEqual(wanted.pairs);
    expect(readModelFolder(whole).weights).toEqual(readMergedFolder(policyOf(first)).weights);
    expect(readModelFolder(whole).weights).not.toEqual(readModelFolder(base).weights);
  });

  it.each([
    [
      { targets: ["w_proj"] },
      /no product of text is called w_proj; there are down_proj, gate_proj/,
    ],
    [{ targets: ["qkv"] }, /no product of text is called qkv/],
  ] as const)("tells what it cannot adapt: %j", async (options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });

  it("is put on a policy once", async () => {
    await expect(run({}, lora({}))).rejects.toThrow(/has an adapter already/);
  });
});

describe("a learner with an adapter", () => {
  const adapted = async (body: Parameters<typeof training<void>>[1]) => {
    const policy = policyOf(await run({ rank: 2 }, short));
    await training({ base, policy, options: smallOptions() }, body);
  };

  it("shares the weights with the base, as does a model that is only asked", () =>
    adapted((session, { policy }) => {
      expect(policy.vlm.parameters).toBe(session.base.vlm.parameters);
      const asked = loadModel(policy.dir, session.base);
      expect(asked.vlm.parameters).toBe(session.base.vlm.parameters);
      disposeModel(asked.vlm);
      expect([...policy.adam.moments.keys()]).toEqual([...policy.vlm.adapter!.parameters.keys()]);
    }));

  it("is saved and restored with its moments, and leaves the base's weights in place when it goes", () =>
    adapted((session, learner) => {
      const saved = temporaryFolder();
      Effect.runSync(saveLearner(learner, saved));
      const moments = ({ adam }: typeof learner.policy) =>
        [...adam.moments].map(([name, { square }]) => [name, square.dataSync().join()]);
      const restored = Effect.gen(function* () {
        const { policy } = yield* restoreLearner<object>(
          { dir: learner.policy.dir },
          session.base,
        )(saved);
        expect(moments(policy)).toEqual(moments(learner.policy));
        expect(globalNorm(policy.vlm.adapter!.parameters)).toBe(
          globalNorm(learner.policy.vlm.adapter!.parameters),
        );
      });
      Effect.runSync(Effect.scoped(restored));
      for (const variable of session.base.vlm.parameters.values()) {
        expect(variable.isDisposed).toBe(false);
      }
    }));
});
