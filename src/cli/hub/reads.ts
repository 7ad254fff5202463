/** Which names on the Hub a pipeline or a command line needs; the downloader is loaded only when there is one. CLI. */
import { hubText, isHubName, parseHubName } from "../../core/hub-name.ts";
import type { AnyStage } from "../../dsl/stage.ts";
import type { Unfetched } from "./fetch.ts";

/** Downloads what the stages read and the cache lacks; gives what could not be had. */
export async function fetchReads(stages: ReadonlyArray<AnyStage>): Promise<Unfetched> {
  const names = stages.flatMap(({ reads }) => reads).filter(isHubName);
  if (names.length === 0) return new Map();
  const { fetchAll } = await import("./fetch.ts");
  return fetchAll(names);
}

/** Options whose names are those of data sets; all others name models. */
const ofData = /^--(data|test|cases|suite)(=|$)/;

/** Downloads what a command line names; text says what could not be had. */
export async function fetchArguments(argv: ReadonlyArray<string>): Promise<string | undefined> {
  const names = argv.flatMap((word, at) => {
    const option = word.startsWith("--") ? word : (argv[at - 1] ?? "");
    const value = word.replace(/^--[\w-]+=/, "");
    const texts = /^--suite(=|$)/.test(option) ? value.replace(/^\w+=/, "").split(",") : [value];
    return texts.filter(isHubName).flatMap((text) => {
      const name = parseHubName(text, ofData.test(option) ? "dataset" : "model");
      return name === undefined ? [] : [hubText(name)];
    });
  });
  if (names.length === 0) return undefined;
  const { fetchAll } = await import("./fetch.ts");
  const failed = [...(await fetchAll(names)).values()];
  return failed.length === 0 ? undefined : failed.map(({ message }) => message).join("\n");
}
