/** A pipeline as text, JSON or Mermaid, without running anything. Serves the definition layer. */
import type { Pipeline } from "./pipeline.ts";
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
    const flow = `${stage.needs.join(", ") || "nothing"} → ${stage.gives.join(", ") || "nothing"}`;
    const options = Object.entries(stage.options).map(
      ([name, value]) => `     ${name}: ${JSON.stringify(value)}`,
    );
    return [`${index + 1}. ${stage.name}: ${stage.doc}`, `     ${flow}`, ...options].join("\n");
  });
  return [`${pipeline.name} (seed ${pipeline.seed})${doc}`, ...stages].join("\n");
}

function asJson(pipeline: Pipeline): string {
  const { name, doc, seed, budgets } = pipeline;
  const stages = pipeline.stages.map(
    ({ name: stage, version, doc: about, needs, gives, options }) => ({
      name: stage,
      version,
      doc: about,
      needs,
      gives,
      options,
    }),
  );
  return JSON.stringify({ name, doc, seed, budgets, stages }, null, 2);
}

function asMermaid(pipeline: Pipeline): string {
  const nodes = pipeline.stages.map((stage, index) => `  s${index}["${stage.name}"]`);
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
