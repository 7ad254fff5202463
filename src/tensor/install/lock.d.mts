/** Types of lock.mjs, which stays plain JavaScript for npm's postinstall. */
export function withLock<A>(
  folder: string,
  work: () => Promise<A>,
  options?: { readonly seconds?: number },
): Promise<A>;
