/** A study as a section of Markdown, which can be read without the code. Report layer. */
import { factsOf, failuresOf } from "./facts.ts";
import type { StudyMaterial } from "./material.ts";
import { type Table, tablesOf } from "./tables.ts";

/** The section between its marks. */
export function studyMarkdown(study: StudyMaterial): string {
  const { name, doc } = study;
  const failures = failuresOf(study).map(({ arm, run, why }) => `- ${code(arm)}, ${run}: ${why}`);
  const parts = [
    `## ${name}`,
    doc,
    ...tablesOf(study).map(section),
    ...(failures.length === 0 ? [] : [`**Failed**\n\n${failures.join("\n")}`]),
    factsOf(study)
      .map(([fact, value]) => (fact === "command" ? code(value) : `${fact} ${value}`))
      .join(" · "),
  ];
  return `${opening(name)}\n${parts.join("\n\n")}\n${closing(name)}\n`;
}

const opening = (name: string) => `<!-- study ${name} -->`;
const closing = (name: string) => `<!-- /study ${name} -->`;

/** `text` with the study's section in the place of its earlier one, or at the end. */
export function withSection(text: string, name: string, section: string): string {
  const [from, to] = [text.indexOf(opening(name)), text.indexOf(closing(name))];
  if (from === -1 || to < from) return text === "" ? section : `${text.trimEnd()}\n\n${section}`;
  return `${text.slice(0, from)}${section}${text.slice(to + closing(name).length + 1)}`;
}

const code = (text: string) => `\`${text}\``;

function section({ name, title, about, head, rows }: Table): string {
  const marked = rows.map(([first, ...rest]) => [
    first === "base" ? first : first!.split(" − ").map(code).join(" − "),
    ...rest,
  ]);
  const lines = [head, head.map(() => "---"), ...marked].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`,
  );
  const first = name === "arms" ? [] : [`**${title}.** ${about}`];
  const last = name === "arms" ? [about] : [];
  return [...first, lines.join("\n"), ...last].join("\n\n");
}
