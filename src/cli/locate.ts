/** Puts issues at the option they name and shows the line. CLI. */
import { existsSync, readFileSync } from "node:fs";
import type { Issue, Site } from "../dsl/issue.ts";

/**
 * The same issues, each at the property that sets the option it names, instead of at its stage's
 * call, with the source line as `frame`.
 *
 * The compiler's issues keep their places. The parser is loaded only when there is something to find.
 */
export async function locate(issues: ReadonlyArray<Issue>): Promise<ReadonlyArray<Issue>> {
  const isOpen = ({ at, code }: Issue) => at !== undefined && code !== "TypeError";
  const syntax = issues.some(isOpen) ? await import("./syntax.ts") : undefined;
  return issues.map((issue) => {
    const found = isOpen(issue) ? syntax?.placeOf(issue, issue.at!) : undefined;
    const at = found ?? issue.at;
    const frame = at && frameAt(at);
    return { ...issue, ...(at && { at }), ...(frame && { frame }) };
  });
}

/** The line of a place with a caret below its column; undefined when the file has no such line. */
function frameAt({ file, line, column }: Site): string | undefined {
  const text = existsSync(file) ? readFileSync(file, "utf8").split("\n")[line - 1] : undefined;
  if (text === undefined) return undefined;
  const [, word = "^"] = /^([\w$]+|.)/.exec(text.slice(column - 1)) ?? [];
  // Tabs stay tabs, so that the caret stands below its word in any editor's width.
  const indent = text.slice(0, column - 1).replace(/[^\t]/g, " ");
  const margin = `${line}`;
  return `${margin} | ${text}\n${" ".repeat(margin.length)} | ${indent}${"^".repeat(word.length)}`;
}
