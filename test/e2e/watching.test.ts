/** What a run shows to programs beside it: events, traces, TensorBoard files, and a report however it ends. */
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { after, last, type Outcome, startFile } from "../support/program.ts";
import { temporaryDir } from "../support/runtime.ts";

const file = join(import.meta.dirname, "../support/adder.ts");
const runsIn = (out: string) => readdirSync(join(out, "runs")).map((one) => join(out, "runs", one));

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: ReadonlyArray<{
    readonly key: string;
    readonly value: Readonly<Record<string, unknown>>;
  }>;
}

describe("a run that is watched", () => {
  const spans: Array<Span> = [];
  const out = temporaryDir();
  let outcome: Outcome;
  const server = createServer((request, response) => {
    const parts: Array<Buffer> = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString());
      spans.push(...resourceSpans[0].scopeSpans[0].spans);
      response.end("{}");
    });
  });

  beforeAll(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    outcome = await startFile(file, ["--json", "--events", "--out", out], {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    });
  });
  afterAll(() => server.close());

  it("tells each event as a line of JSON on stderr, and nothing else", () => {
    expect(outcome.code, outcome.stderr).toBe(0);
    const { runDir } = JSON.parse(last(outcome.stdout));
    expect(outcome.stdout.trim().split("\n")).toHaveLength(1);
    const lines = outcome.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ run }) => run))).toEqual(new Set([runDir.split("/").at(-1)]));
    const kept = readFileSync(join(runDir, "events.jsonl"), "utf8").trim().split("\n");
    expect(lines.map(({ event }) => event)).toEqual(kept.map((line) => JSON.parse(line).event));
    expect(lines.at(-1).event._tag).toBe("RunDone");
  });

  it("sends spans of the run, its stages, their attempts and checkpoints, one in the other", () => {
    const parentOf = (one: Span) => spans.find(({ spanId }) => spanId === one.parentSpanId)?.name;
    const nested = spans.map((one) => `${parentOf(one) ?? ""} > ${one.name}`);
    expect(new Set(nested)).toEqual(
      new Set([
        " > Engine.start",
        ...[" > run adder", "run adder > stage numbers", "run adder > stage add"],
        ...["stage numbers > attempt", "stage add > attempt", "attempt > checkpoint"],
      ]),
    );
    const valuesOf = (name: string, key: string) =>
      spans
        .filter((one) => one.name === name)
        .map(({ attributes }) => attributes.find((one) => one.key === key)?.value);
    expect(valuesOf("run adder", "rcpa.seed")).toEqual([{ intValue: 1 }]);
    expect(valuesOf("checkpoint", "rcpa.step")).toEqual(
      [10, 20, 30, 40, 50, 60].map((intValue) => ({ intValue })),
    );
  });

  it("leaves TensorBoard files of the stages with numbers, and a report", () => {
    const [run] = runsIn(out);
    expect(readdirSync(join(run!, "tensorboard"))).toEqual(["2-add"]);
    expect(readFileSync(join(run!, "report.html"), "utf8")).toContain("<h1>adder</h1>");
    expect(existsSync(join(run!, "LOCK"))).toBe(false);
  });
});

it("an interrupted run leaves a report as well", async () => {
  const out = temporaryDir();
  const env = { ADDER_PAUSE_MS: "100" };
  const { code } = await startFile(file, ["--out", out], env, after(/add {2}started/, "SIGINT"));
  expect(code).toBe(130);
  const [run] = runsIn(out);
  const text = readFileSync(join(run!, "report.html"), "utf8");
  expect(text).toContain('<span class="badge bad">interrupted</span>');
  expect(text).toContain("the same command goes on");
});

it("an endpoint that cannot be one is refused before anything runs", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" };
  const out = temporaryDir();
  const refused = await startFile(file, ["--out", out], {
    ...env,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
  });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("only http/protobuf and http/json, not grpc");
  expect(existsSync(join(out, "runs"))).toBe(false);
});
