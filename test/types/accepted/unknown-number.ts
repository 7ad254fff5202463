/** Stages in a list whose length only the run knows. */
import { data, evaluate, grpo, model, pipeline, type Stage } from "rcpa";

const rounds = Array.from({ length: Number(process.env.ROUNDS ?? 2) }, (_, round) =>
  grpo({ steps: 100, optimizer: { learningRate: 1e-4 / (round + 1) } }),
);
const extra: ReadonlyArray<Stage> = [];

export default pipeline("rounds").pipe(model(), data(), ...rounds, ...extra, evaluate());
