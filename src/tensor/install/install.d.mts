/** Types of install.mjs, which stays plain JavaScript for npm's postinstall. */
import type { Variant } from "./layout.mjs";

/** What an install came to, in one line. */
export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
}

export function installEngine(say?: (step: string) => void): Promise<Outcome>;
export function installVariant(variant: Variant, say?: (step: string) => void): Promise<Outcome>;
