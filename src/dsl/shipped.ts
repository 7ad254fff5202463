/** Models that come with the package, by name. Serves the definition layer. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hubText, localPath, parseHubName } from "../core/hub-name.ts";

const shipped: Readonly<Record<string, string>> = {
  "tiny-vlm": fileURLToPath(new URL("../../assets/tiny-vlm", import.meta.url)),
};

/** The folder that `from` means: a path if there is one, a shipped model by name, or one of the Hub within the cache. */
export function modelFolder(from: string): string {
  return (existsSync(from) ? undefined : shipped[from]) ?? localPath(from);
}

/** What a result depends on when it depends on that model: the folder, or the name on the Hub in full. */
export function modelPlace(from: string): string {
  const name = existsSync(from) ? undefined : parseHubName(from);
  return name === undefined ? modelFolder(from) : hubText(name);
}
