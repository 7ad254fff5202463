/** The words a pipeline file needs; the only barrel. */
export { run } from "./cli/run.ts";
// A star, because only then can `declare module "rcpa"` add artifacts.
export * from "./dsl/artifacts.ts";
export { option, Steps } from "./dsl/option.ts";
export { pipeline } from "./dsl/pipeline.ts";
export { define } from "./dsl/stage.ts";
export { handler } from "./runtime/handler.ts";
