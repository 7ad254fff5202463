import { appendFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import * as Schema from "effect/Schema";
import { describe, expect, it } from "vitest";
import { lineFile } from "../../src/runtime/line-file.ts";
import { temporaryDir } from "../support/runtime.ts";

const numbers = lineFile(Schema.Struct({ value: Schema.Number }));
const file = () => join(temporaryDir(), "numbers.jsonl");

describe("a line file", () => {
  it("gives back what was appended, without torn and unknown lines", () => {
    const path = file();
    numbers.append(path, { value: 1 });
    appendFileSync(path, '{"other":1}\n');
    numbers.append(path, { value: Number.NEGATIVE_INFINITY });
    appendFileSync(path, '{"value":');
    expect(numbers.read(path)).toEqual([{ value: 1 }, { value: Number.NEGATIVE_INFINITY }]);
  });

  it("is empty when it is not there, and rewinding does not make it", () => {
    const path = file();
    numbers.rewind(path, () => true);
    expect(readdirSync(dirname(path))).toEqual([]);
    expect(numbers.read(path)).toEqual([]);
  });

  it("keeps on rewinding what is asked for, and mends a torn end", () => {
    const path = file();
    for (const value of [1, 2, 3]) numbers.append(path, { value });
    appendFileSync(path, '{"val');
    numbers.rewind(path, ({ value }) => value < 3);
    numbers.append(path, { value: 4 });
    expect(numbers.read(path).map(({ value }) => value)).toEqual([1, 2, 4]);
    expect(readdirSync(dirname(path))).toEqual(["numbers.jsonl"]);
  });
});
