/** Texts that carry a hash of themselves, so that a changed byte is noticed before it is believed. Serves the runtime layer. */
import * as fs from "node:fs";
import { sha256 } from "../core/digest.ts";

/** A value read from a sealed text. */
export interface Unsealed {
  readonly value: unknown;
  /** False for a text of before there were seals: nothing vouches for it. */
  readonly sealed: boolean;
}

/** The JSON of an object, indented, with a last field `seal`: the SHA-256 of the text without it. */
export function seal(value: object): string {
  const body = JSON.stringify(value, null, 2);
  return `${body.slice(0, -2)},\n  "seal": "${sha256(body)}"\n}`;
}

const sealedText = /^([\s\S]*),\n {2}"seal": "([0-9a-f]{64})"\n\}$/;

/** What `seal` was given; undefined when any byte of the text is not as it was written. */
export function unseal(text: string): Unsealed | undefined {
  const [, body, hash] = sealedText.exec(text) ?? [];
  if (body === undefined) return parse(text);
  const whole = `${body}\n}`;
  return sha256(whole) === hash ? { ...parse(whole)!, sealed: true } : undefined;
}

/** What the sealed file at `path` holds; a missing file is told from a damaged one. Throws file-system errors. */
export function readSealed(path: string): Unsealed | "missing" | "damaged" {
  if (!fs.existsSync(path)) return "missing";
  return unseal(fs.readFileSync(path, "utf8")) ?? "damaged";
}

const short = 12;

/** An object's JSON on one line with a last field `sum`: the beginning of the hash of the line without it. */
export function sealLine(json: string): string {
  return `${json.slice(0, -1)},"sum":"${sha256(json).slice(0, short)}"}`;
}

const sealedLine = /^(.*),"sum":"([0-9a-f]{12})"\}$/;

/** The JSON that `sealLine` was given, or a line of before there were sums; undefined for a damaged one. */
export function unsealLine(line: string): string | undefined {
  const [, body, sum] = sealedLine.exec(line) ?? [];
  if (body === undefined) return line;
  return sha256(`${body}}`).slice(0, short) === sum ? `${body}}` : undefined;
}

function parse(text: string): Unsealed | undefined {
  try {
    return { value: JSON.parse(text), sealed: false };
  } catch {
    return undefined;
  }
}
