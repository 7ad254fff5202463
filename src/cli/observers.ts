/** What a run leaves besides its results: TensorBoard files while it goes, a report when it has ended. CLI. */
import type { Attend } from "../runtime/observer.ts";
import { eventWriter } from "./streams.ts";

/**
 * Who attends a run; with `events`, also who writes its events to stderr.
 *
 * None fails a run: what cannot be written is told to `say`, once.
 */
export async function observers(
  say: (text: string) => void,
  events: boolean,
): Promise<ReadonlyArray<Attend>> {
  const { tensorboard } = await import("../report/tensorboard.ts");
  return [
    (runDir) => ({ hear: untilItFails(tensorboard(runDir), say) }),
    (runDir) => ({ close: () => report(runDir, say) }),
    ...(events ? [eventWriter] : []),
  ];
}

function untilItFails<A>(hear: (event: A) => void, say: (text: string) => void) {
  let failed = false;
  return (event: A) => {
    if (failed) return;
    try {
      hear(event);
    } catch (error) {
      failed = true;
      say(`no TensorBoard files: ${(error as Error).message}`);
    }
  };
}

async function report(runDir: string, say: (text: string) => void): Promise<void> {
  try {
    const { writeReport } = await import("../report/report.ts");
    await writeReport(runDir);
  } catch (error) {
    say(`no report: ${(error as Error).message}`);
  }
}
