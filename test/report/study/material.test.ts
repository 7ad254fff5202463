import { mkdirSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import { expect, it } from "vitest";
import { readCell } from "../../../src/report/study/material.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { planIn, runIn } from "../../support/runtime.ts";

const learn = define({
  ...{ name: "learn", version: 1, doc: "Learns.", engine: false },
  ...{ needs: [], gives: ["policy"], options: Schema.Struct({ to: Schema.Finite }) },
});

/** Looks at validation after the second and the last of its three steps, then measures what it reached. */
const learnHandler = handler(learn, (context) =>
  Effect.gen(function* () {
    const { to } = context.options;
    yield* context.loop<object, never, never>({
      ...{ total: 3, checkpointEvery: 2, start: Effect.succeed({}) },
      restore: () => Effect.succeed({}),
      save: () => Effect.void,
      step: (_, index) => {
        const seen = { validationDomain: to - 0.1 * (2 - index), validationGeneral: 1 };
        return Effect.succeed({ accuracy: index / 10, ...(index > 0 ? seen : {}) });
      },
    });
    yield* context.measure({
      ...{ domainAccuracy: to, generalAccuracy: 1, baseDomainAccuracy: 0, baseGeneralAccuracy: 1 },
    });
    mkdirSync(context.artifact("model"));
    return { policy: { dir: context.artifact("model") } };
  }),
);

it("puts the stages of a run on one axis of steps, each look once", async () => {
  const root = temporaryFolder();
  const whole = pipeline("two").pipe(learn({ to: 0.3 }), learn({ to: 0.5 }));
  await runIn(root, whole, [learnHandler]);
  const cell = readCell(await planIn(root, whole), root, 1, null);
  const at = (step: number, domain: number) => ({
    step,
    domain: expect.closeTo(domain),
    general: 1,
  });
  expect(cell.curve).toEqual([...[at(0, 0), at(2, 0.2), at(3, 0.3), at(5, 0.4), at(6, 0.5)]]);
  expect(cell.sampled.map(({ step, value }) => [step, value])).toEqual([
    ...[
      [1, 0],
      [2, 0.1],
      [3, 0.2],
      [4, 0],
      [5, 0.1],
      [6, 0.2],
    ],
  ]);
  expect(cell).toMatchObject({ state: "done", steps: 6, validation: { domain: 0.5, general: 1 } });
  expect(cell.spent!.cpuSeconds).toBeGreaterThan(0);
  expect(cell.evaluation).toBeNull();
});
