/** Handler of `lora`: the policy with a low-rank adapter beside its weights. */
import { existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { cachedRepo } from "../core/hub-name.ts";
import { lora as definition } from "../dsl/lora.ts";
import { modelFolder } from "../dsl/shipped.ts";
import type { VlmConfig } from "../models/config.ts";
import type { AdapterShape } from "../models/flops.ts";
import { checkModelFolder } from "../models/folder.ts";
import { adapterFolder, writeAdaptedFolder } from "../models/lora/adapted-folder.ts";
import { type LoraArrays, newAdapter } from "../models/lora/adapter.ts";
import { readPeftFolder } from "../models/lora/peft-folder.ts";
import { chosenTargets, targetsOf, unknownTargets } from "../models/lora/targets.ts";
import { handler } from "../runtime/handler.ts";
import { attempt } from "./failure.ts";

type Options = (typeof definition)["spec"]["options"]["Type"];

/** The options do not fit the model. */
class AdapterUnfit extends Schema.TaggedError<AdapterUnfit>()("AdapterUnfit", {
  message: Schema.String,
}) {}

export const lora = handler(
  definition,
  Effect.fnUntraced(function* ({ options, inputs, artifact, seed, note }) {
    const from = inputs.policy.dir;
    const dir = artifact("policy");
    const adapter = yield* attempt(() => {
      const config = checkModelFolder(from);
      if (adapterFolder(from) !== undefined) {
        throw new AdapterUnfit({ message: "the policy has an adapter already" });
      }
      const made = adapterFor(config, options, cachedRepo(from) ?? from, seed);
      writeAdaptedFolder(dir, { from, config, adapter: made });
      return made;
    });
    yield* note(describe(adapter, options));
    return { policy: { dir } };
  }),
);

function adapterFor(config: VlmConfig, options: Options, base: string, seed: number): LoraArrays {
  if (options.from !== null) return { ...readPeftFolder(placeOf(options.from), config), base };
  const { targets, parts, rank, alpha, dropout, rankStabilized } = options;
  const { unknown, known } = unknownTargets(config, targets, parts);
  if (unknown.length > 0) {
    const message = `no product of ${parts.join(", ")} is called ${unknown.join(", ")}; there are ${known.join(", ")}`;
    throw new AdapterUnfit({ message });
  }
  const settings = { rank, alpha, dropout, rankStabilized };
  return newAdapter(chosenTargets(config, targets, parts), settings, base, seed);
}

const placeOf = (from: string) => (existsSync(from) ? from : modelFolder(from));

function describe({ settings, pairs }: LoraArrays, { from }: Options): string {
  const numbers = [...pairs.values()].reduce(
    (sum, { a, b }) => sum + a.data.length + b.data.length,
    0,
  );
  const origin = from === null ? "" : `, from ${from}`;
  return `rank ${settings.rank} on ${pairs.size} products, ${numbers.toLocaleString("en")} parameters${origin}`;
}

/** What an adapter with these options will be. Fails: as `readPeftFolder` where it comes from a folder. */
export function adapterShape(config: VlmConfig, options: Options): AdapterShape {
  if (options.from === null) {
    return { rank: options.rank, targets: chosenTargets(config, options.targets, options.parts) };
  }
  const { settings, pairs } = readPeftFolder(placeOf(options.from), config);
  const targets = targetsOf(config).filter(({ module }) => pairs.has(module));
  return { rank: settings.rank, targets };
}
