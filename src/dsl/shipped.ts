/** Models that come with the package, by name. Serves the definition layer. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const shipped: Readonly<Record<string, string>> = {
  "tiny-vlm": fileURLToPath(new URL("../../assets/tiny-vlm", import.meta.url)),
};

/** The folder that `from` means: a path if there is one, else a shipped model by name. */
export function modelFolder(from: string): string {
  return (existsSync(from) ? undefined : shipped[from]) ?? resolve(from);
}
