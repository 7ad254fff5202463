/** Weight files, chat templates and images that nobody vouches for, damaged in thousands of ways. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/seed.ts";
import { boundedTemplate } from "../../src/models/bounded-jinja.ts";
import { loadChatTemplate } from "../../src/models/chat-template.ts";
import { ImageUnreadable, readImage } from "../../src/models/image-file.ts";
import { ModelFolderInvalid } from "../../src/models/model-folder-invalid.ts";
import { readTensors } from "../../src/models/safetensors.ts";
import { readSafetensorsHeader, SafetensorsInvalid } from "../../src/models/safetensors-header.ts";
import {
  damaged,
  damagedBytes,
  damagedText,
  folderForDamage,
  oddValues,
} from "../support/damage.ts";
import { goldenModels } from "../support/golden.ts";

const ROUNDS = 10_000;
const dir = folderForDamage();

describe("a safetensors file", () => {
  const path = join(dir, "weights.safetensors");
  const tensors = {
    __metadata__: { format: "pt" },
    a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
    b: { dtype: "BF16", shape: [4], data_offsets: [24, 32] },
    c: { dtype: "F16", shape: [2, 2, 1], data_offsets: [32, 40] },
  };

  function file(header: string, data = 40, length = Buffer.byteLength(header)): Buffer {
    const bytes = Buffer.alloc(8 + Buffer.byteLength(header) + data);
    bytes.writeBigUInt64LE(BigInt(length));
    bytes.write(header, 8);
    return bytes;
  }

  /** Whether the file is accepted; then its tensors are what their shapes say, and fill it. */
  function accepts(bytes: Buffer): boolean {
    writeFileSync(path, bytes);
    try {
      const header = readSafetensorsHeader(path);
      const arrays = readTensors(path, header);
      const entries = [...header.values()].sort((x, y) => x.begin - y.begin);
      let at = 8 + Number(bytes.readBigUInt64LE());
      for (const { begin, end } of entries) {
        if (begin !== at) throw new Error("a hole or an overlap was accepted");
        at = end;
      }
      if (at !== bytes.length) throw new Error("bytes were left over");
      for (const { shape, data } of arrays.values()) {
        if (data.length !== shape.reduce((product, size) => product * size, 1)) {
          throw new Error("a shape that is not its data's was accepted");
        }
      }
      return true;
    } catch (error) {
      if (!(error instanceof SafetensorsInvalid)) throw error;
      if (error.message.length > 1000) throw new Error("a message without end");
      return false;
    }
  }

  it("with damaged bytes or declarations is refused, or is what it declares", {
    timeout: 300_000,
  }, () => {
    const random = stream(1, "safetensors");
    const damage = {
      pieces: ["__proto__", '"', "a", "\\", "F32"],
      values: [...oddValues, 2, 3, 40],
    };
    const whole = file(JSON.stringify(tensors));
    let accepted = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const bytes =
        random.integer(2) === 0
          ? damagedBytes(whole, random)
          : file(JSON.stringify(damaged(tensors, random, damage)) ?? "");
      if (accepts(bytes)) accepted++;
    }
    expect(accepted).toBeGreaterThan(ROUNDS / 100);
    expect(accepted).toBeLessThan(ROUNDS / 2);
  });

  it("with absurd sizes, depths and repetitions is refused without crash or haste for memory", () => {
    const one = (fields: object) =>
      file(JSON.stringify({ a: { dtype: "F32", shape: [10], data_offsets: [0, 40], ...fields } }));
    expect(accepts(one({}))).toBe(true);
    const deep = `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`;
    const refused = [
      ...[[2 ** 31, 2 ** 31], [-10], [2.5, 4], ["10"], Array(17).fill(1), 10, null].map((shape) =>
        one({ shape }),
      ),
      ...[[0, 2 ** 53], [40, 0], [0], [-40, 0], [0, 40, 40], "0,40"].map((data_offsets) =>
        one({ data_offsets }),
      ),
      ...["F64", "I64", "", null, "constructor"].map((dtype) => one({ dtype })),
      file('{"a":{"dtype":"F32","shape":[10],"data_offsets":[0,40]},"a":{}}'),
      file('{"a":{"dtype":"F32","shape":[10],"data_offsets":[0,40]},"\\u0061":{}}'),
      file(`{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,40]}}`),
      file(deep),
      file("{}"),
      ...[0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER].map((length) => file("{}", 40, length)),
    ];
    for (const bytes of refused) expect(accepts(bytes)).toBe(false);
  });

  it("with a very long name is read in time", () => {
    const name = "\\n".repeat(2_000_000);
    const entry = { dtype: "F32", shape: [10], data_offsets: [0, 40] };
    expect(accepts(file(`{"${name}":${JSON.stringify(entry)}}`))).toBe(true);
  });
});

