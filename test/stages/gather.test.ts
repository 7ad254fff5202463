import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readGathered } from "../../src/data/gathered.ts";
import { shapeNames } from "../../src/data/shape.ts";
import { temporaryFolder } from "../support/folder.ts";
import { gathered, refusal } from "../support/gathered.ts";
import { problems, referenceField, writeOwnData } from "../support/own-data.ts";

describe("gather", () => {
  it.each(shapeNames)(
    "reads the shape %s: the same texts and pixels in every part",
    async (shape) => {
      const examples = problems(12, 8);
      const jsonl = await writeOwnData(temporaryFolder(), shape, examples);
      const fields = { reference: referenceField[shape] };
      const { dir, outcome } = await gathered({ jsonl, fields, test: 0.2, validation: 0.1 });
      expect(outcome).toMatchObject({
        success: { file: jsonl, train: 14, validation: 2, test: 4 },
      });
      const { parts, worked } = readGathered(dir);
      const all = [...parts.train, ...parts.validation, ...parts.test];
      expect(worked).toEqual(parts.train.filter(({ reference }) => reference !== undefined));
      for (const original of examples) {
        const [found, ...more] = all.filter(
          ({ image }) => Buffer.compare(image.data, original.image.data) === 0,
        );
        expect(more).toEqual([]);
        const { question, answer, reference, image, family } = found!;
        expect({ question, answer, reference, image }).toEqual({
          ...{ question: original.question, answer: original.answer, image: original.image },
          reference: original.reference,
        });
        expect(family).toBe("own");
      }
    },
  );

  it("puts the instruction below each question and shrinks large images", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "easyr1", problems(2, 8));
    await sharp({ create: { width: 400, height: 100, channels: 3, background: "red" } })
      .png()
      .toFile(join(dir, "images/0.png"));
    const { dir: out } = await gathered({ jsonl, instruction: "Be brief.", maxPixels: 10_000 });
    const { parts } = readGathered(out);
    const all = Object.values(parts).flat();
    expect(all.every(({ question }) => question.endsWith("\nBe brief."))).toBe(true);
    const sizes = all.map(({ image }) => `${image.width}x${image.height}`);
    expect(sizes.filter((size) => size !== "48x48")).toEqual(["200x50"]);
  });

  it("takes test rows from a file of their own and leaves out training rows like them", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "trl", problems(10, 10));
    const lines = readFileSync(jsonl, "utf8").trim().split("\n");
    const test = join(dir, "test.jsonl");
    writeFileSync(test, lines.slice(0, 3).join("\n"));
    const { outcome, notes } = await gathered({ jsonl, test });
    expect(outcome).toMatchObject({ success: { train: 15, validation: 2, test: 3 } });
    expect(notes.join()).toContain("3 rows left out");
  });

  it("says all that is wrong with file, line and field", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "easyr1", problems(4, 4));
    const rows = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    rows[1].answer = {};
    rows[2].rationale = "3 <answer>99</answer>";
    rows[3].images = ["images/absent.png"];
    rows[4].images = ["../escape.png"];
    rows[5].problem = "";
    writeFileSync(join(dir, "images/6.png"), Buffer.from("\x89PNG\r\n\x1a\nbroken", "latin1"));
    writeFileSync(jsonl, [...rows.map((row) => JSON.stringify(row)), "{"].join("\n"));
    const message = await refusal({ jsonl, fields: { reference: "rationale" } });
    const places = message.match(/train\.jsonl:\d+(:\w+)?/g);
    expect(places).toEqual([
      ...["train.jsonl:2:answer", "train.jsonl:3:answer", "train.jsonl:4:images"],
      ...["train.jsonl:5:images", "train.jsonl:6:problem", "train.jsonl:7:images"],
      "train.jsonl:9",
    ]);
    expect(message).toContain("7 problems");
    expect(message).toContain("the worked reference answers 99");
  });

  it("stops after twenty problems", async () => {
    const jsonl = join(temporaryFolder(), "train.jsonl");
    writeFileSync(jsonl, '{"problem": "?"}\n'.repeat(500));
    const message = await refusal({ jsonl });
    expect(message.split("\n")).toHaveLength(22);
    expect(message).toContain("reading stopped here");
  });

  it("says why a part stays empty", async () => {
    const jsonl = await writeOwnData(temporaryFolder(), "trl", problems(3, 3));
    const rows = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    writeFileSync(jsonl, rows.map((row) => JSON.stringify({ ...row, prompt: "same" })).join("\n"));
    expect(await refusal({ jsonl, distinct: "image-or-question" })).toContain(
      'nothing is left for validation of 6 rows: rows that share an image or a question stay together; distinct: "image" lets questions recur',
    );
    expect((await gathered({ jsonl })).outcome._tag).toBe("Success");
  });

  it("leaves out rows that lack image or answer when it may, and counts them", async () => {
    const jsonl = await writeOwnData(temporaryFolder(), "easyr1", problems(4, 6));
    const rows = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => ({ ...JSON.parse(line), problem: "how many ?" }));
    rows[1].answer = null;
    rows[2].images = [];
    const write = () => writeFileSync(jsonl, rows.map((row) => JSON.stringify(row)).join("\n"));
    write();
    expect(await refusal({ jsonl })).toContain("2 problems");
    const { outcome, notes } = await gathered({ jsonl, gaps: "skip" });
    expect(outcome).toMatchObject({ success: { train: 6, validation: 1, test: 1 } });
    expect(notes).toEqual([`${jsonl}: 2 rows left out, which lack an image or an answer`]);
    rows[3].answer = {};
    write();
    expect(await refusal({ jsonl, gaps: "skip" })).toMatch(/^1 problem .*\n.*jsonl:4:answer: /);
  });

  it("prefers a problem with its solution to the same one without, of whatever file", async () => {
    const dir = temporaryFolder();
    const open = await writeOwnData(dir, "easyr1", problems(4, 6));
    const [worked, plain] = [join(dir, "worked.jsonl"), join(dir, "open.json")];
    const lines = readFileSync(open, "utf8").trim().split("\n");
    writeFileSync(worked, lines.slice(0, 4).join("\n"));
    const rows = lines.map((line) => ({ ...JSON.parse(line), rationale: null }));
    writeFileSync(plain, JSON.stringify(rows));
    const fields = { reference: "rationale" };
    const held = { test: 0.1, validation: 0.1 };
    const {
      dir: out,
      outcome,
      notes,
    } = await gathered({
      ...{ jsonl: [plain, worked], fields, ...held },
    });
    expect(outcome._tag).toBe("Success");
    const { parts, worked: found } = readGathered(out);
    const ids = parts.train.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(found.length).toBeGreaterThan(0);
    expect(notes.join()).toContain(
      `${plain}: ${found.length} rows left out, which come again with a worked reference`,
    );
  });

  it("says that the named field holds no references", async () => {
    const jsonl = await writeOwnData(temporaryFolder(), "easyr1", problems(0, 6));
    expect(await refusal({ jsonl, fields: { reference: "rationale" } })).toContain(
      "no training row has thoughts in its field rationale",
    );
  });

  it("reads paths from the folder that images names", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "llava", problems(3, 3));
    const moved = join(temporaryFolder(), "train.jsonl");
    copyFileSync(jsonl, moved);
    rmSync(jsonl);
    expect(await refusal({ jsonl: moved })).toContain("there is no file");
    expect((await gathered({ jsonl: moved, images: dir })).outcome._tag).toBe("Success");
    expect(existsSync(jsonl)).toBe(false);
  });
});

