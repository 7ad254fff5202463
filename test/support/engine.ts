/** Starts a tensor engine for tests: the one that RCPA_TEST_ENGINE names, or the best there is. */
import * as Effect from "effect/Effect";
import type { EngineInfo } from "../../src/tensor/engine.ts";
import { start } from "../../src/tensor/engine.ts";

export function startEngine(
  request: string = process.env.RCPA_TEST_ENGINE ?? "auto",
): Promise<EngineInfo> {
  return Effect.runPromise(start(request));
}
