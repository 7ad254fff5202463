import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import { afterEach, describe, expect, it } from "vitest";
import { tracesFrom } from "../../src/runtime/telemetry.ts";

interface Request {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const closers: Array<() => void> = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A collector on this machine: its address, and what it was sent. */
async function collector() {
  const requests: Array<Request> = [];
  const server = createServer((request, response) => {
    const parts: Array<Buffer> = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push({ url: request.url!, headers: request.headers, body: Buffer.concat(parts) });
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const traced = async (env: Readonly<Record<string, string>>) => {
  const work = Effect.void.pipe(
    Effect.withSpan("inner", { attributes: { "rcpa.stage": "grpo" } }),
    Effect.withSpan("outer"),
  );
  await Effect.runPromise(Effect.provide(work, await tracesFrom(env)));
};

interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: unknown }>;
}

describe("traces", () => {
  it("are sent as nested spans with attributes under the default name", async () => {
    const { endpoint, requests } = await collector();
    await traced({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "x-team=vision",
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ url: "/v1/traces", headers: { "x-team": "vision" } });
    const [{ resource, scopeSpans }] = JSON.parse(requests[0]!.body.toString()).resourceSpans;
    expect(JSON.stringify(resource)).toContain(
      '{"key":"service.name","value":{"stringValue":"rcpa"}}',
    );
    const spans = scopeSpans[0].spans as ReadonlyArray<Span>;
    const [inner, outer] = ["inner", "outer"].map(
      (name) => spans.find((one) => one.name === name)!,
    );
    expect(inner!.parentSpanId).toBe(outer!.spanId);
    expect(inner!.attributes).toContainEqual({ key: "rcpa.stage", value: { stringValue: "grpo" } });
  });

  it("are protobuf by default, under the service's given name, at an endpoint of their own", async () => {
    const { endpoint, requests } = await collector();
    await traced({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own`,
      OTEL_SERVICE_NAME: "geometry-nightly",
    });
    expect(requests[0]).toMatchObject({
      url: "/own",
      headers: { "content-type": "application/x-protobuf" },
    });
    expect(requests[0]!.body.includes("geometry-nightly")).toBe(true);
  });

  it("are not sent without an endpoint, nor when the SDK or their exporter is off", async () => {
    const { endpoint, requests } = await collector();
    await traced({});
    await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: "" });
    await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "true" });
    await traced({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" });
    expect(requests).toEqual([]);
  });

  it("do not fail the work when nobody listens", async () => {
    await traced({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
      OTEL_EXPORTER_OTLP_TIMEOUT: "50",
    });
  });

  it("refuse what cannot be done in words", async () => {
    const refused = (env: Readonly<Record<string, string>>) =>
      expect(tracesFrom({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", ...env })).rejects;
    await refused({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }).toThrow("not grpc");
    await refused({ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }).toThrow("no URL: collector");
  });
});
