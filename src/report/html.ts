/** Text into HTML: everything is escaped unless it is markup already. Report layer. */

/** Text that is HTML. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold; nothing is written for `undefined` and `false`. */
export type Content = Markup | string | number | undefined | false | ReadonlyArray<Content>;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

// Control characters are not allowed in HTML, escaped or not.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]/g;

/** Text as it can stand between tags and in quoted attributes. */
function escapeText(text: string): string {
  return text.replace(forbidden, "�").replace(/[&<>"']/g, (character) => entities[character]!);
}

/** A template of HTML whose values are escaped. */
export function html(parts: TemplateStringsArray, ...values: ReadonlyArray<Content>): Markup {
  return new Markup(
    parts.map((part, at) => part + (at < values.length ? render(values[at]) : "")).join(""),
  );
}

function render(content: Content): string {
  if (content === undefined || content === false) return "";
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return content.map(render).join("");
  return escapeText(String(content));
}
