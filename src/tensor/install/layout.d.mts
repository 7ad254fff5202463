/** Types of layout.mjs, which stays plain JavaScript for npm's postinstall. */

/** One of the two builds of the native library. */
export type Variant = "cpu" | "gpu";

/** An installed variant; `binding` and `javascript` are absolute paths once read. */
export interface Manifest {
  readonly home: string;
  readonly binding: string;
  readonly javascript: string;
  readonly tensorflow: string;
  readonly way: "wheel" | "package";
}

/** The outcome of an install attempt. */
export interface Attempt {
  readonly at: string;
  readonly ok: boolean;
  readonly message: string;
}

export const TENSORFLOW: string;
export const BINDINGS: string;
export function cacheRoot(env?: NodeJS.ProcessEnv): string;
export function variantHome(variant: Variant, env?: NodeJS.ProcessEnv): string;
export function readManifest(variant: Variant, env?: NodeJS.ProcessEnv): Manifest | null;
export function readAttempt(variant: Variant, env?: NodeJS.ProcessEnv): Attempt | null;
export function writeAttempt(
  variant: Variant,
  attempt: Omit<Attempt, "at">,
  env?: NodeJS.ProcessEnv,
): void;
export function writeJson(file: string, value: unknown): void;
