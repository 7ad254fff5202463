/** All stage handlers, as the application wires them. */
import type { Handler } from "../runtime/handler.ts";
import type { Engine } from "../tensor/engine.ts";
import { data } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import { exportModel } from "./export-model.ts";
import { grpo } from "./grpo.ts";
import { initialize } from "./initialize.ts";
import { lm } from "./lm.ts";
import { lora } from "./lora.ts";
import { model } from "./model.ts";
import { partialConstraint } from "./partial-constraint.ts";
import { sft } from "./sft.ts";
import { transition } from "./transition.ts";
import { warmup } from "./warmup.ts";

export const handlers: ReadonlyArray<Handler<Engine>> = [
  data,
  evaluate,
  exportModel,
  grpo,
  initialize,
  lm,
  lora,
  model,
  partialConstraint,
  sft,
  transition,
  warmup,
];
