/** Every implemented stage, the list the application hands to the runtime. Serves the CLI. */
import type { Handler } from "../runtime/handler.ts";
import type { Engine } from "../tensor/engine.ts";

/** One handler per word of the language, same names. */
export const handlers: ReadonlyArray<Handler<Engine>> = [];
