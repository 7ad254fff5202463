/** A pipeline as text, JSON or Mermaid, without running anything. Serves the definition layer. */
import type { Pipeline } from "./pipeline.ts";
import { label } from "./rename.ts";
import type { AnyStage } from "./stage.ts";

/** The forms a description can take. */
export const descriptionForms = ["text", "json", "mermaid"] as const;
export type DescriptionForm = (typeof descriptionForms)[number];

/** Describes a pipeline in the given form. */
export function describe(pipeline: Pipeline, form: DescriptionForm = "text"): string {
  return { text: asText, json: asJson, mermaid: asMermaid }[form](pipeline);
}

function asText(pipeline: Pipeline): string {
  const doc = pipeline.doc === "" ? "" : ` — ${pipeline.doc}`;
  const stages = pipeline.stages.map((stage, index) => {
    const options = Object.entries(stage.options).map(
      ([name, value]) => `     ${name}: ${JSON.stringify(value)}`,
    );
    const lines = [`     ${flow(stage)}`, ...facts(stage), ...options];
    return [`${index + 1}. ${label(stage)}: ${stage.doc}`, ...lines].join("\n");
  });
  return [`${pipeline.name} (seed ${pipeline.seed})${doc}`, ...stages].join("\n");
}

/** Artifacts in and out; `critic as policy` where the stage's handler knows the artifact as `policy`. */
function flow({ names }: AnyStage): string {
  const list = (
    of: Readonly<Record<string, string>>,
    name: (own: string, used: string) => string,
  ) =>
    Object.entries(of)
      .map(([own, used]) => (own === used ? used : name(own, used)))
      .join(", ") || "nothing";
  const needs = list(names.needs, (own, used) => `${used} as ${own}`);
  return `${needs} → ${list(names.gives, (own, used) => `${own} as ${used}`)}`;
}

function facts({ requires, provides }: AnyStage): ReadonlyArray<string> {
  return [
    ...(requires.length > 0 ? [`     relies on ${requires.join(", ")}`] : []),
    ...(provides.length > 0 ? [`     provides ${provides.join(", ")}`] : []),
  ];
}

function asJson(pipeline: Pipeline): string {
  const { name, doc, seed, budgets } = pipeline;
  const stages = pipeline.stages.map((stage) => {
    const { version, doc: about, needs, gives, requires, provides, options } = stage;
    const flows = {
      needs,
      gives,
      requires,
      provides,
      ...(label(stage) !== stage.name && { names: stage.names }),
    };
    return { name: stage.name, version, doc: about, ...flows, options };
  });
  return JSON.stringify({ name, doc, seed, budgets, stages }, null, 2);
}

function asMermaid(pipeline: Pipeline): string {
  const nodes = pipeline.stages.map((stage, index) => `  s${index}["${label(stage)}"]`);
  const edges = pipeline.stages.flatMap((stage, index) => edgesInto(stage, index, pipeline.stages));
  return ["flowchart TD", ...nodes, ...edges].join("\n");
}

/** One arrow from each stage whose artifact this one takes; the nearest earlier giver counts. */
function edgesInto(
  stage: AnyStage,
  index: number,
  stages: ReadonlyArray<AnyStage>,
): ReadonlyArray<string> {
  const bySource = new Map<number, ReadonlyArray<string>>();
  for (const need of stage.needs) {
    const source = stages.slice(0, index).findLastIndex(({ gives }) => gives.includes(need));
    if (source >= 0) bySource.set(source, [...(bySource.get(source) ?? []), need]);
  }
  return [...bySource].map(([source, needs]) => `  s${source} -->|${needs.join(", ")}| s${index}`);
}
