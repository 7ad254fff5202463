/** `rcpa report`: writes the page about a past run again, into its folder or elsewhere. CLI. */
import { readHistoryArgs, refusing } from "../history-args.ts";
import { writeReport } from "../past-runs.ts";
import { fromHere } from "../summary.ts";

/** Gives the exit code, or what is wrong with the arguments. */
export async function command(argv: ReadonlyArray<string>): Promise<number | string> {
  const args = readHistoryArgs(argv, 1, { to: true });
  if (typeof args === "string") return args;
  const { runs, out, to, json } = args;
  return refusing(async () => {
    const path = await writeReport(runs[0]!, { out, ...(to === undefined ? {} : { to }) });
    const text = json ? JSON.stringify({ report: path }) : `report ${fromHere(path)}`;
    process.stdout.write(`${text}\n`);
  });
}
