/** Types of those steps in steps.mjs that others than the installer use. */
export function once(target: string, fill: (partial: string) => Promise<void>): Promise<void>;
export function fetchCpuLibrary(home: string, say: (step: string) => void): Promise<void>;
