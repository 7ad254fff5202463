/** `report.html` of a study: one self-contained page. Report layer. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { writeAtomic } from "../../runtime/files.ts";
import { html } from "../html.ts";
import { studyMarkdown } from "./markdown.ts";
import type { StudyMaterial } from "./material.ts";

/** Writes the page to the file `path`; gives the path. Fails: rejects with file-system errors. */
export async function writePage(study: StudyMaterial, path: string): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  writeAtomic(path, html`<!doctype html><pre>${studyMarkdown(study)}</pre>`.text);
  return path;
}
