/** Which products of a model an adapter can add to, and where they are on the device. Models layer. */
import type { VlmConfig } from "../config.ts";
import { familyOf } from "../families/family.ts";
import { type Part, partOf, slots } from "../layout.ts";
import { expectedShapes } from "../weight-shapes.ts";

/** A product that can be adapted. */
export interface Target {
  /** Its weight's canonical name without `.weight`. */
  readonly module: string;
  /** Its name in `transformers`, which PEFT goes by. */
  readonly name: string;
  readonly part: Part;
  /** The device parameter that holds it, without `.weight`, and its first column there. */
  readonly slot: string;
  readonly offset: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** Every product of matrices in the order of computation; the output head is none of them. */
export function targetsOf(config: VlmConfig): ReadonlyArray<Target> {
  const shapes = expectedShapes(config);
  const { moduleName } = familyOf(config);
  return slots(config).flatMap(({ name, kind, sources }) => {
    if (kind !== "matrix") return [];
    let offset = 0;
    return sources.map((source) => {
      const [outputs, inputs] = shapes.get(source) as readonly [number, number];
      const module = source.replace(/\.weight$/, "");
      const target = { module, name: moduleName(module), part: partOf(name), inputs, outputs };
      offset += outputs;
      return { ...target, slot: name.replace(/\.weight$/, ""), offset: offset - outputs };
    });
  });
}

/** Names of modules as PEFT takes them: a module is meant by its whole name or by the end of it after a dot. */
export type Targets = "all-linear" | ReadonlyArray<string>;

const means = (wanted: string, name: string) => name === wanted || name.endsWith(`.${wanted}`);

/** The products of the given parts that are meant. Order: that of computation. */
export function chosenTargets(
  config: VlmConfig,
  wanted: Targets,
  parts: ReadonlyArray<Part>,
): ReadonlyArray<Target> {
  const possible = targetsOf(config).filter(({ part }) => parts.includes(part));
  if (wanted === "all-linear") return possible;
  return possible.filter(({ name }) => wanted.some((one) => means(one, name)));
}

/** The wanted names that mean no product of the given parts, with those that would. */
export function unknownTargets(
  config: VlmConfig,
  wanted: Targets,
  parts: ReadonlyArray<Part>,
): { readonly unknown: ReadonlyArray<string>; readonly known: ReadonlyArray<string> } {
  const possible = targetsOf(config).filter(({ part }) => parts.includes(part));
  const list = wanted === "all-linear" ? [] : wanted;
  return {
    unknown: list.filter((one) => !possible.some(({ name }) => means(one, name))),
    known: [...new Set(possible.map(({ name }) => lastPart(name)))].sort(),
  };
}

const lastPart = (name: string) => name.slice(name.lastIndexOf(".") + 1);

/** The shortest list of names by which PEFT finds exactly these products of the model. */
export function namesFor(config: VlmConfig, chosen: ReadonlyArray<Target>): ReadonlyArray<string> {
  const names = new Set(chosen.map(({ name }) => name));
  const all = targetsOf(config).map(({ name }) => name);
  const whole = (last: string) => all.every((name) => !means(last, name) || names.has(name));
  return [
    ...new Set([...names].map((name) => (whole(lastPart(name)) ? lastPart(name) : name))),
  ].sort();
}
