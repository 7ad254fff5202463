/** Golden models with their prompts prepared for the device. Used by model tests. */

import { type ModelFolder, readModelFolder } from "../../src/models/folder.ts";
import type { EncodedPrompt } from "../../src/models/processor.ts";
import { loadProcessor } from "../../src/models/processor.ts";
import { type GoldenModel, goldenModels } from "./golden.ts";

/** A golden model read from disk; `prompts` in the order of its cases. */
export interface PreparedModel extends GoldenModel {
  readonly folder: ModelFolder;
  readonly prompts: ReadonlyArray<EncodedPrompt>;
  /** A prompt of text alone, encoded as the model's processor does it. */
  readonly encodeText: (text: string) => EncodedPrompt;
}

/** The golden models, of one family or of all, read and encoded. */
export function preparedModels(family?: string): Promise<Array<PreparedModel>> {
  return Promise.all(goldenModels(family).map(prepare));
}

async function prepare(golden: GoldenModel): Promise<PreparedModel> {
  const processor = loadProcessor(golden.checkpoint);
  const prompts = await Promise.all(
    golden.cases.map(async ({ messages, images }) =>
      processor.encodePrompt(messages, await images()),
    ),
  );
  return {
    ...golden,
    folder: readModelFolder(golden.checkpoint),
    prompts,
    encodeText: (content) => processor.encodePrompt([{ role: "user", content }], []),
  };
}
