import * as tf from "@tensorflow/tfjs-core";
import * as Effect from "effect/Effect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelFolder } from "../../src/dsl/shipped.ts";
import { CALM, DEFAULT_SAFEGUARD } from "../../src/rl/safeguard.ts";
import { OutOfMemory } from "../../src/runtime/errors.ts";
import { supervisedTerm } from "../../src/stages/losses.ts";
import { type MicroBatch, microBatchOf, withinMemory } from "../../src/stages/micro-batch.ts";
import type { Learner, Session } from "../../src/stages/session.ts";
import { update } from "../../src/stages/update.ts";
import { startEngine } from "../support/engine.ts";
import {
  folderForFile,
  onBestEngine,
  smallOptions,
  training,
  weightsOf,
  writeModel,
} from "../support/learner.ts";

const base = folderForFile();
const noAnchor = smallOptions({ anchor: { weight: 0 } });
const infinite = Number.POSITIVE_INFINITY;

onBestEngine();
beforeAll(() => {
  writeModel(base, 1);
});

const run = (body: (session: Session, learner: Learner<object>) => void) =>
  training({ base, options: noAnchor }, body);
const problemsOf = ({ examples, read }: Session) => examples.worked.slice(0, 4).map(read);

describe("microBatchOf", () => {
  it("starts from what the author chose, else from the whole batch, halved for each lack of memory", () => {
    const rows = (chosen: number | null, halvings: number) =>
      microBatchOf(chosen, 128, halvings).rows;
    expect([rows(null, 0), rows(16, 0)]).toEqual([infinite, 16]);
    expect([rows(null, 1), rows(null, 3), rows(16, 2), rows(512, 1)]).toEqual([64, 16, 4, 64]);
    expect([rows(3, 5), rows(null, 20)]).toEqual([1, 1]);
  });
});

/** What native TensorFlow says. */
const lack = () => {
  throw new Error("Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[8,8]");
};

describe("withinMemory", () => {
  const trial = async <A>(micro: MicroBatch, body: () => A) => {
    const said: Array<string> = [];
    const say = (text: string) => Effect.sync(() => void said.push(text));
    const result = await Effect.runPromise(Effect.result(withinMemory(micro, say, body)));
    return { result, said };
  };

  it("takes the step again with half as many responses until it fits, saying so", async () => {
    const micro = { whole: 12, rows: infinite };
    const { result, said } = await trial(micro, () => {
      tf.zeros([4]);
      return micro.rows > 3 ? lack() : micro.rows;
    });
    expect(result).toMatchObject({ _tag: "Success", success: 3 });
    expect(said).toHaveLength(2);
    expect(said[1]).toContain("with 3 of 12 responses at once instead of 6");
    expect(said[1]).toContain("OOM when allocating tensor with shape[8,8]");
  });

  it("gives up for good when one response is too much", async () => {
    const { result } = await trial({ whole: 4, rows: infinite }, lack);
    expect(result).toMatchObject({ failure: { _tag: "OutOfMemory", final: true } });
  });

  it("passes on what only a checkpoint can mend", async () => {
    const { result, said } = await trial({ whole: 4, rows: infinite }, () => {
      throw new OutOfMemory({ detail: "while writing" });
    });
    expect(result).toMatchObject({ failure: { _tag: "OutOfMemory", detail: "while writing" } });
    expect([result._tag === "Failure" && "final" in result.failure, said]).toEqual([false, []]);
  });

  it("leaves other failures to others", async () => {
    await expect(
      trial({ whole: 4, rows: infinite }, () => {
        throw new TypeError("a bug");
      }),
    ).rejects.toThrow("a bug");
  });

  it("takes the very step it would have taken with that micro-batch from the start", async () => {
    const weights = async (rows: number, limit: number) => {
      const micro = { whole: 4, rows };
      let after: ReturnType<typeof weightsOf> = {};
      await run((session, learner) => {
        const problems = problemsOf(session);
        const body = () => {
          const terms = [supervisedTerm(learner.policy.vlm, problems, micro.rows)];
          if (micro.rows > limit) lack();
          const place = { stage: "trial", index: 0, total: 1 };
          const { optimizer } = smallOptions();
          update(learner.policy, terms, optimizer, DEFAULT_SAFEGUARD, CALM, place, true);
        };
        Effect.runSync(withinMemory(micro, () => Effect.void, body));
        after = weightsOf(learner);
      });
      return { after, rows: micro.rows };
    };
    const [failed, chosen] = [await weights(infinite, 2), await weights(2, 2)];
    expect(failed.rows).toBe(2);
    expect(failed.after).toEqual(chosen.after);
  });
});

/** Takes all of the WebAssembly heap but `spare` bytes, without touching it; gives the way to give it back. */
function hoard(spare: number): () => void {
  const { wasm } = tf.backend() as unknown as {
    wasm: { _malloc: (bytes: number) => number; _free: (address: number) => void };
  };
  const kept = wasm._malloc(spare);
  const taken: Array<number> = [];
  for (let size = 2 ** 30; size >= 2 ** 16; ) {
    try {
      taken.push(wasm._malloc(size));
    } catch {
      size /= 2;
    }
  }
  wasm._free(kept);
  return () => {
    for (const address of taken) wasm._free(address);
  };
}

describe("WebAssembly without memory", () => {
  beforeAll(async () => {
    await startEngine("wasm");
  });
  afterAll(async () => {
    await startEngine();
  });

  it("takes the step in parts once its heap cannot grow, to the same end", async () => {
    const shipped = modelFolder("tiny-vlm");
    const stepWith = async (spare: number | undefined) => {
      const micro = { whole: 16, rows: infinite };
      let metrics: Readonly<Record<string, number>> = {};
      await training({ base: shipped, options: noAnchor }, (session, learner: Learner<object>) => {
        const worked = session.examples.worked.map(session.read);
        const free = spare === undefined ? () => {} : hoard(spare);
        const body = () => {
          const terms = [supervisedTerm(learner.policy.vlm, [...worked, ...worked], micro.rows)];
          const place = { stage: "trial", index: 0, total: 1 };
          const apart = Number.isFinite(micro.rows);
          const { optimizer } = smallOptions();
          return update(learner.policy, terms, optimizer, DEFAULT_SAFEGUARD, CALM, place, apart);
        };
        try {
          ({ metrics } = Effect.runSync(withinMemory(micro, () => Effect.void, body)));
        } finally {
          free();
        }
      });
      return { metrics, rows: micro.rows };
    };
    const [enough, little] = [await stepWith(undefined), await stepWith(40 * 2 ** 20)];
    expect([enough.rows, little.rows]).toEqual([infinite, 8]);
    for (const name of ["loss", "gradientNorm"]) {
      expect(little.metrics[name]! / enough.metrics[name]! - 1).toBeCloseTo(0, 5);
    }
  });
});
