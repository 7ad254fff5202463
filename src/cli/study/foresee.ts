/** What a study would run and what that would cost, without running it. CLI. */
import { join, resolve } from "node:path";
import * as Effect from "effect/Effect";
import { duration } from "../../core/duration.ts";
import { settingsText } from "../../report/study/words.ts";
import { start } from "../../tensor/engine.ts";
import { type StageCost, stageCosts, timeError } from "../costs.ts";
import { flopText } from "../plan-text.ts";
import { columns } from "../table.ts";
import { type CellId, candidateOf, cellText, finalCells, tuningCells } from "./cells.ts";
import type { StudyJob } from "./job.ts";
import type { Survey } from "./survey.ts";

interface Foreseen {
  readonly id: CellId;
  readonly left: number;
  readonly flops: number;
  readonly seconds: number;
}

/** The matrix with estimates; what several cells share is counted with the first of them. */
export async function foresee(job: StudyJob, survey: Survey, engine: string): Promise<string> {
  const info = await Effect.runPromise(start(engine));
  const base = process.memoryUsage().rss;
  const cacheDir = join(resolve(job.args.out), "checks");
  const counted = new Set<string>();
  const rows: Array<Foreseen> = [];
  const arms = await survey.arms();
  for (const { name, chosen } of arms) {
    // As long as nothing is chosen, any candidate stands for the one that will be: the last costs most.
    const candidate = chosen ?? job.study.arms[name]!.candidates.length - 1;
    for (const id of [...tuningCells(job.study, name), ...finalCells(job.study, name, candidate)]) {
      const plan = await survey.plan(id);
      const ready = { plan, engine: info, execute: never };
      const costs = await stageCosts(ready, job.handlers, cacheDir, base);
      const own = costs.filter((_, at) => !counted.has(plan.stages[at]!.key));
      for (const { key } of plan.stages) counted.add(key);
      rows.push({ id, left: own.filter(isLeft).length, ...sumOf(own) });
    }
  }
  return asText(job, rows, engine);
}

const never = () => {
  throw new Error("a dry run runs nothing");
};

const isLeft = ({ steps, flops }: StageCost) => steps > 0 || flops !== 0;

const sumOf = (costs: ReadonlyArray<StageCost>) => ({
  flops: costs.reduce((sum, { flops = 0 }) => sum + flops, 0),
  seconds: costs.reduce((sum, { seconds = 0 }) => sum + seconds, 0),
});

function asText(job: StudyJob, rows: ReadonlyArray<Foreseen>, engine: string): string {
  const groups = new Map<string, Array<Foreseen>>();
  for (const row of rows) {
    const { phase, arm, candidate } = row.id;
    const group = cellText({ phase, arm, candidate, seed: 0 });
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  const lines = [...groups.values()].map((group) => {
    const { id } = group[0]!;
    const { flops, seconds } = total(group);
    return [
      ...[id.arm, settingsText(candidateOf(job.study, id).settings)],
      id.phase === "tune" ? "choose" : "compare",
      `seed ${group.map((one) => one.id.seed).join(", ")}`,
      group.every(({ left }) => left === 0) ? "stored" : `${flopText(flops)}, ${duration(seconds)}`,
    ];
  });
  const { flops, seconds } = total(rows);
  const open = rows.filter(({ left }) => left > 0).length;
  return [
    `study ${job.study.name} on ${engine}: ${rows.length} runs, ${rows.length - open} of them stored`,
    ...columns(lines).map((line) => `  ${line}`),
    `in all: ${flopText(flops)}, about ${duration(seconds)} one after the other (± ${timeError * 100} %)`,
    "comparing is estimated with the last setting of an arm where none is chosen yet",
  ].join("\n");
}

const total = (rows: ReadonlyArray<Foreseen>) => ({
  flops: rows.reduce((sum, one) => sum + one.flops, 0),
  seconds: rows.reduce((sum, one) => sum + one.seconds, 0),
});
