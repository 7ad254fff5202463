/** Traces of a run by OpenTelemetry's protocol, when its usual environment variables ask for them. Serves the runtime layer. */
import * as Layer from "effect/Layer";

type Env = Readonly<Record<string, string | undefined>>;

/** The endpoint for traces, unless none is named or they are turned off. */
function endpointIn(env: Env): string | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  return env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined;
}

/** Defaults of the OpenTelemetry specification that Effect's layer leaves to the user, and our name. */
function completed(env: Env): Record<string, string> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
  );
  const named = env.OTEL_RESOURCE_ATTRIBUTES?.includes("service.name=") === true;
  return {
    OTEL_TRACES_EXPORTER: "otlp",
    ...(named ? {} : { OTEL_SERVICE_NAME: "rcpa" }),
    ...Object.fromEntries(given),
  };
}

/**
 * A layer that sends spans over HTTP, as protobuf or, with `OTEL_EXPORTER_OTLP_PROTOCOL=http/json`, as JSON.
 *
 * Empty, and nothing is loaded, unless `env` names an endpoint. An endpoint that cannot be reached
 * delays the end of a run by three seconds at most.
 * Fails: rejects with a RangeError on an endpoint that is no URL, and on gRPC, which is not there.
 */
export async function tracesFrom(env: Env): Promise<Layer.Layer<never>> {
  const endpoint = endpointIn(env);
  if (endpoint === undefined) return Layer.empty;
  if (!URL.canParse(endpoint))
    throw new RangeError(`OTEL_EXPORTER_OTLP_ENDPOINT: no URL: ${endpoint}`);
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol === "grpc") {
    throw new RangeError("OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf and http/json, not grpc");
  }
  const [ConfigProvider, Fetch, Serialization, Tracer] = await Promise.all([
    import("effect/ConfigProvider"),
    import("effect/http/FetchHttpClient"),
    import("effect/observability/OtlpSerialization"),
    import("effect/observability/OtlpTracer"),
  ]);
  const form = protocol === "http/json" ? Serialization.layerJson : Serialization.layerProtobuf;
  const provider = ConfigProvider.fromEnv({ env: completed(env) });
  return Tracer.layerFromConfig().pipe(
    Layer.provide([form, Fetch.layer, ConfigProvider.layer(provider)]),
  );
}
