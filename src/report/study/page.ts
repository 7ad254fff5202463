/** `report.html` of a study: one self-contained page with its tables and charts. Report layer. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomic } from "../../runtime/files.ts";
import { framed, type Section } from "../frame.ts";
import { html, Markup } from "../html.ts";
import { lookOf, type StudyCharts, studyCharts } from "./chart.ts";
import { factsOf, failuresOf } from "./facts.ts";
import type { ArmMaterial, StudyMaterial } from "./material.ts";
import { type Table, tablesOf } from "./tables.ts";

/** Writes the page to the file `path`; gives the path. Fails: rejects with file-system errors. */
export async function writePage(study: StudyMaterial, path: string): Promise<string> {
  const charts = await studyCharts(study.arms);
  const [arms, ...tables] = tablesOf(study);
  const sections: ReadonlyArray<Section> = [
    section("arms", "Arms", [failures(study), arms && armsTable(arms)]),
    ...(Object.values(charts).some((svg) => svg !== undefined)
      ? [section("charts", "Charts", [legend(study.arms), drawn(charts)])]
      : []),
    ...tables.map((one) => section(one.name, one.title, [table(one)])),
    section("origin", "Origin", [origin(study)]),
  ];
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(
    path,
    framed({
      title: `${study.name} · rcpa study`,
      heading: heading(study),
      sections,
      foot: html`Written by rcpa from its store; <code>${study.command}</code> writes it again.`,
    }),
  );
  return path;
}

function heading({ name, doc, seeds, engine, arms }: StudyMaterial): Markup {
  const facts = [`${arms.length} arms`, `${seeds.length} seeds`, engine];
  return html`<header class="top">
<p class="eyebrow">Study</p>
<h1>${name}</h1>
<p class="lead">${doc}</p>
<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>
</header>`;
}

const section = (
  name: string,
  title: string,
  parts: ReadonlyArray<Markup | undefined>,
): Section => ({
  ...{ name, title },
  content: html`<section id="${name}" aria-labelledby="${name}-title">
<h2 id="${name}-title">${title}</h2>
${parts}
</section>`,
});

/** Numbers stand to the right, words to the left. */
const numeric = /^[–+-]?[.\d]|^–$/;

/** The main table with all words about an arm in its first column, so that the numbers have room. */
function armsTable({ title, about, head, rows }: Table): Markup {
  const [arm, , , ...measures] = head;
  const row = ([name, doc, setting, ...values]: ReadonlyArray<string>) => html`<tr>
<th scope="row">${name}<br><span class="small">${doc}</span>${setting !== "–" && html`<br><span class="small mono">${setting}</span>`}</th>
${values.map((cell) => html`<td class="number">${spread(cell)}</td>`)}</tr>`;
  return html`<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table class="study">
<thead><tr><th scope="col">${arm}</th>${measures.map((cell) => html`<th scope="col" class="number">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody></table></div>
<p class="legend">${about}</p>`;
}

function table({ name, title, about, head, rows }: Table): Markup {
  const right = head.map((_, at) =>
    rows.every((row) => row[at] === "" || numeric.test(row[at] ?? "")),
  );
  const kind = (at: number) => (right[at] && name !== "seeds" ? "number" : "");
  const row = ([first, ...rest]: ReadonlyArray<string>) => html`<tr><th scope="row">${first}</th>
${rest.map((cell, at) => html`<td class="${kind(at + 1)}">${cell === "chosen" ? html`<span class="badge good">${cell}</span>` : spread(cell)}</td>`)}</tr>`;
  return html`<p class="about">${about}</p>
<div class="scroll" role="region" aria-label="${title}" tabindex="0"><table class="study">
<thead><tr>${head.map((cell, at) => html`<th scope="col" class="${kind(at)}">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(row)}</tbody></table></div>`;
}

/** What stands in brackets is smaller, on a line of its own. */
function spread(cell: string): Markup | string {
  const [, value, rest] = /^([^([]+) ([([].*[)\]])$/.exec(cell) ?? [];
  return value === undefined ? cell : html`${value}<br><span class="small">${rest}</span>`;
}

function legend(arms: ReadonlyArray<ArmMaterial>): Markup {
  const key = ({ name }: ArmMaterial, at: number) => {
    const { color, dashes } = lookOf(at);
    return html`<li><svg viewBox="0 0 26 10" aria-hidden="true"><path d="M1 5H25" stroke="${color}" stroke-width="2.4" stroke-dasharray="${dashes}"/></svg><b style="color:${color}">${at + 1}</b> ${name}</li>`;
  };
  return html`<ul class="arms">${arms.map(key)}</ul>`;
}

function drawn({ trade, domain, general, sampled }: StudyCharts): Markup {
  const figure = (title: string, about: string, svg: string | undefined) =>
    svg !== undefined &&
    html`<figure class="curve"><figcaption><h3 class="title">${title}</h3><p>${about}</p></figcaption>${new Markup(svg)}</figure>`;
  return html`<div class="curves wide study">
${figure("Gain against retention", "On the test split. Small: seeds. Large: their mean with 95 % intervals. Up and right is better.", trade)}
${figure("Domain accuracy over steps", "On the validation split. Faint: seeds. Strong: their mean. Steps cost differently in different arms.", domain)}
${figure("General accuracy over steps", "On the validation split, questions that must not be forgotten.", general)}
${figure("Right answers while sampling", "On training problems, constrained ones with a part imposed; means over neighbouring steps.", sampled)}
</div>`;
}

function failures(study: StudyMaterial): Markup | undefined {
  const list = failuresOf(study);
  if (list.length === 0) return undefined;
  return html`<div class="callout"><h3 class="plain">Failed</h3>${list.map(({ arm, run, why }) => html`<p><b>${arm}</b>, ${run}: ${why}</p>`)}</div>`;
}

const origin = (study: StudyMaterial): Markup =>
  html`<dl class="environment">${factsOf(study).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
