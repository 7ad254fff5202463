import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { data, exportModel, initialize, pipeline, sft } from "../../src/index.ts";
import { readModelFolder } from "../../src/models/folder.ts";
import { temporaryFolder } from "../support/folder.ts";
import { fewProblems, onBestEngine } from "../support/learner.ts";
import { runStages } from "../support/stages.ts";

const size = { hidden: 32, layers: 1, intermediate: 48 };
const vision = { visionHidden: 16, visionLayers: 1, visionIntermediate: 24 };

onBestEngine();

const write = (to: string, seed = 1) =>
  runStages(
    temporaryFolder(),
    pipeline("make", { seed }).pipe(initialize({ ...size, ...vision }), exportModel({ to })),
  );

describe("exportModel", () => {
  it("writes the policy as a folder of its own, without optimizer state", async () => {
    const to = join(temporaryFolder(), "model");
    const { artifacts } = await runStages(
      temporaryFolder(),
      pipeline("make").pipe(
        initialize({ ...size, ...vision }),
        data({
          domain: { ...fewProblems.domain, world: "geometry" },
          general: { ...fewProblems.general, world: "scenes" },
        }),
        sft({ steps: 1, prompts: 2, anchor: { weight: 0 } }),
        exportModel({ to }),
      ),
    );
    expect(artifacts.exported).toEqual({ dir: to });
    const policy = (artifacts.policy as { dir: string }).dir;
    const name = "model.safetensors";
    expect(readFileSync(join(to, name))).toEqual(readFileSync(join(policy, name)));
    const files = readdirSync(policy).filter((file) => !file.startsWith("optimizer"));
    expect(readdirSync(policy).length).toBe(files.length + 2);
    expect(readdirSync(to).sort()).toEqual(files.sort());
    expect(readModelFolder(to).config.text.hiddenSize).toBe(32);
  });

  it("replaces a model that is there, and nothing else", async () => {
    const to = join(temporaryFolder(), "model");
    await write(to);
    const before = readFileSync(join(to, "model.safetensors"));
    await write(to, 2);
    expect(readFileSync(join(to, "model.safetensors"))).not.toEqual(before);
    const precious = temporaryFolder();
    writeFileSync(join(precious, "thesis.txt"), "years of work");
    await expect(write(precious)).rejects.toThrow(/is not empty and has no config.json/);
    expect(readdirSync(precious)).toEqual(["thesis.txt"]);
  });
});

describe("initialize", () => {
  it("gives the same weights for the same seed", async () => {
    const weights = async (seed: number) => {
      const { artifacts } = await write(join(temporaryFolder(), "model"), seed);
      return readFileSync(join((artifacts.policy as { dir: string }).dir, "model.safetensors"));
    };
    expect(await weights(1)).toEqual(await weights(1));
    expect(await weights(2)).not.toEqual(await weights(1));
  });
});
