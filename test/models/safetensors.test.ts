/** Safetensors files: exact round trips, exact widening, and refusal of every damaged header. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { NamedArray } from "../../src/core/named-array.ts";
import { stream } from "../../src/core/seed.ts";
import {
  pieceReader,
  readSafetensors,
  SafetensorsUnwritable,
  writeSafetensors,
} from "../../src/models/safetensors.ts";
import { readSafetensorsHeader, SafetensorsInvalid } from "../../src/models/safetensors-header.ts";

const dir = mkdtempSync(join(tmpdir(), "rcpa-safetensors-"));
afterAll(() => rmSync(dir, { recursive: true }));

/** Writes a file by hand: any header, any data. */
function craft(header: unknown, data: Uint8Array = new Uint8Array(0)): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const path = join(dir, "crafted.safetensors");
  writeFileSync(path, Buffer.concat([length, json, data]));
  return path;
}

function failure(path: string): SafetensorsInvalid {
  try {
    readSafetensors(path);
  } catch (error) {
    expect(error).toBeInstanceOf(SafetensorsInvalid);
    const invalid = error as SafetensorsInvalid;
    expect(invalid.message).toContain(path);
    expect(invalid.message).toContain(invalid.field);
    return invalid;
  }
  throw new Error("the file was accepted");
}

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("round trip", () => {
  it("keeps every bit, shape and name of random arrays", () => {
    const path = join(dir, "round.safetensors");
    for (let trial = 0; trial < 30; trial++) {
      const random = stream(7, "round", trial);
      const arrays = new Map<string, NamedArray>();
      for (let i = 0; i < random.integer(6); i++) {
        const shape = Array.from({ length: random.integer(4) }, () => random.integer(5));
        const size = shape.reduce((product, length) => product * length, 1);
        // Some arrays are views into a larger buffer.
        const data = new Float32Array(size + 3).subarray(3).map(() => random.normal());
        arrays.set(`t${i}."é\\`, { shape, data });
      }
      writeSafetensors(path, arrays);
      const found = readSafetensors(path);
      expect(new Map([...found].sort())).toEqual(new Map([...arrays].sort()));
    }
  });

  it("keeps special values bit for bit", () => {
    const path = join(dir, "special.safetensors");
    const data = Float32Array.of(-0, Infinity, -Infinity, NaN, 1e-45, 3.4028235e38);
    writeSafetensors(path, new Map([["x", { shape: [6], data }]]));
    expect(readSafetensors(path).get("x")!.data).toEqual(data);
  });

  it("gives equal bytes for equal content, whatever the order, with data aligned to 8 bytes", () => {
    const one = { shape: [1], data: Float32Array.of(1) };
    const two = { shape: [2], data: Float32Array.of(2, 3) };
    const paths = ["a", "b"].map((name) => join(dir, `${name}.safetensors`));
    writeSafetensors(
      paths[0]!,
      new Map([
        ["one", one],
        ["two", two],
      ]),
    );
    writeSafetensors(
      paths[1]!,
      new Map([
        ["two", two],
        ["one", one],
      ]),
    );
    const bytes = readFileSync(paths[0]!);
    expect(bytes.equals(readFileSync(paths[1]!))).toBe(true);
    const header = Number(bytes.readBigUInt64LE());
    expect(header % 8).toBe(0);
    expect(JSON.parse(bytes.subarray(8, 8 + header).toString()).__metadata__).toEqual({
      format: "pt",
    });
  });
});

