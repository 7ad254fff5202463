/** The curves of a run and what its phases reached, as parts of a report. Report layer. */
import type { Mark, Phase, Plotter, Stretch } from "./chart.ts";
import { shades, strokes } from "./chart.ts";
import { type Curve, curvesFor, type Line } from "./curves.ts";
import { html, Markup } from "./html.ts";
import type { Material, StageMaterial } from "./material.ts";
import { interval, ratio } from "./numbers.ts";

/** The stages that took steps, on one axis. */
function phasesOf({ stages }: Material): ReadonlyArray<Phase> {
  return stages
    .filter(({ lines }) => lines.length > 0)
    .map(({ id, lines, offset }) => ({ name: id, from: offset, to: offset + lines.length }));
}

/** Every recorded metric over the steps; empty when no stage took any. */
export function curves(material: Material, plotter: Plotter): Markup {
  const phases = phasesOf(material);
  const names = new Set(
    material.stages.flatMap(({ lines }) => lines.flatMap(({ metrics }) => Object.keys(metrics))),
  );
  const drawn = (curve: Curve) => {
    const svg = plotter.steps(curve, stretchesOf(curve.lines, material), phases);
    return html`<figure class="curve"><figcaption><h4 class="title">${curve.title}${legend(curve.lines)}</h4>${curve.about !== "" && html`<p>${curve.about}</p>`}</figcaption>${new Markup(svg)}</figure>`;
  };
  return html`<section id="training" aria-labelledby="training-title">
<h2 id="training-title">Training</h2>
<p class="about">Faint: every step. Strong: the mean over neighbouring steps of the same phase.</p>
<ul class="phases">${phases.map(({ name, from, to }, at) => html`<li><i style="background:var(--phase-${at % shades})"></i>${at + 1} ${name}, ${to - from} ${to - from === 1 ? "step" : "steps"}</li>`)}</ul>
${curvesFor(names).map((group) => html`<h3>${group.title}</h3><div class="curves">${group.curves.map(drawn)}</div>`)}
</section>`;
}

function legend(lines: ReadonlyArray<Line>) {
  if (lines.length < 2) return undefined;
  const key = ({ label }: Line, at: number) => {
    const { color, dashes } = strokes[at % strokes.length]!;
    return html`<span><svg viewBox="0 0 26 10" aria-hidden="true"><path d="M1 5H25" stroke="${color}" stroke-width="2.4" stroke-dasharray="${dashes}"/></svg>${label}</span>`;
  };
  return html`<span class="lines">${lines.map(key)}</span>`;
}

/** Numbers only: a step may lack a metric, or have one that is none. */
function stretchesOf(lines: ReadonlyArray<Line>, { stages }: Material): ReadonlyArray<Stretch> {
  return lines.flatMap(({ metric, label }) =>
    stages.map((stage) => ({ label, points: pointsOf(stage, metric) })),
  );
}

function pointsOf({ lines, offset }: StageMaterial, metric: string) {
  return lines.flatMap(({ metrics }, at) => {
    const value = metrics[metric];
    return value === undefined || !Number.isFinite(value) ? [] : [{ step: offset + at + 1, value }];
  });
}

interface PhaseEnd {
  readonly name: string;
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Whether a phase measured what it reached. */
export const isMeasured = (material: Material): boolean => endsOf(material).length > 0;

function endsOf({ stages }: Material): ReadonlyArray<PhaseEnd> {
  return stages.flatMap(({ id, measures, lines, offset }) => {
    const metrics = measures.findLast((one) => one.metrics.generalAccuracy !== undefined)?.metrics;
    return metrics === undefined ? [] : [{ name: id, step: offset + lines.length, metrics }];
  });
}

/** Accuracy and retention on the validation split after each phase. */
export function retention(material: Material, plotter: Plotter): Markup {
  const ends = endsOf(material);
  const phases = phasesOf(material);
  const held = plotter.marks(
    "Retention after each phase",
    "general after / before",
    heldOf(ends),
    phases,
  );
  const reached = plotter.marks(
    "Accuracy after each phase",
    "share right",
    reachedOf(ends),
    phases,
  );
  const both: ReadonlyArray<Line> = ["domain", "general"].map((label) => ({
    metric: label,
    label,
  }));
  return html`<section id="retention" aria-labelledby="retention-title">
<h2 id="retention-title">Retention</h2>
<p class="about">What the phases reached on the validation split, which is held out of training. Retention is general accuracy divided by that of the base; below 1, something was forgotten.</p>
<div class="curves wide">
<figure class="curve"><figcaption><h3 class="title">Retention after each phase</h3><p>With 95 % intervals. The base is 1 by definition.</p></figcaption>${new Markup(held)}</figure>
<figure class="curve"><figcaption><h3 class="title">Accuracy after each phase${legend(both)}</h3><p>Greedy answers. The first points are the base.</p></figcaption>${new Markup(reached)}</figure>
</div>
${endTable(ends)}
</section>`;
}

const exactly = (label: string, step: number, value: number): Mark => ({
  ...{ label, step, value, low: value, high: value },
});

function heldOf(ends: ReadonlyArray<PhaseEnd>): ReadonlyArray<Mark> {
  const label = "retention";
  const measured = ends.flatMap(({ step, metrics }) => {
    const { retention: value, retentionLow: low, retentionHigh: high } = metrics;
    if (value === undefined) return [];
    return [{ label, step, value, low: low ?? value, high: high ?? value }];
  });
  return [exactly(label, 0, 1), ...measured];
}

function reachedOf(ends: ReadonlyArray<PhaseEnd>): ReadonlyArray<Mark> {
  return (["domain", "general"] as const).flatMap((suite) => {
    const base =
      ends[0]?.metrics[suite === "domain" ? "baseDomainAccuracy" : "baseGeneralAccuracy"];
    const after = ends.flatMap(({ step, metrics }) => {
      const value = metrics[`${suite}Accuracy`];
      return value === undefined ? [] : [exactly(suite, step, value)];
    });
    return base === undefined ? after : [exactly(suite, 0, base), ...after];
  });
}

function endTable(ends: ReadonlyArray<PhaseEnd>): Markup {
  const cell = (value: number | undefined) =>
    html`<td class="number">${value === undefined ? "–" : ratio(value)}</td>`;
  const { baseDomainAccuracy, baseGeneralAccuracy } = ends[0]?.metrics ?? {};
  return html`<div class="scroll" role="region" aria-label="Validation after each phase" tabindex="0"><table>
<caption>Validation after each phase</caption>
<thead><tr><th scope="col">after</th><th scope="col" class="number">step</th><th scope="col" class="number">domain</th><th scope="col" class="number">general</th><th scope="col" class="number">retention</th></tr></thead>
<tbody><tr><th scope="row">base</th><td class="number">0</td>${cell(baseDomainAccuracy)}${cell(baseGeneralAccuracy)}<td class="number">${ratio(1)}</td></tr>
${ends.map(({ name, step, metrics: { domainAccuracy, generalAccuracy, retention: held, retentionLow: low, retentionHigh: high } }) => html`<tr><th scope="row">${name}</th><td class="number">${step}</td>${cell(domainAccuracy)}${cell(generalAccuracy)}<td class="number">${held === undefined ? "–" : ratio(held)} ${low !== undefined && high !== undefined && html`<span class="small">${interval(low, high)}</span>`}</td></tr>`)}
</tbody></table></div>`;
}
