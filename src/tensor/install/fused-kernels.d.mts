/** Types of fused-kernels.mjs, which stays plain JavaScript for npm's postinstall. */

/** The compiled kernels of this checkout below the variant's home, whether they are there or not. */
export function fusedFile(home: string): string;
