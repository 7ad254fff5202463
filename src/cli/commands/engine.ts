/** `rcpa engine`: what computes on this machine, what was passed over and why, and how to install the fast one. CLI. */
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import type { EngineInfo } from "../../tensor/engine.ts";
import { start } from "../../tensor/engine.ts";
import { installEngine } from "../../tensor/install/install.mjs";
import { cacheRoot } from "../../tensor/install/layout.mjs";

interface Request {
  readonly action: "show" | "install";
  readonly engine: string;
  readonly json: boolean;
}

/** Gives the exit code: 0 done, 1 failed, or what is wrong with the arguments. */
export const command = (args: ReadonlyArray<string>): Promise<number | string> =>
  Effect.runPromise(engineCommand(args));

/** The same as an effect that prints through its Console. */
export const engineCommand = (args: ReadonlyArray<string>): Effect.Effect<number | string> => {
  const request = readRequest(args);
  if (typeof request === "string") return Effect.succeed(request);
  return request.action === "install" ? install(request) : show(request);
};

/** The engine as lines for a person. */
export function renderEngine(info: EngineInfo): string {
  const cores = info.threads === 1 ? "1 thread" : `${info.threads} threads`;
  const rows = [
    ["engine", info.name],
    ["library", `${info.version} through ${info.library}`],
    ["device", `${info.device}, ${cores}`],
    ["memory", `${info.freeMemoryGiB.toFixed(1)} of ${info.memoryGiB.toFixed(1)} GiB free`],
    ...(info.fused === undefined ? [] : [["kernels", info.fused ? "fused" : "TensorFlow's own"]]),
    ["cache", info.path ?? cacheRoot()],
    ...info.passedOver.map(({ name, reason }) => ["passed over", `${name}: ${reason}`]),
  ];
  return rows.map(([label, value]) => `${label!.padEnd(12)} ${value}`).join("\n");
}

const show = Effect.fnUntraced(function* (request: Request) {
  const result = yield* Effect.result(start(request.engine));
  if (result._tag === "Failure") {
    const { engine, reason, hint } = result.failure;
    const asJson = JSON.stringify({ error: "EngineUnavailable", engine, reason, hint });
    yield* request.json ? Console.log(asJson) : Console.error(result.failure.message);
    return 1;
  }
  const info = result.success;
  const asJson = JSON.stringify({ ...info, cache: cacheRoot() });
  yield* Console.log(request.json ? asJson : renderEngine(info));
  return 0;
});

const install = Effect.fnUntraced(function* (request: Request) {
  // Steps go to stderr, so that --json leaves one object on stdout.
  const say = (step: string) => console.error(`rcpa engine: ${step}`);
  const outcome = yield* Effect.promise(() => installEngine(say));
  yield* Console.log(request.json ? JSON.stringify(outcome) : `rcpa engine: ${outcome.message}`);
  return outcome.ok ? 0 : 1;
});

/** The request, or what is wrong with the arguments. */
function readRequest(args: ReadonlyArray<string>): Request | string {
  let request: Request = { action: "show", engine: "auto", json: false };
  for (let at = 0; at < args.length; at++) {
    const [flag, inline] = args[at]!.split(/=(.*)/s);
    if (flag === "install" && at === 0) request = { ...request, action: "install" };
    else if (flag === "--json" && inline === undefined) request = { ...request, json: true };
    else if (flag === "--engine" && request.action === "show") {
      const engine = inline ?? args[++at];
      if (!engine) return "--engine needs a name";
      request = { ...request, engine };
    } else return `unknown argument ${args[at]}`;
  }
  return request;
}
