/** The first part of a report: how the run ended, and the table from before to after. Report layer. */
import { duration } from "../core/duration.ts";
import type { Evaluation, Score } from "../dsl/artifacts.ts";
import type { RunState } from "../runtime/history.ts";
import { type Content, html, type Markup } from "./html.ts";
import type { Material } from "./material.ts";
import { day, interval, quantity, ratio } from "./numbers.ts";

const states: Readonly<Record<RunState, readonly [words: string, tone: string]>> = {
  done: ["done", "good"],
  failed: ["failed", "bad"],
  interrupted: ["interrupted", "bad"],
  running: ["still running", ""],
  unknown: ["unknown", ""],
};

/** Name, purpose and the main facts of the run. */
export function heading({ run, steps, end }: Material): Markup {
  const [words, tone] = states[run.state];
  const doc = run.record?.pipeline.doc ?? "";
  const facts: ReadonlyArray<Content> = [
    html`<span class="badge ${tone}">${words}</span>`,
    run.startedAt === null
      ? undefined
      : html`<time datetime="${run.startedAt}">${day(run.startedAt)}</time>`,
    run.seconds === null ? undefined : duration(run.seconds),
    `${quantity(steps)} steps`,
    end?.memoryGib === undefined ? undefined : `peak memory ${end.memoryGib.toFixed(2)} GiB`,
    run.seed === null ? undefined : `seed ${run.seed}`,
    run.engine ?? undefined,
  ];
  return html`<header class="top">
<p class="eyebrow">Adaptation report</p>
<h1>${run.pipeline ?? run.id}</h1>
${doc !== "" && html`<p class="lead">${doc}</p>`}
<ul class="facts">${facts.map((fact) => fact !== undefined && html`<li>${fact}</li>`)}</ul>
</header>`;
}

/** How it went: failures, what is damaged, headline numbers, the table. */
export function result(material: Material): Markup {
  const { run, stages } = material;
  const failures = stages.flatMap(({ id, failure }) =>
    failure === null ? [] : [{ id, ...failure }],
  );
  return html`<section id="result" aria-labelledby="result-title">
<h2 id="result-title">Result</h2>
${run.evaluation !== null && html`<p class="about">On the test split, which is read once, at the end: the base before, the adapted model after. Brackets hold 95 % intervals.</p>`}
${failures.map(({ id, detail }) => html`<div class="callout"><h3 class="plain">${id} failed</h3><p>${detail}</p></div>`)}
${run.state === "interrupted" && html`<div class="callout"><p>The run was interrupted. What was done is kept; the same command goes on.</p></div>`}
${run.problems.length > 0 && html`<div class="callout"><h3 class="plain">Not all of the run can be read</h3>${run.problems.map((problem) => html`<p>${problem}</p>`)}</div>`}
${run.evaluation === null ? html`<p class="about">The run has no evaluation${run.state === "done" ? ": its pipeline makes none" : " yet"}.</p>` : [cards(run.evaluation), table(run.evaluation)]}
${budgets(material.end?.verdicts ?? [])}
</section>`;
}

type Verdicts = NonNullable<NonNullable<Material["end"]>["verdicts"]>;

function budgets(verdicts: Verdicts) {
  if (verdicts.length === 0) return undefined;
  const row = ({ budget, limit, reached, met }: Verdicts[number]) => html`<tr>
<th scope="row">${budget}</th><td class="number">${budget.startsWith("max") ? "≤" : "≥"} ${quantity(limit)}</td>
<td class="number">${reached === null ? "not measured" : quantity(reached)}</td>
<td><span class="badge ${met ? "good" : "bad"}">${met ? "met" : "not met"}</span></td></tr>`;
  return html`<div class="scroll" role="region" aria-label="Budgets" tabindex="0"><table>
<caption>Declared budgets</caption>
<thead><tr><th scope="col">budget</th><th scope="col" class="number">limit</th><th scope="col" class="number">reached</th><th scope="col">verdict</th></tr></thead>
<tbody>${verdicts.map(row)}</tbody></table></div>`;
}

function cards({ domain, general, retention, blank }: Evaluation): Markup {
  const card = (title: string, value: string, below: string) =>
    html`<div class="card"><dt>${title}</dt><dd class="big">${value}</dd><dd class="small">${below}</dd></div>`;
  const from = (was: Score, is: Score) =>
    `from ${ratio(was.accuracy)} · ${interval(is.low, is.high)}`;
  return html`<dl class="cards">
${card("Domain accuracy", ratio(domain.after.accuracy), from(domain.before, domain.after))}
${card("General accuracy", ratio(general.after.accuracy), from(general.before, general.after))}
${retention === null ? card("Retention", "–", "the base got nothing right") : card("Retention", ratio(retention.value), `general after / before · ${interval(retention.low, retention.high)}`)}
${card("Blank image", ratio(blank.accuracy), "domain accuracy without looking")}
</dl>`;
}

function table({ domain, general, families, also = {} }: Evaluation): Markup {
  const row = (name: string, was: Score, is: Score, kind = "") => html`<tr class="${kind}">
<th scope="row">${name}</th>
<td class="number">${ratio(was.accuracy)} <span class="small">${interval(was.low, was.high)}</span></td>
<td class="number">${ratio(is.accuracy)} <span class="small">${interval(is.low, is.high)}</span></td>
<td class="change">${change(was.accuracy, is.accuracy)}</td>
<td class="number">${is.n}</td></tr>`;
  const part = ([name, { before, after, n }]: readonly [string, Evaluation["families"][string]]) =>
    html`<tr class="part"><th scope="row">${name}</th><td class="number">${ratio(before)}</td><td class="number">${ratio(after)}</td><td class="change">${change(before, after)}</td><td class="number">${n}</td></tr>`;
  return html`<div class="scroll" role="region" aria-label="Accuracy before and after" tabindex="0"><table>
<caption>Accuracy before and after, with the families of problems</caption>
<thead><tr><th scope="col">suite</th><th scope="col" class="number">before</th><th scope="col" class="number">after</th><th scope="col">change, 0 to 1</th><th scope="col" class="number">n</th></tr></thead>
<tbody>
${row("domain", domain.before, domain.after)}
${row("general", general.before, general.after)}
${Object.keys(families).length > 0 && html`<tr class="group"><th colspan="5" scope="colgroup">by family of problems</th></tr>`}
${Object.entries(families).map(part)}
${Object.entries(also).map(
  ([
    name,
    further,
  ]) => html`<tr class="group"><th colspan="5" scope="colgroup">further test</th></tr>
${row(name, further.before, further.after)}
${Object.entries(further.families).map(([family, one]) => row(family, one.before, one.after, "part"))}`,
)}
</tbody></table></div>`;
}

/** A hollow point where it was, a full one where it is, on a line from 0 to 1. */
function change(before: number, after: number): Markup {
  const at = (value: number) => (6 + 188 * value).toFixed(1);
  const color = after < before ? "var(--line-2)" : "var(--line-1)";
  return html`<svg viewBox="0 0 200 20" aria-hidden="true"><path d="M6 10H194" stroke="var(--rule)"/><path d="M${at(before)} 10H${at(after)}" stroke="${color}" stroke-width="3"/><circle cx="${at(before)}" cy="10" r="4.2" fill="var(--card)" stroke="${color}" stroke-width="2"/><circle cx="${at(after)}" cy="10" r="5" fill="${color}"/></svg>`;
}