describe("half precision", () => {
  it("widens bfloat16 exactly: the upper half of a float32", () => {
    const halves = Uint16Array.of(0x3f80, 0xbf80, 0x0001, 0x8000, 0x7f80, 0xff80, 0x4049);
    const path = craft({ x: entry(0, 14, [7], "BF16") }, new Uint8Array(halves.buffer));
    const expected = [1, -1, 2 ** -133, -0, Infinity, -Infinity, 3.140625];
    expect([...readSafetensors(path).get("x")!.data]).toEqual(expected);
  });

  it("widens float16 exactly, subnormals and infinities too", () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x83ff, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    const path = craft({ x: entry(0, 16, [8], "F16") }, new Uint8Array(halves.buffer));
    const expected = [1, -2, 2 ** -24, -1023 * 2 ** -24, 65504, Infinity, -Infinity, NaN];
    expect([...readSafetensors(path).get("x")!.data]).toEqual(expected);
  });
});

describe("in pieces", () => {
  const random = stream(7, "pieces");
  // More than one piece of half a MiB, a row that is larger than that, and tensors of one piece.
  const shapes = [[700, 300], [3, 2 ** 18 + 1], [5], [], [0, 4], [1300, 2, 150]];
  const bytesOf = (dtype: string) => (dtype === "F32" ? 4 : 2);

  it.each(["F32", "F16", "BF16"])("reads what it reads whole, whole rows each, %s", (dtype) => {
    let at = 0;
    const header = shapes.map((shape, index) => {
      const length = bytesOf(dtype) * shape.reduce((product, size) => product * size, 1);
      at += length;
      return [`t${index}`, entry(at - length, at, shape, dtype)] as const;
    });
    const data = new Uint8Array(at).map(() => random.integer(256));
    // As bits: a number that is none is not equal to itself.
    const bits = (values: Float32Array) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
    const path = craft(Object.fromEntries(header), data);
    const read = pieceReader();
    const whole = readSafetensors(path);
    for (const [name, place] of readSafetensorsHeader(path)) {
      const { shape, pieces, copyTo } = read(path, place);
      const row = shape.slice(1).reduce((product, size) => product * size, 1);
      const joined = new Float32Array(whole.get(name)!.data.length);
      let done = 0;
      let count = 0;
      for (const piece of pieces()) {
        expect(piece.length % row).toBe(0);
        joined.set(piece, done);
        done += piece.length;
        count++;
      }
      expect(done).toBe(joined.length);
      expect(bits(joined)).toBe(bits(whole.get(name)!.data));
      const copied = new Float32Array(joined.length);
      copyTo(copied);
      expect(bits(copied)).toBe(bits(joined));
      if (name === "t0" || name === "t1") expect(count).toBeGreaterThan(dtype === "F32" ? 1 : 0);
    }
  });

  it("refuses a file that was cut after its header was read", () => {
    const path = craft({ x: entry(0, 2 ** 21, [2, 2 ** 18]) }, new Uint8Array(2 ** 21));
    const place = readSafetensorsHeader(path).get("x")!;
    truncateSync(path, 2 ** 20 + 5);
    expect(() => [...pieceReader()(path, place).pieces()]).toThrow(/ends at byte/);
  });
});

