/** Sampled rollouts as people read them: picture, question, what was imposed, what was generated, rewards. Report layer. */
import type { Sample, SampleLine } from "../runtime/samples.ts";
import { html, type Markup } from "./html.ts";
import type { Material } from "./material.ts";
import { quantity } from "./numbers.ts";

/** Whether there is anything to show. */
export const isSampled = ({ stages }: Material): boolean =>
  stages.some(({ samples }) => samples.length > 0);

/** Of each phase the first, the middle and the last moment at once, the others on request. */
export function rollouts({ stages }: Material): Markup {
  const sampled = stages.filter(({ samples }) => samples.length > 0);
  return html`<section id="rollouts" aria-labelledby="rollouts-title">
<h2 id="rollouts-title">Sampled rollouts</h2>
<p class="about">Two questions of a step: the first and the last of its batch. Of each group the best response and, where they differ, the worst.</p>
<p class="legend"><mark>Marked text</mark> was imposed: the beginning of a worked reference, given to the model. The rest it generated.</p>
${sampled.map(({ id, samples }) => {
  const moments = [...new Set(samples.map(({ step }) => step))];
  const chosen = new Set([moments[0], moments[moments.length >> 1], moments.at(-1)]);
  const part = (shown: boolean) => samples.filter(({ step }) => chosen.has(step) === shown);
  const others = part(false);
  return html`<h3>${id}</h3><div class="rollouts">${part(true).map(card)}</div>
${others.length > 0 && html`<details><summary>${others.length} more of ${id}</summary><div class="rollouts">${others.map(card)}</div></details>`}`;
})}
</section>`;
}

function card({ step, sample }: SampleLine): Markup {
  const { family, question, answer, groupReward, responses } = sample;
  return html`<article class="rollout">${picture(sample)}<div>
<p class="small">step ${step} · ${family} · group mean ${quantity(groupReward)} points</p>
<h4 class="question">${question}</h4>
<p class="small">right answer: <strong>${answer}</strong></p>
${responses.map(response)}
</div></article>`;
}

/** Pixels of small pictures stay sharp when they are enlarged. */
const tiny = 96;

function picture({ image, question }: Sample): Markup {
  const size = image === null ? undefined : sizeOf(image);
  if (image === null || size === undefined) return html`<div class="none">no picture</div>`;
  const { width, height } = size;
  return html`<figure class="picture"><img class="${Math.max(width, height) <= tiny ? "tiny" : ""}" width="${width}" height="${height}" src="data:image/png;base64,${image}" alt="Picture to the question: ${question}"></figure>`;
}

/** Width and height of a PNG; undefined when it is none. */
function sizeOf(base64: string) {
  const head = Buffer.from(base64.slice(0, 44), "base64");
  if (head.length < 24 || head.readUInt32BE(0) !== 0x89504e47) return undefined;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}

const names: Readonly<Record<string, string>> = {
  answer: "right answer",
  format: "form",
  steps: "calculations",
};

function response({ imposed, generated, reward, rewards, finished }: Sample["responses"][number]) {
  const { answer } = rewards;
  const right = answer === 1;
  const verdict = right ? "✓ right" : "✗ wrong";
  const given =
    imposed !== "" &&
    html`<mark><span class="hidden">imposed: </span>${imposed}<span class="hidden"> generated: </span></mark>`;
  return html`<div class="response ${right ? "right" : ""}"><p>${given}${generated}${!finished && html` <span class="small">(cut)</span>`}</p>
<ul class="rewards">${answer !== undefined && html`<li><strong>${verdict}</strong></li>`}<li>${quantity(reward)} points</li>${Object.entries(rewards).map(([name, value]) => html`<li>${names[name] ?? name} ${quantity(value)}</li>`)}</ul></div>`;
}