describe("Parquet and folders", () => {
  /** Rows of `train.jsonl` as Parquet, images as bytes beside their paths. */
  async function asParquet(dir: string, jsonl: string, path: string, from: number, to: number) {
    const rows = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .slice(from, to);
    const texts = (name: string) => ({ name, data: rows.map((row) => row[name]) });
    const images = rows.map((row) =>
      row.images.map((image: string) => ({
        path: image,
        bytes: new Uint8Array(readFileSync(join(dir, image))),
      })),
    );
    const text = {
      type: "BYTE_ARRAY",
      converted_type: "UTF8",
      repetition_type: "OPTIONAL",
    } as const;
    const schema = [
      { name: "root", num_children: 4 },
      ...["problem", "answer", "rationale"].map((name) => ({ name, ...text })),
      { name: "images", num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
      { name: "list", num_children: 1, repetition_type: "REPEATED" },
      { name: "element", num_children: 2, repetition_type: "OPTIONAL" },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", ...text },
    ] as const;
    const columnData = [
      ...["problem", "answer", "rationale"].map(texts),
      { name: "images", data: images },
    ];
    mkdirSync(dirname(path), { recursive: true });
    const options = { columnData, schema: [...schema], rowGroupSize: 7 };
    writeFileSync(path, new Uint8Array(parquetWriteBuffer(options)));
  }

  const contentOf = (dir: string) =>
    Object.values(readGathered(dir).parts)
      .flat()
      .map(({ id, question, answer, reference }) => ({ id, question, answer, reference }));

  it("give the same examples as lines of JSON", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "easyr1", problems(12, 8));
    const data = join(dir, "set/data");
    await asParquet(dir, jsonl, join(data, "train-00000-of-00002.parquet"), 0, 11);
    await asParquet(dir, jsonl, join(data, "train-00001-of-00002.parquet"), 11, 20);
    const parquet = ["0", "1"].map((part) => join(data, `train-0000${part}-of-00002.parquet`));
    const fields = { reference: "rationale" };
    const lines = await gathered({ jsonl, fields });
    const files = await gathered({ parquet: [parquet[0]!, parquet[1]!], fields });
    const folder = await gathered({ folder: join(dir, "set"), fields });
    for (const one of [files, folder]) {
      expect(one.outcome).toMatchObject({ success: { train: 16, validation: 2, test: 2 } });
      expect(contentOf(one.dir)).toEqual(contentOf(lines.dir));
    }
  });

  it("take held-out examples from splits, and name those there are", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "easyr1", problems(10, 10));
    await asParquet(dir, jsonl, join(dir, "set/train.parquet"), 0, 15);
    await asParquet(dir, jsonl, join(dir, "set/test.parquet"), 15, 20);
    const folder = join(dir, "set");
    const { outcome } = await gathered({ folder });
    expect(outcome).toMatchObject({ success: { file: folder, validation: 2, test: 5 } });
    expect(await refusal({ folder, test: "dev" })).toContain(
      "has no split dev; its splits are test (1 file), train (1 file)",
    );
  });

  it("say which row has more images than can be used, and stop after maxErrors", async () => {
    const dir = temporaryFolder();
    const jsonl = await writeOwnData(dir, "easyr1", problems(4, 4));
    const rows = readFileSync(jsonl, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    rows[2].images.push("images/0.png");
    rows[3].images.push("images/0.png");
    rows[3].problem = `<image>${rows[3].problem}`;
    rows[5].images = [];
    writeFileSync(jsonl, rows.map((row) => JSON.stringify(row)).join("\n"));
    const parquet = join(dir, "train.parquet");
    await asParquet(dir, jsonl, parquet, 0, 8);
    const message = await refusal({ parquet });
    expect(message).toContain("train.parquet:3:problem: has 1 <image> tag(s), but the row has 2");
    expect(message).toContain("train.parquet:4:images: holds 2 images; an example has exactly one");
    expect(message).toContain("train.parquet:6:problem: has 1 <image> tag(s), but the row has 0");
    expect(message).not.toContain("reading stopped");
    expect(await refusal({ parquet, maxErrors: 2 })).toMatch(
      /^2 problems[\s\S]*reading stopped here$/,
    );
  });
});

it("takes large images from those of earlier runs", async () => {
  const dir = temporaryFolder();
  vi.stubEnv("RCPA_CACHE", join(dir, "cache"));
  onTestFinished(() => void vi.unstubAllEnvs());
  const jsonl = await writeOwnData(dir, "easyr1", problems(5, 5));
  for (const index of [0, 1]) {
    await sharp({ create: { width: 400, height: 300 + index, channels: 3, background: "red" } })
      .png()
      .toFile(join(dir, `images/${index}.png`));
  }
  const first = await gathered({ jsonl, maxPixels: 10_000 });
  expect(readdirSync(join(dir, "cache/images"), { recursive: true })).toHaveLength(4);
  const second = await gathered({ jsonl, maxPixels: 10_000 });
  expect(second.outcome._tag).toBe("Success");
  for (const file of ["examples.jsonl", "images.bin", "parts.json"]) {
    expect(readFileSync(join(second.dir, file))).toEqual(readFileSync(join(first.dir, file)));
  }
});
