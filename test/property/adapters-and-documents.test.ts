/** Adapter configurations, JSON documents and tables that nobody vouches for, damaged in thousands of ways. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { documentRows } from "../../src/data/json-document.ts";
import { tsvRows } from "../../src/data/tsv.ts";
import { readModelFolder } from "../../src/models/folder.ts";
import { readPeftFolder } from "../../src/models/lora/peft-folder.ts";
import { ModelFolderInvalid } from "../../src/models/model-folder-invalid.ts";
import { damaged, damagedText, folderForDamage, oddValues } from "../support/damage.ts";
import { goldenModels } from "../support/golden.ts";

const ROUNDS = 10_000;
const dir = folderForDamage();

it("an adapter's configuration is refused by its field, or means what it says", {
  timeout: 300_000,
}, () => {
  const golden = fileURLToPath(new URL("../golden/lora/qwen2_vl/adapter", import.meta.url));
  const { config } = readModelFolder(goldenModels("qwen2_vl")[0]!.checkpoint);
  copyFileSync(join(golden, "adapter_model.safetensors"), join(dir, "adapter_model.safetensors"));
  const path = join(dir, "adapter_config.json");
  const whole = JSON.parse(readFileSync(join(golden, "adapter_config.json"), "utf8"));
  const random = stream(1, "adapter");
  const damage = { pieces: ["", "lora", "LORA", "__proto__", "\0"], values: [...oddValues, 4, 8] };
  let accepted = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const changed = damaged(whole, random, damage);
    const text = JSON.stringify(changed) ?? "";
    writeFileSync(
      path,
      random.integer(4) === 0 ? damagedText(text, random, ["{", '"', "1e999"]) : text,
    );
    try {
      const { settings, pairs } = readPeftFolder(dir, config);
      expect(settings.rank).toBe(whole.r);
      expect(Number.isFinite(settings.alpha)).toBe(true);
      expect(settings.dropout).toBeGreaterThanOrEqual(0);
      expect(settings.dropout).toBeLessThan(1);
      expect(pairs.size).toBeGreaterThan(0);
      accepted++;
    } catch (error) {
      if (!(error instanceof ModelFolderInvalid)) throw error;
      if (error.message.length > 3000) throw new Error("a message without end");
    }
  }
  expect(accepted).toBeGreaterThan(ROUNDS / 100);
  expect(accepted).toBeLessThan(ROUNDS);
});

it("a JSON document gives rows, each a value or a problem, or is refused in words", {
  timeout: 300_000,
}, () => {
  const path = join(dir, "rows.json");
  const coco = {
    info: { year: 2017 },
    images: [
      { id: 1, file_name: "1.jpg" },
      { id: 2, file_name: "2.jpg" },
    ],
    annotations: [
      { image_id: 1, caption: "A room." },
      { image_id: 2, caption: "A bear." },
    ],
  };
  const random = stream(1, "document");
  const damage = { pieces: ["", "__proto__", "\0", "\ud800"], values: [...oddValues, 1, 2] };
  let rows = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = JSON.stringify(damaged(round % 2 === 0 ? coco : coco.annotations, random, damage));
    writeFileSync(
      path,
      random.integer(3) === 0 ? damagedText(text ?? "", random, ["[", "}", ","]) : (text ?? ""),
    );
    try {
      for (const row of documentRows(path)) {
        expect(row.number).toBeGreaterThan(0);
        expect(row.share).toBeLessThanOrEqual(1);
        expect("value" in row || row.problem.length < 500).toBe(true);
        rows++;
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (error.message.length > 1000) throw new Error("a message without end");
    }
  }
  expect(rows).toBeGreaterThan(ROUNDS / 2);
});

it("a table gives rows of as many cells as it has columns, or problems", {
  timeout: 300_000,
}, () => {
  const path = join(dir, "rows.tsv");
  const whole =
    'index\tquestion\tA\tanswer\n1\t"What\tis\nit?"\tred\tA\n2\tWhy?\t\tA\n3\tHow?\t"x"""\tA\n';
  const random = stream(1, "table");
  const pieces = ["\t", "\n", '"', '""', "\r\n", "\0", "é", "1\t2\t3\t4\n"];
  let sound = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let text = whole;
    for (let times = random.integer(3); times >= 0; times--)
      text = damagedText(text, random, pieces);
    writeFileSync(path, text);
    const counts = new Set<number>();
    for (const row of tsvRows(path)) {
      if ("value" in row) {
        counts.add(Object.keys(row.value).length);
        sound++;
      } else expect(row.problem.length).toBeLessThan(500);
    }
    expect(counts.size).toBeLessThanOrEqual(1);
  }
  expect(sound).toBeGreaterThan(ROUNDS / 2);
});
