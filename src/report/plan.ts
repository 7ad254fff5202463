/** The plan with what became of it, what happened when, and where the run ran. Report layer. */
import { relative } from "node:path";
import { duration } from "../core/duration.ts";
import type { StageState } from "../runtime/stage-history.ts";
import { html, type Markup } from "./html.ts";
import type { Material, StageMaterial } from "./material.ts";
import { quantity } from "./numbers.ts";

const tones: Readonly<Record<StageState, string>> = {
  stored: "",
  computed: "good",
  failed: "bad",
  interrupted: "bad",
  running: "",
  "not reached": "",
};

/** Each stage with state, reason, key and options, then the events worth a line. */
export function plan({ run, stages, told }: Material): Markup {
  const options = new Map(
    (run.record?.stages ?? []).map(({ id }, at) => [id, run.record?.pipeline.stages[at]?.options]),
  );
  return html`<section id="plan" aria-labelledby="plan-title">
<h2 id="plan-title">Plan</h2>
<p class="about">Each stage is stored under a key made of all it depends on. A stage runs when the store has nothing under its key.</p>
<div class="scroll" role="region" aria-label="Stages of the plan" tabindex="0"><table>
<caption>Stages in the order of the pipeline</caption>
<thead><tr><th scope="col">stage</th><th scope="col">state</th><th scope="col">why it ran</th><th scope="col" class="number">steps</th><th scope="col" class="number">time</th><th scope="col">key</th></tr></thead>
<tbody>${stages.map((stage) => row(stage, options.get(stage.id) ?? {}))}</tbody></table></div>
${happened(told)}
</section>`;
}

function row(stage: StageMaterial, options: Readonly<Record<string, unknown>>): Markup {
  const { id, state, why, steps, seconds, key, attempts, resumedAfter } = stage;
  const more = [
    resumedAfter === null ? "" : `resumed after step ${resumedAfter}`,
    attempts > 1 ? `${attempts} attempts` : "",
  ].filter((text) => text !== "");
  return html`<tr><th scope="row">${id}${optionList(flatten(options))}</th>
<td><span class="badge ${tones[state]}">${state}</span></td>
<td>${why || "–"}${more.map((text) => html`<br><span class="small">${text}</span>`)}</td>
<td class="number">${steps === 0 ? "–" : quantity(steps)}</td>
<td class="number">${seconds === null ? "–" : duration(seconds)}</td>
<td><code class="key">${key || "–"}</code></td></tr>`;
}

type Pairs = ReadonlyArray<readonly [name: string, value: string]>;

function optionList(pairs: Pairs) {
  if (pairs.length === 0) return undefined;
  const items = pairs.map(([name, value]) => html`<li><b>${name}</b> ${value}</li>`);
  return html`<details><summary>options</summary><ul class="options">${items}</ul></details>`;
}

/** `optimizer.learningRate 0.0003`, every leaf by its path. */
function flatten(value: unknown, path = ""): Pairs {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([name, field]) =>
    flatten(field, path === "" ? name : `${path}.${name}`),
  );
}

function happened(lines: Material["told"]) {
  const start = Date.parse(lines[0]?.time ?? "");
  const items = lines.flatMap(({ time, event }) => {
    const text = sentence(event);
    return text === undefined ? [] : [{ at: (Date.parse(time) - start) / 1000, time, text }];
  });
  if (items.length === 0) return undefined;
  return html`<details><summary>what happened when</summary><ol class="happened">${items.map(({ at, time, text }) => html`<li><time datetime="${time}">${duration(at)}</time><span>${text}</span></li>`)}</ol></details>`;
}

function sentence(event: Material["told"][number]["event"]): string | undefined {
  switch (event._tag) {
    case "StageStarted":
      return `${event.stage} started${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`;
    case "StageResumed":
      return `${event.stage} went on after step ${event.step}`;
    case "StageCached":
      return `${event.stage} was stored`;
    case "StageNote":
      return `${event.stage}: ${event.text}`;
    case "StageRetried":
      return `${event.stage} was tried again: ${event.error}`;
    case "StageFailed":
      return `${event.stage} failed: ${event.detail}`;
    case "StageInterrupted":
      return `${event.stage} was interrupted`;
    case "StageDone":
      return `${event.stage} was done after ${duration(event.seconds)}`;
    case "RunDone":
      return "the run was done";
    default:
      return undefined;
  }
}

/** Engine, versions, command line, seed and budgets, and the folders. */
export function environment({ run }: Material): Markup {
  const { record } = run;
  const pairs: Pairs = [
    ["run", run.id],
    ["seed", String(run.seed ?? "–")],
    ...flatten(record?.pipeline.budgets ?? {}, "budget"),
    ...flatten(record?.environment ?? {}).map(([name, value]) => [words(name), value] as const),
    ["model", run.modelDir === null ? "–" : relative(run.dir, run.modelDir)],
  ];
  return html`<section id="environment" aria-labelledby="environment-title">
<h2 id="environment-title">Environment</h2>
<dl class="environment">${pairs.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

/** `passedOver` → `passed over`, `engine.name` → `engine name` */
const words = (name: string): string =>
  name
    .replaceAll(".", " ")
    .replace(/([a-z])([A-Z])/g, (_, one, two) => `${one} ${two.toLowerCase()}`);
