/** From the bytes of tensors to the memory that a device or a process will show. CLI. */

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** Resident memory of a process whose native engine has started and done nothing yet. */
const startedBytes = 480 * MiB;
/** What the host holds in a run: examples, prompts, values read back. */
const hostBytes = 200 * MiB;
/** The allocator does not give back all that tensors took. */
const unreturned = 1.3;

/**
 * Memory at the worst moment: of the tensors alone on a GPU, of the whole process on a processor.
 *
 * @param before resident bytes before any work, where they are known
 * Source: measured on the geometry pipeline; docs/log.md.
 */
export function footprint(tensors: number, onGpu: boolean, before = startedBytes): number {
  return onGpu ? tensors : before + hostBytes + unreturned * tensors;
}

/** How far the estimate of memory may be above what is really taken, as a share; docs/log.md. */
export const memoryError = 0.3;

/** Bytes in GiB, with two digits that count. */
export function gib(bytes: number): string {
  const value = bytes / GiB;
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} GiB`;
}
