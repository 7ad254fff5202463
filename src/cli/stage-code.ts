/** Which code each stage of a job consists of. CLI. */
import { fileURLToPath } from "node:url";
import type { AnyStage } from "../dsl/stage.ts";
import { openClosures } from "../runtime/closure.ts";
import { codeOf } from "../runtime/code.ts";
import type { Code } from "../runtime/fingerprint.ts";
import type { Job } from "./prepare.ts";

/** The file of a shipped word's handler. Planning does not load it: that would load the tensor library. */
export function shippedFile(word: string): string {
  const kebab = word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return fileURLToPath(new URL(`../stages/${kebab}.ts`, import.meta.url));
}

/** Gives a stage's code: that of the handler the pipeline file brings along, else of the shipped one. */
export function stageCode({
  file,
  handlers,
}: Pick<Job, "file" | "handlers">): (stage: AnyStage) => Code {
  const closures = openClosures();
  const own = new Map(handlers.map(({ name, files }) => [name, files.length > 0 ? files : [file]]));
  const known = new Map<string, Code>();
  return ({ name }) => {
    const code = known.get(name) ?? codeOf(own.get(name) ?? [shippedFile(name)], closures);
    known.set(name, code);
    return code;
  };
}
