/** A misspelt option. */
import { evaluate } from "rcpa";

// TS2561: Object literal may only specify known properties, but 'maxToken' does not exist in type '{ readonly maxTokens?: number | undefined; readonly batch?: number | undefined; readonly by?: "answer" | "relaxed" | "rougeL" | "text" | undefined; readonly tolerance?: number | undefined; readonly least?: number | undefined; readonly also?: { ...; } | undefined; }'. Did you mean to write 'maxTokens'?
export default evaluate({ maxToken: 24 });