describe("a chat template", () => {
  const messages = [
    { role: "system", content: "Be short." },
    {
      role: "user",
      content: [{ type: "image" as const }, { type: "text" as const, text: "Why?" }],
    },
  ];
  const { checkpoint } = goldenModels("qwen2_5_vl")[0]!;

  it("damaged gives a text, or is refused", { timeout: 300_000 }, () => {
    const random = stream(1, "template");
    const pieces = [
      "{% for m in messages %}",
      "{{",
      "}}",
      "{% endfor %}",
      "{#",
      "|",
      "(",
      "'",
      "~",
      ".",
    ];
    const original = `${"{% for message in messages %}{{ message.role }}"}{% if message.content is string %}{{ message['content'] | trim }}{% else %}{% for part in message.content %}{{ part.text or loop.index }}{% endfor %}{% endif %}{% endfor %}`;
    const values = { messages, add_generation_prompt: true };
    let rendered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let source = original;
      for (let times = random.integer(3); times >= 0; times--) {
        source = damagedText(source, random, pieces);
      }
      try {
        const text = boundedTemplate(source)(values);
        if (typeof text !== "string" || text.length > 100_000) throw new TypeError("unsound text");
        rendered++;
      } catch (error) {
        if (!(error instanceof Error) || error.message === "unsound text") throw error;
      }
    }
    expect(rendered).toBeGreaterThan(ROUNDS / 100);
    expect(rendered).toBeLessThan(ROUNDS);
  });

  const refused = (source: string) => {
    writeFileSync(join(dir, "chat_template.jinja"), source);
    expect(() => loadChatTemplate(dir)(messages)).toThrow(ModelFolderInvalid);
  };

  it.each([
    ["a long range", "{% for i in range(1000000000) %}{% endfor %}"],
    ["a fractional range", "{% for i in range(0, 1, 0.0000001) %}{% endfor %}"],
    [
      "a text that doubles",
      "{% set n = namespace(a='x') %}{% for i in range(60) %}{% set n.a = n.a ~ n.a %}{% endfor %}",
    ],
    [
      "a list that doubles",
      "{% set n = namespace(a=[1]) %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}",
    ],
    [
      "replacements of replacements",
      "{% set n = namespace(a='xx') %}{% for i in range(30) %}{% set n.a = n.a | replace('x', n.a) %}{% endfor %}",
    ],
    ["wide indentation", "{{ 'a\\nb' | indent(400000000) }}"],
    ["deep nesting", `{{ ${"(".repeat(60_000)}`],
    ["long chains", `{{ a${".a".repeat(32_000)} }}`],
    ["blanks without end", `${" ".repeat(65_000)}{%`],
    ["more than any template needs", "a".repeat(100_000)],
    ["an error of its own", "{{ raise_exception('no') }}"],
  ])("with %s is refused", (_, source) => refused(source));

  it("with loops in loops is stopped", { timeout: 60_000 }, () => {
    refused("{% for i in range(60000) %}{% for j in range(60000) %}{% endfor %}{% endfor %}");
  });

  it.each([
    "''.constructor.constructor('return process')()",
    "range.constructor('return process')()",
    "messages.constructor.constructor('return 1')()",
    "raise_exception.call(1)",
    "strftime_now.apply.constructor('return process')()",
    "process.exit(1)",
    "globalThis.process.exit(1)",
    "require('fs')",
    "().__class__.__base__.__subclasses__()",
    "cycler.__init__.__globals__.os.popen('id').read()",
  ])("cannot reach the process by %s", (expression) => refused(`{{ ${expression} }}`));

  it.each([
    "process",
    "globalThis",
    "messages.__proto__",
    "messages.constructor",
    "range.__globals__",
  ])("sees nothing under the name %s", (name) => {
    expect(boundedTemplate(`[{{ ${name} }}]`)({ messages })).toBe("[]");
  });

  it("of a real folder renders long chats within its bounds", () => {
    const turn = { role: "user", content: "word ".repeat(200) };
    const text = loadChatTemplate(checkpoint)(Array.from({ length: 200 }, () => turn));
    expect(text.length).toBeGreaterThan(200_000);
  });
});

describe("an image", () => {
  it("damaged is decoded or refused", { timeout: 300_000 }, async () => {
    const random = stream(1, "images");
    const data = Buffer.from(Array.from({ length: 16 * 12 * 3 }, () => random.integer(256)));
    const image = sharp(data, { raw: { width: 16, height: 12, channels: 3 } });
    const originals = await Promise.all(
      [image.png(), image.jpeg(), image.webp(), image.gif(), image.tiff()].map((one) =>
        one.toBuffer(),
      ),
    );
    let refused = 0;
    const AT_ONCE = 50;
    for (let round = 0; round < ROUNDS; round += AT_ONCE) {
      const damagedOnes = Array.from({ length: AT_ONCE }, () =>
        damagedBytes(random.pick(originals), random),
      );
      const outcomes = await Promise.all(
        damagedOnes.map((bytes) =>
          readImage(bytes, { maxPixels: 2 ** 16 }).catch((error) => error),
        ),
      );
      for (const outcome of outcomes) {
        if (outcome instanceof ImageUnreadable) refused++;
        else if (outcome.data?.length !== outcome.width * outcome.height * 3) throw outcome;
        else if (outcome.width * outcome.height > 2 ** 16) throw new Error("too large");
      }
    }
    expect(refused).toBeGreaterThan(ROUNDS / 10);
    expect(refused).toBeLessThan(ROUNDS);
  });

  it("that says it is huge is refused before it is decoded", async () => {
    const small = sharp({ create: { width: 8, height: 8, channels: 3, background: "white" } });
    const png = await small.png().toBuffer();
    // Width and height, with the checksum of their chunk.
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    const error = await readImage(png).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ImageUnreadable);
    expect(error.message).toMatch(/pixel limit/);
  });
});
