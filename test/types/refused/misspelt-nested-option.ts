/** A misspelt option of a nested group. */
import { grpo } from "rcpa";

export default grpo({
  // TS2561: Object literal may only specify known properties, but 'temprature' does not exist in type '{ readonly prompts?: number | undefined; readonly group?: number | undefined; readonly refill?: number | undefined; readonly temperature?: number | undefined; readonly maxTokens?: number | undefined; }'. Did you mean to write 'temperature'?
  sampling: { temprature: 1 },
});
