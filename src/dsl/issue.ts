/** A mistake in a pipeline definition, as data: found all at once, printed once. Serves the definition layer. */

/** Where something was written: a file with line and column, both counted from 1. */
export interface Site {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One problem in a definition, with a stable code, the place in the definition, and what to do about it. */
export interface Issue {
  readonly code:
    | "InvalidOption"
    | "MissingOption"
    | "UnknownOption"
    | "InvalidSetting"
    | "EmptyPipeline"
    | "MissingInput"
    | "MissingFact"
    | "InvalidName"
    | "UnknownStage"
    | "MissingFile"
    | "UnusableFile"
    | "MissingReward"
    | "UnmeetableBudget"
    | "TooLittleMemory"
    | "FailedImport"
    | "TypeError";
  /** For instance `grpo.learningRate`. */
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
  readonly at?: Site;
  /** The source line, marked at the place. */
  readonly frame?: string;
}

/** `file:line:column`, the form editors and terminals can open. */
export function renderSite(site: Site): string {
  return `${site.file}:${site.line}:${site.column}`;
}

/** One issue as text: place, path, message, source line, hint. */
export function renderIssue(issue: Issue): string {
  const place = issue.at === undefined ? "" : `${renderSite(issue.at)}: `;
  const path = issue.path === "" ? "" : `${issue.path}: `;
  const hint = issue.hint === undefined ? "" : `\n    hint: ${issue.hint}`;
  const frame = issue.frame === undefined ? "" : `\n${issue.frame.replace(/^/gm, "    ")}`;
  return `${place}${path}${issue.message}${frame}${hint}`;
}
