/** Options from outside, of type `any`: nothing is known, so nothing is refused. */
import { readFileSync } from "node:fs";
import { data, grpo, model, pipeline, sft } from "rcpa";

const settings = JSON.parse(readFileSync("settings.json", "utf8"));

export default pipeline("untyped").pipe(
  model(settings.model),
  data(settings.data),
  sft(settings.sft),
  data({ domain: { world: "geometry", worked: settings.worked } }),
  grpo(settings),
);
