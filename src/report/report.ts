/** `report.html`: one self-contained page about a run, written into its folder. Report layer. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeAtomic } from "../runtime/files.ts";
import { framed, type Section } from "./frame.ts";
import { html, type Markup } from "./html.ts";
import { type Material, readMaterial } from "./material.ts";
import { environment, plan } from "./plan.ts";
import { heading, result } from "./result.ts";
import { isSampled, rollouts } from "./rollouts.ts";
import { curves, isMeasured, retention } from "./training.ts";

/**
 * Writes the report of the run in the folder `runDir`, to the file `path` or into that folder; gives its path.
 *
 * Also for runs that failed or were interrupted: it shows what there is.
 * Fails: rejects with file-system errors.
 */
export async function writeReport(
  runDir: string,
  path = join(runDir, "report.html"),
): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, await renderReport(readMaterial(runDir)));
  return path;
}

/** The page as text. */
async function renderReport(material: Material): Promise<string> {
  const sections = await sectionsOf(material);
  const { pipeline, id } = material.run;
  return framed({
    title: `${pipeline ?? id} · rcpa report`,
    heading: heading(material),
    sections,
    foot: html`Written by rcpa from ${id}. The same can be made again with <code>rcpa report</code>.`,
  });
}

async function sectionsOf(material: Material): Promise<ReadonlyArray<Section>> {
  const section = (name: string, title: string, content: Markup): Section => ({
    ...{ name, title, content },
  });
  return [
    section("result", "Result", result(material)),
    ...(await drawnSections(material)).map(([name, title, content]) =>
      section(name, title, content),
    ),
    ...(isSampled(material) ? [section("rollouts", "Rollouts", rollouts(material))] : []),
    section("plan", "Plan", plan(material)),
    section("environment", "Environment", environment(material)),
  ];
}

type Drawn = readonly [name: string, title: string, content: Markup];

/** Only a run with steps needs the plotting library. */
async function drawnSections(material: Material): Promise<ReadonlyArray<Drawn>> {
  if (material.steps === 0) return [];
  const { loadPlotter } = await import("./chart.ts");
  const plotter = await loadPlotter();
  return [
    ...(isMeasured(material)
      ? [["retention", "Retention", retention(material, plotter)] as const]
      : []),
    ["training", "Training", curves(material, plotter)],
  ];
}
