/** Types of install.mjs, which stays plain JavaScript for npm's postinstall. */

/** What an install came to, in one line. */
export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
}

export function installEngine(say?: (step: string) => void): Promise<Outcome>;
