/** Types of archive.mjs, which stays plain JavaScript for npm's postinstall. */
export function sha256(file: string): Promise<string>;
export function checkSha256(file: string, expected: string): Promise<void>;
export function unpackTarball(file: string, integrity: string, into: string): void;
export const wheelExtractor: string;
