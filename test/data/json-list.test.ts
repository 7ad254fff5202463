/** Lists in large JSON files: every element comes back whole, and damage is told. */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { jsonElementAt, jsonList } from "../../src/data/json-list.ts";
import { damagedText } from "../support/damage.ts";
import { temporaryFolder } from "../support/folder.ts";

function written(text: string): string {
  const path = join(temporaryFolder(), "list.json");
  writeFileSync(path, text);
  return path;
}

const valuesOf = (text: string, key = "list") =>
  [...jsonList(written(text), key)].map((one) => ("value" in one ? one.value : one.problem));

describe("jsonList", () => {
  it("gives the objects under the key of the outermost object, wherever else the word stands", () => {
    const list = [{ a: 'text " ] } \\', list: [{ b: 1 }] }, { c: [[], {}] }];
    const around = { x: "list", deep: { list: [{ no: 1 }] }, other: [{ no: 2 }], '"list': [{}] };
    for (const space of [undefined, 2]) {
      expect(valuesOf(JSON.stringify({ ...around, list, z: [{}] }, null, space))).toEqual(list);
    }
    expect(valuesOf('{"list":[]}')).toEqual([]);
  });

  it("tells a list that is missing, cut off or holds what is no JSON", () => {
    expect(valuesOf('{"other":[{}]}')).toEqual(['has no list "list"']);
    expect(valuesOf("")).toEqual(['has no list "list"']);
    expect(valuesOf('{"list":[{"a":1},{"b"')).toEqual([{ a: 1 }, 'ends within its list "list"']);
    expect(valuesOf('{"list":[{"a":},{"b":2}]}')).toEqual([
      expect.stringContaining("is not valid JSON"),
      { b: 2 },
    ]);
    const long = { text: "x".repeat(2 ** 21) };
    expect(valuesOf(JSON.stringify({ list: [long, { b: 2 }] }))).toEqual([
      "is longer than 1048576 bytes",
      { b: 2 },
    ]);
  });

  it("gives elements of any size across the pieces in which a file is read, also by their places", () => {
    const random = stream(1, "json-list");
    const list = Array.from({ length: 400 }, (_, id) => ({
      id,
      é: "ü]".repeat(random.integer(2000)),
    }));
    const path = written(JSON.stringify({ list }));
    const found = [...jsonList(path, "list")];
    expect(found.map((one) => "value" in one && one.value)).toEqual(list);
    const file = openSync(path, "r");
    for (const at of [0, 17, 399]) expect(jsonElementAt(file, found[at]!)).toEqual(list[at]);
    closeSync(file);
  });

  it("takes any damage without failing", () => {
    const random = stream(2, "json-list");
    const text = JSON.stringify({ info: {}, list: [{ a: "b" }, { c: [1, "]"] }] });
    for (let round = 0; round < 300; round++) {
      const path = written(damagedText(text, random, ['"', "[", "]", "{", "}", "\\", "list"]));
      expect([...jsonList(path, "list")].length).toBeLessThan(20);
    }
  });
});
