import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { define, handler, pipeline } from "rcpa";
import { describe, expect, it } from "vitest";
import { writeReport } from "../../src/report/report.ts";
import type { Sample } from "../../src/runtime/samples.ts";
import { runIn, temporaryDir } from "../support/runtime.ts";

const evil = `</style><script>alert("x")</script><img src=x onerror=alert(1)>`;
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const sampleOf = (step: number, image: string | null): Sample => ({
  ...{ family: "circ", question: `how far is ${evil}?`, answer: "38", image, groupReward: 0.7 },
  responses: [
    {
      ...{ imposed: `<think> step ${step}`, generated: " 19 * 2", reward: 2.1, finished: true },
      rewards: { answer: 1, format: 1 },
    },
    { imposed: "", generated: "none", reward: 0, finished: false, rewards: { answer: 0 } },
  ],
});

const options = Schema.Struct({});
const learn = define({
  ...{ name: "learn", version: 1, doc: "Learns.", engine: false },
  ...{ needs: [], gives: ["policy"], options },
});
const judge = define({
  ...{ name: "judge", version: 1, doc: "Judges.", engine: false },
  ...{ needs: ["policy"], gives: ["evaluation"], options },
});

const learnHandler = handler(learn, (context) =>
  Effect.gen(function* () {
    let step = 0;
    yield* context.loop<object, never, never>({
      ...{ total: 30, checkpointEvery: 10, start: Effect.succeed({}) },
      restore: () => Effect.succeed({}),
      step: (_, index) => {
        step = index + 1;
        const loss = index === 4 ? Number.NaN : 1 / step;
        return Effect.succeed({ reward: index / 30, accuracy: index / 60, loss, "a<b": index });
      },
      save: (_, dir) => Effect.sync(() => writeFileSync(join(dir, "state"), "")),
      samples: () => Effect.succeed([sampleOf(step, step === 1 ? pixel : null)]),
    });
    yield* context.note(evil);
    yield* context.measure({
      ...{
        domainAccuracy: 0.5,
        generalAccuracy: 0.9,
        baseDomainAccuracy: 0,
        baseGeneralAccuracy: 1,
      },
      ...{ retention: 0.9, retentionLow: 0.85, retentionHigh: 0.95 },
    });
    return { policy: { dir: context.outDir } };
  }),
);

const score = (accuracy: number) => ({
  ...{ accuracy, low: accuracy / 2, high: (1 + accuracy) / 2, correct: 1, n: 8 },
});
const evaluation = {
  domain: { before: score(0.125), after: score(0.75), n: 8 },
  general: { before: score(1), after: score(0.875), n: 8 },
  retention: { value: 0.875, low: 0.7, high: 1.1 },
  blank: score(0),
  families: { [`tri${evil}`]: { before: 0.25, after: 0.5, n: 4 } },
  also: {
    [`hard${evil}`]: {
      ...{ before: score(0), after: score(0.375), n: 8 },
      families: { [`chains${evil}`]: { before: score(0), after: score(0.25), n: 4 } },
    },
  },
};
const judgeHandler = handler(judge, () => Effect.succeed({ evaluation }));
const failing = handler(judge, () =>
  Effect.fail({ _tag: "NoCamera", message: `no camera ${evil}` } as const),
);

const study = pipeline("study", { doc: evil, budgets: { retention: 0.97 } }).pipe(learn(), judge());

async function reportOf(last: typeof judgeHandler | typeof failing) {
  const root = temporaryDir();
  await runIn(root, study, [learnHandler, last]);
  const runDir = join(root, "runs", readdirSync(join(root, "runs"))[0]!);
  return { runDir, text: readFileSync(await writeReport(runDir), "utf8") };
}

const headings = (text: string) =>
  [...text.matchAll(/<h2[^>]*>([^<]+)/g)].map(([, title]) => title);

describe("a report", () => {
  it("has every part of a finished run", async () => {
    const { text, runDir } = await reportOf(judgeHandler);
    expect(headings(text)).toEqual([
      ...["Result", "Retention", "Training", "Sampled rollouts", "Plan", "Environment"],
    ]);
    expect(text).toContain('<dd class="big">0.750</dd>');
    expect(text).toContain("[0.375, 0.875]");
    expect(text).toContain("further test");
    expect(text).toContain("hard&lt;/style&gt;");
    expect(text).toContain("chains&lt;/style&gt;");
    expect(text).toContain("[0.125, 0.625]");
    expect(text).toMatch(
      /retention<\/th><td class="number">≥ 0\.97<\/td>\s*<td class="number">0\.875/,
    );
    expect(text).toContain('<span class="badge bad">not met</span>');
    expect(text).toContain("<mark>");
    expect(text).toContain(`src="data:image/png;base64,${pixel}"`);
    expect(text).toContain("never run");
    expect(text).toMatch(/<code class="key">learn-[0-9a-f]{16}<\/code>/);
    expect(text).toContain(basename(runDir));
    expect([...text.matchAll(/<svg [^>]*class="plot"/g)]).toHaveLength(2 + 4);
  });

  it("escapes all that is recorded, and asks the network for nothing", async () => {
    const { text } = await reportOf(judgeHandler);
    expect(text.split("&lt;script&gt;").length).toBeGreaterThan(4);
    expect(text).not.toMatch(/<script|<img src=x|onerror=alert\(1\)>/);
    expect(text.match(/<style/g)).toHaveLength(1);
    expect(text).not.toMatch(/(src|href)="(?!data:|#)/);
    expect(text).not.toMatch(/url\(|@import/);
  });

  it("shows what there is of a run that failed, and why", async () => {
    const { text } = await reportOf(failing);
    expect(text).toContain('<span class="badge bad">failed</span>');
    expect(text).toContain("judge failed</h3>");
    expect(text).toContain("no camera &lt;/style&gt;");
    expect(headings(text)).toContain("Training");
    expect(text).toContain("no evaluation");
  });

  it("is made of a damaged run as well, and says what is missing", async () => {
    const { runDir } = await reportOf(judgeHandler);
    const copy = join(temporaryDir(), "runs", basename(runDir));
    cpSync(runDir, copy, { recursive: true });
    rmSync(join(copy, "run.json"));
    const text = readFileSync(await writeReport(copy), "utf8");
    expect(text).toContain("Not all of the run can be read");
    expect(text).toContain("run.json is missing");
  });
});
