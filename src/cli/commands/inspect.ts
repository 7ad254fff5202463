/** `rcpa inspect`: what a model folder, a file of rows or a data set's folder holds. CLI. */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isHubName } from "../../core/hub-name.ts";
import { modelFolder } from "../../dsl/shipped.ts";
import { inventory } from "../../models/inventory.ts";
import { loadTokenizer } from "../../models/tokenizer.ts";
import { flag, readOptions, telling, text } from "../command-line.ts";
import { inspectData, renderData } from "../inspection/data-file.ts";
import { inspectModel } from "../inspection/model-folder.ts";
import { renderModel, weightLines } from "../inspection/model-text.ts";
import { printable } from "../printable.ts";
import { targetOf } from "../scaffold/target.ts";

/** What `rcpa inspect --help` says. */
export const help = `  DIR               a model folder, a PEFT adapter, or tiny-vlm: family, sizes, parameters by part,
                    number formats, files, tokenizer, chat template, images, adapters
                    or a data set in Hugging Face layout: its splits, and of train what FILE says
  FILE              rows, one JSON object a line or Parquet: shape, fields, three examples, the
                    first 20 problems; or a .safetensors file
  --model DIR       of rows: whether the tokenizer of this model can read them
  --json            one JSON object

DIR and FILE may be names on the Hub: hf://org/name, hf://datasets/org/name@revision/file.
Nothing is run and no weight is read. Of rows, the images of the first 200 are opened.`;

/** Gives the exit code: 0, 1 when something is wrong with what was looked at; text is how it was misused. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const parsed = readOptions(argv, { model: text, json: flag });
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  const [target, ...more] = positionals;
  if (!target) return "which DIR or FILE?";
  if (more[0] !== undefined) return `one argument too many: ${more[0]}`;
  const { model, json = false } = values;
  const path = modelFolder(target);
  if (!existsSync(path)) {
    const hint = isHubName(target)
      ? "hf://org/name@revision/file is the form of a name on the Hub"
      : "tiny-vlm ships with rcpa";
    return `there is no folder or file ${target}; ${hint}`;
  }
  const tell = (found: object, words: string, problems: ReadonlyArray<unknown>) => {
    process.stdout.write(`${json ? JSON.stringify(found) : printable(words)}\n`);
    return problems.length === 0 ? 0 : 1;
  };
  if (statSync(path).isDirectory()) {
    const other = otherFolder(target, path);
    if (other !== undefined) return other;
  }
  if (isModel(path)) {
    if (model !== undefined) return "--model is an option of rows";
    return telling(async () => {
      const found = inspectModel(path);
      return tell(found, renderModel(found), found.problems);
    });
  }
  if (path.endsWith(".safetensors")) {
    const found = inventory(dirname(path), [basename(path)]);
    const words = [`${target}: ${weightLines(found).join("\n  ")}`, ...found.problems].join("\n  ");
    return tell({ kind: "weights", ...found }, words, found.problems);
  }
  return telling(async () => {
    const tokenizer = model === undefined ? undefined : loadTokenizer(modelFolder(model));
    const found = await inspectData(targetOf(target), tokenizer);
    return tell(found, renderData(found), found.problems);
  });
}

const has = (dir: string, file: string) => existsSync(join(dir, file));

const isModel = (dir: string): boolean =>
  has(dir, "config.json") || has(dir, "adapter_config.json");

/** What a folder is instead of a model or a data set, with the command for it. */
function otherFolder(name: string, dir: string): string | undefined {
  if (isModel(dir)) return undefined;
  if (has(dir, "run.json")) return `${name} is a run; \`rcpa show ${name}\` tells about it`;
  if (has(dir, "runs") && has(dir, "stages"))
    return `${name} is a store; \`rcpa runs --out ${name}\` lists it`;
  return undefined;
}
