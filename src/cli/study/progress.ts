/** A line now and then about the cells at work. CLI. */
import { duration } from "../../core/duration.ts";
import type { ArmMaterial, Cell } from "../../report/study/material.ts";
import { settingsText } from "../../report/study/words.ts";
import { type CellId, cellText } from "./cells.ts";
import type { Told } from "./worker.ts";

const everyMs = 60_000;

/** Tells what happens, each cell's steps once a minute. */
export function teller(say: (text: string) => void, now: () => number = () => performance.now()) {
  const last = new Map<string, { at: number; since: number; stepping: string }>();
  const name = ({ phase, arm, seed }: CellId, settings = "") =>
    `${arm}${settings === "" ? "" : ` (${settings})`}, seed ${seed}${phase === "tune" ? ", choosing" : ""}`;
  return {
    started: (id: CellId, arms: ReadonlyArray<ArmMaterial>, open: number) => {
      last.set(cellText(id), { at: now(), since: now(), stepping: "" });
      const { candidates } = arms.find((arm) => arm.name === id.arm)!;
      const settings = settingsText(candidates[id.candidate]!.settings);
      say(`${name(id, settings)}: started, ${open === 1 ? "the last" : `${open} to go`}`);
    },
    event: (id: CellId, { _tag, stage, step, total, seconds, metrics, text }: Told) => {
      const own = last.get(cellText(id));
      if (_tag === "StageNote" && stage === own?.stepping) say(`${name(id)}: ${stage}: ${text}`);
      if (_tag === "StageResumed") say(`${name(id)}: ${stage} goes on after step ${step}`);
      if (_tag === "StageDone" && (seconds ?? 0) >= 1) {
        say(`${name(id)}: ${stage} done in ${duration(seconds!)}`);
      }
      if (_tag !== "StageProgress" || own === undefined) return;
      own.stepping = stage!;
      if (now() - own.at < everyMs) return;
      own.at = now();
      const accuracy = metrics?.accuracy;
      const share = accuracy === undefined ? "" : `, ${accuracy.toFixed(2)} right`;
      say(`${name(id)}: ${stage} step ${step} of ${total}${share}`);
    },
    ended: (id: CellId, { state, failure, validation }: Cell) => {
      const since = last.get(cellText(id))?.since ?? now();
      const took = duration((now() - since) / 1000);
      const reached = validation?.domain ?? null;
      if (state === "failed") say(`${name(id)}: failed: ${failure}`);
      if (state === "missing") say(`${name(id)}: not finished`);
      if (state === "done") {
        say(
          `${name(id)}: done in ${took}${reached === null ? "" : `, validation ${reached.toFixed(3)}`}`,
        );
      }
    },
  };
}
