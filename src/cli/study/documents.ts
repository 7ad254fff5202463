/** Where a study's documents go, and what the terminal shows of them. CLI. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { studyMarkdown, withSection } from "../../report/study/markdown.ts";
import type { StudyMaterial } from "../../report/study/material.ts";
import { contrastsOf, summaryOf } from "../../report/study/summary.ts";
import { settingsText, withReach } from "../../report/study/words.ts";
import { writeAtomic } from "../../runtime/files.ts";
import { fromHere } from "../summary.ts";
import { columns } from "../table.ts";
import type { StudyArgs } from "./job.ts";

/** Writes all documents; gives their paths. The same store gives the same bytes. Throws file-system errors. */
export async function writeDocuments(
  material: StudyMaterial,
  { out, to }: Pick<StudyArgs, "out" | "to">,
): Promise<Readonly<Record<string, string>>> {
  const dir = join(resolve(out), "studies", material.name);
  const section = studyMarkdown(material);
  const markdown = join(dir, "results.md");
  put(markdown, section);
  const { writePage } = await import("../../report/study/page.ts");
  const report = await writePage(material, join(dir, "report.html"));
  if (to === undefined) return { results: fromHere(markdown), report: fromHere(report) };
  const path = resolve(to);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  put(path, withSection(before, material.name, section));
  return { results: fromHere(path), report: fromHere(report) };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, text);
}

/** The main table for a terminal. */
export function armsText({ arms, seeds }: StudyMaterial): string {
  const rows = arms.map((arm) => {
    const { domain, retention, cpuSeconds } = summaryOf(arm);
    const done = arm.finals.filter(({ state }) => state === "done").length;
    const chosen = arm.candidates[arm.chosen ?? -1];
    return [
      ...[arm.name, chosen ? settingsText(chosen.settings) : "-", `${done}/${seeds.length}`],
      domain ? withReach(domain) : "-",
      retention ? withReach(retention) : "-",
      cpuSeconds ? (cpuSeconds.mean / 60).toFixed(1) : "-",
    ];
  });
  const head = ["arm", "setting", "seeds", "domain", "retention", "processor min"];
  return columns([head, ...rows]).join("\n");
}

/** The object of `--json`. */
export function asJson(
  material: StudyMaterial,
  documents: Readonly<Record<string, string>>,
): string {
  const { name, engine, seeds, tuneSeeds, arms } = material;
  const told = arms.map((arm) => ({
    name: arm.name,
    settings: arm.candidates[arm.chosen ?? -1]?.settings ?? null,
    tried: arm.candidates.map(({ settings, accuracy }) => ({ settings, validation: accuracy })),
    ...summaryOf(arm),
    seeds: arm.finals.map(({ seed, state, failure, evaluation, steps, spent }) => ({
      ...{ seed, state, failure: failure === "" ? null : failure, steps, spent },
      domain: evaluation?.domain.after.accuracy ?? null,
      general: evaluation?.general.after.accuracy ?? null,
      retention: evaluation?.retention?.value ?? null,
    })),
  }));
  const contrasts = contrastsOf(material);
  return JSON.stringify({
    ...{ study: name, engine, seeds, tuneSeeds },
    ...{ arms: told, contrasts, documents },
  });
}
