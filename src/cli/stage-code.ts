/** Which code each stage of a job consists of. CLI. */
import { fileURLToPath } from "node:url";
import type { AnyStage } from "../dsl/stage.ts";
import { openClosures } from "../runtime/closure.ts";
import { codeOf } from "../runtime/code.ts";
import type { Code } from "../runtime/fingerprint.ts";
import { rewardsOf } from "./extras.ts";
import { filesOfRewards } from "./own-rewards.ts";
import type { Job } from "./prepare.ts";

/** The file of a shipped word's handler. Planning does not load it: that would load the tensor library. */
export function shippedFile(word: string): string {
  const kebab = word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return fileURLToPath(new URL(`../stages/${kebab}.ts`, import.meta.url));
}

/**
 * Gives a stage's code: that of the handler the pipeline file brings along, else of the shipped one,
 * with that of the user's own rewards it pays.
 */
export function stageCode({
  file,
  handlers,
  pipeline,
}: Pick<Job, "file" | "handlers"> & Partial<Pick<Job, "pipeline">>): (stage: AnyStage) => Code {
  const rewards = pipeline === undefined ? {} : rewardsOf(pipeline);
  const closures = openClosures();
  const own = new Map(handlers.map(({ name, files }) => [name, files.length > 0 ? files : [file]]));
  const known = new Map<string, Code>();
  const codeIn = (files: ReadonlyArray<string>) => {
    const key = files.join("\n");
    const code = known.get(key) ?? codeOf(files, closures);
    known.set(key, code);
    return code;
  };
  return (stage) => {
    const code = codeIn(own.get(stage.name) ?? [shippedFile(stage.name)]);
    const paid = filesOfRewards(stage, rewards, file);
    return paid.length === 0 ? code : joined(code, codeIn(paid));
  };
}

/** A stage's code with that of the rewards it pays, whose files are named from another root. */
function joined(code: Code, rewards: Code): Code {
  const files = Object.entries(rewards.files).map(([path, hash]) => [`rewards: ${path}`, hash]);
  return {
    files: { ...code.files, ...Object.fromEntries(files) },
    packages: { ...rewards.packages, ...code.packages },
  };
}
