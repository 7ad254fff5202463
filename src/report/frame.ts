/** What is around every page: head, style, navigation, foot. Report layer. */
import { readFileSync } from "node:fs";
import { type Content, html, Markup } from "./html.ts";

/** A part of a page that navigation leads to. */
export interface Section {
  readonly name: string;
  readonly title: string;
  readonly content: Markup;
}

/** A whole page as text: self-contained, no scripts, nothing from a network. */
export function framed(page: {
  readonly title: string;
  readonly heading: Markup;
  readonly sections: ReadonlyArray<Section>;
  readonly foot: Content;
}): string {
  const { title, heading, sections, foot } = page;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(style())}</style>
</head>
<body>
${heading}
<nav aria-label="Sections"><ul>${sections.map(({ name, title: text }) => html`<li><a href="#${name}">${text}</a></li>`)}</ul></nav>
<main>${sections.map(({ content }) => content)}</main>
<footer>${foot}</footer>
</body>
</html>
`.text;
}

/** In the order in which they overrule each other. */
const sheets = ["theme", "page", "tables", "rollouts", "study", "narrow"];

function style(): string {
  const read = (name: string) =>
    readFileSync(new URL(`style/${name}.css`, import.meta.url), "utf8");
  return sheets.map(read).join("\n");
}
