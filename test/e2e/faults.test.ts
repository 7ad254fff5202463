/** The fault matrix: a run that is killed, stopped, starved or damaged ends with the weights of an undisturbed one. */
import * as fs from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  afterMs,
  essence,
  flip,
  hasCheckpoint,
  moments,
  stageDir,
  startFaulted,
} from "../support/faults.ts";
import { temporaryFolder } from "../support/folder.ts";
import { folderForFile } from "../support/learner.ts";
import {
  atOnce,
  canMount,
  last,
  type Outcome,
  startFile,
  withSmallDisk,
} from "../support/program.ts";

/** Cases of each kind; `npm run faults` asks for 20. */
const count = Number(process.env.RCPA_FAULTS ?? 1);
const full = count >= 5;
const root = folderForFile();
const straightOut = join(root, "straight");
const cutOut = join(root, "cut");

let straight: ReturnType<typeof essence>;
let seconds: number;
let writes: number;

beforeAll(async () => {
  const RCPA_WRITES = join(root, "writes");
  const startedAt = performance.now();
  const { stdout, stderr } = await startFaulted(straightOut, ["--json"], undefined, {
    RCPA_WRITES,
  });
  expect(stderr).toContain("grpo  done");
  straight = essence(stdout);
  seconds = (performance.now() - startedAt) / 1000;
  writes = Number(fs.readFileSync(RCPA_WRITES, "utf8"));
}, 300_000);

/** A new store that already knows that the file type-checks, to save a second. */
function newStore(): string {
  const out = temporaryFolder();
  fs.cpSync(join(straightOut, "checks"), join(out, "checks"), { recursive: true });
  return out;
}

