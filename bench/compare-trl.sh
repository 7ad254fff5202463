#!/usr/bin/env bash
# A GRPO step here and in TRL, in turn: A B A B …; prints each pair's ratio, then the median. The last line is JSON.
#
#   PYTHON=VENV/bin/python bench/compare-trl.sh [PAIRS] [THREADS] [MODEL] [--prompts N --group N --max-new N --steps N]
#
# PYTHON has torch, transformers, trl 1.13, datasets and pillow. The machine should do nothing else meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

pairs=${1:-5}
threads=${2:-1}
model=${3:-test/golden/qwen2_5_vl/checkpoint}
shift $(($# < 3 ? $# : 3))
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

for ((pair = 1; pair <= pairs; pair++)); do
  ours=$(TF_NUM_INTRAOP_THREADS=$threads npx tsx bench/grpo-step.ts --model "$model" --json "$@" | tail -n 1)
  theirs=$("${PYTHON:-python3}" bench/trl_step.py "$model" --threads "$threads" "$@" 2>/dev/null | tail -n 1)
  echo "$ours	$theirs" >>"$rows"
  node -e '
    const [ours, theirs] = process.argv[1].split("\t").map((text) => JSON.parse(text));
    const seconds = (one) => one.median_step_s.toFixed(3);
    console.log(`pair ${process.argv[2]}: ${seconds(ours)} s, TRL ${seconds(theirs)} s, ratio ${(ours.median_step_s / theirs.median_step_s).toFixed(2)}`);
  ' "$(tail -n 1 "$rows")" "$pair"
done

node -e '
  const lines = require("node:fs").readFileSync(process.argv[1], "utf8").trim().split("\n");
  const pairs = lines.map((line) => line.split("\t").map((text) => JSON.parse(text)));
  const median = (values) => {
    const sorted = [...values].sort((a, b) => a - b);
    const half = sorted.length / 2;
    return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
  };
  const of = (side, name) => median(pairs.map((pair) => pair[side][name]));
  const ratios = pairs.map(([ours, theirs]) => ours.median_step_s / theirs.median_step_s);
  console.log(JSON.stringify({
    ratio: median(ratios), ratios,
    seconds: of(0, "median_step_s"), trl_seconds: of(1, "median_step_s"),
    mean_tokens: of(0, "mean_tokens"), trl_mean_tokens: of(1, "mean_tokens"),
    peak_rss_mib: of(0, "peak_rss_mib"), trl_peak_rss_mib: of(1, "peak_rss_mib"),
    parts_s: pairs.at(-1)[0].parts_s, threads: pairs[0][0].threads,
  }));
' "$rows"
