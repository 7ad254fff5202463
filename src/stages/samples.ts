/** A few rollouts of a step as people read them: question, picture, text imposed and generated, rewards. Serves all reinforcement phases. */
import * as Effect from "effect/Effect";
import type { Raster } from "../core/raster.ts";
import type { Sample } from "../runtime/samples.ts";
import { decodeResponse, type LoadedModel } from "./policy.ts";
import type { Rollouts } from "./rollout.ts";

/** Longest side of a kept picture, pixels. */
const SIDE = 256;

/** The first and the last question of the batch: under a constraint and, where the phase mixes them, without. */
export const sampleRollouts = Effect.fnUntraced(function* (
  model: LoadedModel,
  rollouts: Rollouts,
): Effect.fn.Return<ReadonlyArray<Sample>> {
  const { problems } = rollouts;
  const shown = [...new Set([0, problems.length - 1])].filter((x) => x >= 0);
  return yield* Effect.forEach(shown, (x) =>
    Effect.map(pngOf(problems[x]!.example.image), (image) => sampleOf(model, rollouts, x, image)),
  );
});

/** A picture that cannot be encoded must not end a training run. */
const pngOf = (image: Raster): Effect.Effect<string | null> =>
  Effect.promise(async () => {
    try {
      const { encodePng } = await import("../models/image-file.ts");
      return Buffer.from(await encodePng(image, SIDE)).toString("base64");
    } catch {
      return null;
    }
  });

function sampleOf(
  model: LoadedModel,
  { problems, group, scored, responses }: Rollouts,
  x: number,
  image: string | null,
): Sample {
  const { family, question, answer } = problems[x]!.example;
  const rows = Array.from({ length: group }, (_, i) => x * group + i);
  const points = (row: number) => scored[row]!.total;
  const ordered = rows.toSorted((a, b) => points(b) - points(a));
  const [best, worst] = [ordered[0]!, ordered.at(-1)!];
  const kept = points(best) > points(worst) ? [best, worst] : [best];
  return {
    ...{ family, question, answer, image },
    groupReward: rows.reduce((sum, row) => sum + points(row), 0) / group,
    responses: kept.map((row) => {
      const { ids, imposed, finished } = responses[row]!;
      const { total, components } = scored[row]!;
      return { ...textOf(model, ids, imposed), reward: total, rewards: components, finished };
    }),
  };
}

/** Decoding the parts by themselves can lose the space between them, so the whole is decoded and cut. */
function textOf(model: LoadedModel, ids: ReadonlyArray<number>, imposed: number) {
  const [whole, head] = [ids, ids.slice(0, imposed)].map((part) => decodeResponse(model, part));
  return whole!.startsWith(head!)
    ? { imposed: head!, generated: whole!.slice(head!.length) }
    : { imposed: head!, generated: decodeResponse(model, ids.slice(imposed)) };
}