/** The same job once more in the same store, to its end. */
async function goOn(out: string) {
  const { code, stdout, stderr } = await startFaulted(out, ["--json"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(essence(stdout)).toEqual(straight);
  return stderr;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;

describe("kill -9", { timeout: 300_000 }, () => {
  it.each(moments("time", count).map((share) => [percent(share), share] as const))(
    "after %s of the time",
    async (_, share) => {
      const out = newStore();
      await startFaulted(out, [], afterMs(1000 * seconds * share, "SIGKILL"));
      await goOn(out);
    },
  );

  it.each(moments("write", count).map((share) => [percent(share), share] as const))(
    "in the middle of a write, after %s of the writes",
    async (_, share) => {
      expect(writes).toBeGreaterThan(500);
      const out = newStore();
      const RCPA_KILL_AT = String(1 + Math.floor(writes * share));
      const killed = await startFaulted(out, [], undefined, { RCPA_KILL_AT });
      expect(killed.code).toBeNull();
      await goOn(out);
    },
  );

  it.runIf(full)(
    "again and again, until nothing is left to do",
    async () => {
      const out = newStore();
      let kills = 0;
      for (; kills < 40; kills++) {
        const RCPA_KILL_AT = String(Math.floor(writes / 6));
        const { code } = await startFaulted(out, [], undefined, { RCPA_KILL_AT });
        if (code === 0) break;
        expect(code).toBeNull();
      }
      expect(kills).toBeGreaterThan(4);
      expect(kills).toBeLessThan(40);
      await goOn(out);
    },
    900_000,
  );
});

/** Sends a second Ctrl-C as soon as the first was heard. */
function twice(started: RegExp): Parameters<typeof startFile>[3] {
  let sent = 0;
  return (text, kill) => {
    const due = sent === 0 ? started.test(text) : text.includes("press Ctrl-C again");
    if (!due || sent === 2) return;
    sent += 1;
    kill("SIGINT");
  };
}

describe("two signals", { timeout: 120_000 }, () => {
  it("end a run at once, with 130 and nothing damaged", async () => {
    const [adder, out] = [join(import.meta.dirname, "../support/adder.ts"), temporaryFolder()];
    const argv = ["--engine", "cpu", "--json", "--out"];
    const slow = { ADDER_PAUSE_MS: "40" };
    const cut = await startFile(adder, [...argv, out], slow, twice(/add {2}25\/60/));
    expect(cut.code).toBe(130);
    expect(cut.stderr).toContain("stopping: saving a checkpoint");
    const [resumed, undisturbed] = await Promise.all(
      [out, temporaryFolder()].map((dir) => startFile(adder, [...argv, dir])),
    );
    const sum = ({ stdout }: Outcome) =>
      fs.readFileSync(join(JSON.parse(last(stdout)).modelDir, "sum.json"), "utf8");
    expect(resumed!.stderr).toMatch(/add +resume +from step [23]\d/);
    expect(sum(resumed!)).toBe(sum(undisturbed!));
  });
});

describe.runIf(full)("a signal", { timeout: 300_000 }, () => {
  it.each(moments("signal", Math.ceil(count / 4)).map((share) => [percent(share), share] as const))(
    "SIGTERM after %s of the time ends with 130, and loses nothing",
    async (_, share) => {
      const out = newStore();
      const watch = afterMs(1000 * seconds * (0.3 + 0.6 * share), "SIGTERM");
      const { code, stderr } = await startFaulted(out, [], watch);
      // Before the program listens the signal ends it; after its end there is nothing to stop.
      expect([130, 0, null]).toContain(code);
      if (code === 130) expect(stderr).toMatch(/^interrupted.*; run the same command to go on/m);
      await goOn(out);
    },
  );

  it("that comes twice ends it at once, with 130 and nothing damaged", async () => {
    const out = newStore();
    const cut = await startFaulted(out, [], twice(/partialConstraint {2}started/));
    expect(cut.code).toBe(130);
    await goOn(out);
  });
});

describe.runIf(full && canMount())("a full disk", { timeout: 300_000 }, () => {
  it.each([1, 3, 5, 8, 12, 16])(
    "of %d MB is told in one sentence, and the run goes on once there is room",
    (megabytes) =>
      withSmallDisk(`${megabytes}m`, async (out, enlarge) => {
        const stopped = await startFaulted(out);
        expect(stopped.code).toBe(1);
        expect(stopped.stderr).toMatch(
          /^no space left on device while writing .+; free some space/m,
        );
        enlarge("200m");
        await goOn(out);
      }),
  );
});

/** A flipped bit in these, where the run took its result from; what the next run says of it. */
const inResults: ReadonlyArray<readonly [string, string, RegExp]> = [
  [
    "grpo",
    "out/policy/model.safetensors",
    /grpo +run +its stored result is damaged: policy\/model/,
  ],
  ["grpo", "out/policy/optimizer.safetensors", /grpo +run +.*damaged: policy\/optimizer.saf/],
  ["transition", "out/policy/optimizer.json", /transition +run +.*damaged: policy\/optimizer.json/],
  ["warmup", "out/policy/config.json", /warmup +run +.*damaged: policy\/config.json/],
  ["warmup", "out/policy/tokenizer.json", /warmup +run +.*damaged: policy\/tokenizer.json/],
  ["partialConstraint", "result.json", /partialConstraint +run +its result.json is damaged/],
  ["evaluate", "result.json", /evaluate +run +its result.json is damaged/],
  ["data", "result.json", /data +run +its result.json is damaged/],
  ["grpo", "spec.json", /grpo +stored +.*its spec.json was damaged and is written anew/],
  ["grpo", "steps.jsonl", /grpo +stored +.*steps.jsonl does not have its recorded hash/],
];

/** The same in the newest checkpoint of an interrupted stage. */
const inCheckpoints: ReadonlyArray<readonly [string, string]> = [
  ["manifest.json", "its manifest.json is damaged"],
  ["state/learner.json", "learner.json does not have its recorded hash"],
  ["state/policy/model.safetensors", "policy/model.safetensors does not have its recorded hash"],
  ["state/policy/optimizer.safetensors", "policy/optimizer.safetensors does not have its recorded"],
  ["state/policy/tokenizer.json", "policy/tokenizer.json does not have its recorded hash"],
];

describe.runIf(full)("a flipped bit in a stored result", { timeout: 300_000 }, () => {
  it.each(inResults)("of %s in %s is named and never used", async (stage, file, named) => {
    const out = temporaryFolder();
    fs.cpSync(straightOut, out, { recursive: true });
    flip(join(stageDir(out, stage), file));
    expect(await goOn(out)).toMatch(named);
    expect(await goOn(out)).toContain("engine none needed: every result is stored");
  });
});

describe.runIf(full)("a flipped bit in a checkpoint", { timeout: 300_000 }, () => {
  beforeAll(async () => {
    const there = () => hasCheckpoint(cutOut, "partialConstraint", 3);
    const { code } = await startFaulted(cutOut, [], atOnce(there, "SIGKILL"));
    expect(code).toBeNull();
  });

  it.each(inCheckpoints)("in %s is named and never used", async (file, named) => {
    const out = temporaryFolder();
    fs.cpSync(cutOut, out, { recursive: true });
    const checkpoints = join(stageDir(out, "partialConstraint"), "checkpoints");
    const newest = fs
      .readdirSync(checkpoints)
      .filter((name) => !name.endsWith(".tmp"))
      .sort()
      .at(-1)!;
    flip(join(checkpoints, newest, file));
    expect(await goOn(out)).toContain(named);
  });
});

describe.runIf(full)("two processes at once", { timeout: 300_000 }, () => {
  it("on one store: one works, the other is refused, and the result is right", async () => {
    const out = newStore();
    let second: ReturnType<typeof startFaulted> | undefined;
    const first = startFaulted(out, ["--json"], (text) => {
      if (text.includes("warmup  started")) second ??= startFaulted(out);
    });
    const { code, stdout } = await first;
    expect(code).toBe(0);
    expect(essence(stdout)).toEqual(straight);
    const refused = await second!;
    expect(refused.code === 1 ? refused.stderr : "").toMatch(
      /is already running this pipeline here|^$/,
    );
    await goOn(out);
  });

  it("started together agree on the result", async () => {
    const out = newStore();
    const outcomes = await Promise.all([1, 2, 3].map(() => startFaulted(out, ["--json"])));
    expect(outcomes.map(({ code }) => code)).toContain(0);
    for (const { code, stdout, stderr } of outcomes) {
      if (code === 0) expect(essence(stdout)).toEqual(straight);
      else expect(stderr).toContain("is already running this pipeline here");
    }
    await goOn(out);
  });
});