describe("damaged files", () => {
  const data = new Uint8Array(16);
  const cases: ReadonlyArray<readonly [string, unknown, Uint8Array, field: string, RegExp]> = [
    ["not JSON", "{nonsense", data, "header", /JSON/],
    ["a list", "[]", data, "header", /object/],
    ["an entry that is a number", { x: 1 }, data, "x", /object/],
    ["an integer dtype", { x: entry(0, 16, [4], "I32") }, data, "x", /"I32".*F32, F16 or BF16/],
    ["a dtype from Object.prototype", { x: entry(0, 16, [4], "toString") }, data, "x", /dtype/],
    ["a negative size", { x: entry(0, 16, [-4]) }, data, "x", /shape/],
    ["a fractional size", { x: entry(0, 16, [0.5]) }, data, "x", /shape/],
    ["an absurd size", { x: entry(0, 16, [2 ** 40, 2 ** 40]) }, data, "x", /too many/],
    ["a missing shape", { x: { dtype: "F32", data_offsets: [0, 16] } }, data, "x", /shape/],
    [
      "one offset",
      { x: { dtype: "F32", shape: [4], data_offsets: [0] } },
      data,
      "x",
      /data_offsets/,
    ],
    ["backward offsets", { x: entry(8, 0, [2]) }, data, "x", /backwards/],
    ["a wrong byte count", { x: entry(0, 16, [5]) }, data, "x", /needs 20 bytes/],
    ["data past the end", { x: entry(0, 32) }, data, "x", /truncated/],
    ["overlap", { x: entry(0, 12), y: entry(8, 16) }, data, "y", /overlaps/],
    ["a hole", { x: entry(0, 4), y: entry(8, 16) }, data, "y", /4 unused bytes/],
    ["bytes left over", { x: entry(0, 12) }, data, "data", /4 unused bytes/],
  ];
  it.each(cases)("refuses %s", (_, header, bytes, field, message) => {
    const error = failure(craft(header, bytes));
    expect(error.field).toBe(field);
    expect(error.message).toMatch(message);
  });

  it("refuses a name declared twice, however it is spelled", () => {
    const item = JSON.stringify(entry(0, 16));
    const error = failure(craft(`{"x": ${item}, "\\u0078" : ${item}}`, data));
    expect(error).toMatchObject({ field: "x", message: expect.stringMatching(/twice/) });
  });

  it("refuses a header length beyond the file, and a file of a few bytes", () => {
    const path = join(dir, "short.safetensors");
    writeFileSync(path, Buffer.from("ffffffffffffff7f", "hex"));
    expect(failure(path).field).toBe("header");
    writeFileSync(path, "abc");
    expect(failure(path).message).toMatch(/3 bytes/);
  });

  it("names a file that is not there", () => {
    expect(failure(join(dir, "absent.safetensors"))).toMatchObject({ field: "file" });
  });

  it("refuses every truncation of a good file", () => {
    const path = join(dir, "whole.safetensors");
    writeSafetensors(path, new Map([["x", { shape: [2, 3], data: new Float32Array(6) }]]));
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      failure(path);
    }
  });

  it("survives any single changed byte of the header: arrays of that size, or a clear error", () => {
    const path = join(dir, "mutated.safetensors");
    const arrays = new Map([
      ["x", { shape: [2, 3], data: new Float32Array(6) }],
      ["y", { shape: [4], data: new Float32Array(4) }],
    ]);
    writeSafetensors(path, arrays);
    const whole = readFileSync(path);
    const random = stream(3, "mutate");
    const end = 8 + Number(whole.readBigUInt64LE());
    let refused = 0;
    for (let at = 0; at < end; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ (1 + random.integer(255));
      writeFileSync(path, bytes);
      try {
        const sizes = [...readSafetensors(path).values()].map(({ data }) => data.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
      } catch (error) {
        expect(error).toBeInstanceOf(SafetensorsInvalid);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(end / 2);
  });
});

describe("writing", () => {
  const arrays = new Map([["x", { shape: [2], data: Float32Array.of(1, 2) }]]);

  it("leaves nothing behind when the folder is missing", () => {
    const path = join(dir, "absent", "x.safetensors");
    expect(() => writeSafetensors(path, arrays)).toThrow(SafetensorsUnwritable);
    expect(existsSync(join(dir, "absent"))).toBe(false);
  });

  it("leaves the old file and no partial one when the rename is refused", () => {
    const target = mkdtempSync(join(dir, "taken-"));
    writeFileSync(join(target, "inside"), "kept");
    expect(() => writeSafetensors(target, arrays)).toThrow(/cannot write/);
    expect(readdirSync(target)).toEqual(["inside"]);
    expect(readdirSync(dir).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("rejects data that does not fill its shape", () => {
    const wrong = new Map([["x", { shape: [3], data: Float32Array.of(1, 2) }]]);
    expect(() => writeSafetensors(join(dir, "wrong.safetensors"), wrong)).toThrow(RangeError);
  });
});
