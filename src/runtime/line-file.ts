/** Files of one JSON value a line that grow while a stage runs: append, read, take back. Serves the runtime layer. */
import * as fs from "node:fs";
import * as Schema from "effect/Schema";
import { writeAtomic } from "./files.ts";
import { sealLine, unsealLine } from "./sealed.ts";

/** Lines of one kind; the functions throw file-system errors. */
export interface LineFile<A> {
  /** All whole lines of the file at `path`; torn, damaged and unknown ones are left out. */
  readonly read: (path: string) => ReadonlyArray<A>;
  readonly append: (path: string, line: A) => void;
  /** Drops the lines that do not hold to `keep`. */
  readonly rewind: (path: string, keep: (line: A) => boolean) => void;
}

/** Lines as `schema` describes them; NaN and infinities are written as text, so that a bad step is still recorded. */
export function lineFile<A, I>(schema: Schema.Codec<A, I>): LineFile<A> {
  const codec = Schema.fromJsonString(Schema.toCodecJson(schema));
  const [encode, decode] = [Schema.encodeSync(codec), Schema.decodeUnknownOption(codec)];
  const text = (line: A) => `${sealLine(encode(line))}\n`;
  const read = (path: string): ReadonlyArray<A> => {
    if (!fs.existsSync(path)) return [];
    return fs
      .readFileSync(path, "utf8")
      .split("\n")
      .flatMap((part) => {
        const line = decode(unsealLine(part));
        return line._tag === "Some" ? [line.value] : [];
      });
  };
  return {
    read,
    append: (path, line) => fs.appendFileSync(path, text(line)),
    rewind: (path, keep) => {
      if (!fs.existsSync(path)) return;
      writeAtomic(path, read(path).filter(keep).map(text).join(""));
    },
  };
}
