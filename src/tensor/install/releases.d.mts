/** Types of the pins in releases.mjs that others than the installer use. */
export const cpuWheel: {
  readonly requirement: string;
  readonly file: string;
  readonly sha256: string;
};
