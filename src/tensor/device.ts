/** What hardware is there: processor, NVIDIA GPU, memory now and at its peak. Serves engine choice and reports. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";

/** A compute device: its name, and its memory in GiB, all of it and what is free now. */
export interface Device {
  readonly name: string;
  readonly totalGiB: number;
  readonly freeGiB: number;
}

const KiB_PER_GiB = 1024 * 1024;

/** The NVIDIA GPU that TensorFlow would take (the last one listed), or the reason why there is none. */
export function nvidiaGpu(): Device | { readonly reason: string } {
  try {
    const fields = "--query-gpu=name,memory.total,memory.free";
    const output = execFileSync("nvidia-smi", [fields, "--format=csv,noheader,nounits"], {
      encoding: "utf8",
      timeout: 20_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return parseNvidia(output) ?? { reason: "no NVIDIA GPU: nvidia-smi lists none" };
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return {
      reason: missing
        ? "no NVIDIA GPU: nvidia-smi is not there"
        : "no usable NVIDIA GPU: nvidia-smi failed",
    };
  }
}

/** Reads the last line `name, total MiB, free MiB` of nvidia-smi's CSV; undefined when there is none. */
export function parseNvidia(csv: string): Device | undefined {
  const last = csv.trim().split("\n").at(-1) ?? "";
  const [name, total, free] = last.split(",").map((field) => field.trim());
  if (!name || !(Number(total) > 0) || free === undefined) return undefined;
  return { name, totalGiB: Number(total) / 1024, freeGiB: Number(free) / 1024 };
}

/** The processor; its free memory is what the kernel can give without swapping, within the container's limit. */
export function processor(): Device {
  const cpus = os.cpus();
  const total = memoryField("/proc/meminfo", "MemTotal") ?? os.totalmem() / 1024;
  const free = memoryField("/proc/meminfo", "MemAvailable") ?? os.freemem() / 1024;
  const limit = (process.constrainedMemory?.() || Number.POSITIVE_INFINITY) / 1024;
  return {
    name: `${cpus[0]?.model.trim() || os.arch()} (${os.availableParallelism()} cores)`,
    totalGiB: Math.min(total, limit) / KiB_PER_GiB,
    freeGiB: Math.min(free, limit) / KiB_PER_GiB,
  };
}

/** The largest resident memory that this process has had so far, in bytes. */
export function peakMemoryBytes(): number {
  const peak = memoryField("/proc/self/status", "VmHWM") ?? process.resourceUsage().maxRSS;
  return peak * 1024;
}

/** A field of a /proc file in KiB, or undefined where the file or field is not there. */
function memoryField(file: string, field: string): number | undefined {
  try {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"));
    return match ? Number(match[1]) : undefined;
  } catch {
    return undefined;
  }
}
