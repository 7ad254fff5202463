/** Thrift's compact protocol, in which Parquet writes its headers, read without trust: no list longer than its bytes, no depth without end. Data layer. */

export type Thrift = number | bigint | boolean | Uint8Array | ReadonlyArray<unknown> | ThriftStruct;

/** Fields of a struct by their numbers. */
export type ThriftStruct = ReadonlyMap<number, Thrift>;

/** A struct and where its bytes end. */
export interface ThriftRead {
  readonly value: ThriftStruct;
  readonly end: number;
}

const MAX_DEPTH = 16;
/** Statistics and schemas have tens of fields; what has more is damaged. */
const MAX_FIELD = 1000;

/**
 * The struct that begins at `offset`.
 *
 * Fails: throws `RangeError` when the bytes are none.
 * Memory: in the order of the bytes read.
 */
export function readThrift(bytes: Uint8Array, offset = 0): ThriftRead {
  const reader = new Reader(bytes, offset);
  const value = reader.struct(0);
  return { value, end: reader.offset };
}

class Reader {
  readonly #bytes: Uint8Array;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw new RangeError("a header is nested too deep");
    const fields = new Map<number, Thrift>();
    let field = 0;
    for (;;) {
      const byte = this.#byte();
      if (byte === 0) return fields;
      const step = byte >> 4;
      field = step === 0 ? this.#integer() : field + step;
      if (field < 0 || field > MAX_FIELD) throw new RangeError("a header has an odd field");
      fields.set(field, this.#element(byte & 15, depth));
    }
  }

  #element(type: number, depth: number): Thrift {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return (this.#byte() << 24) >> 24;
      case 4:
      case 5:
        return this.#integer();
      case 6:
        return this.#long();
      case 7:
        return this.#double();
      case 8:
        return this.#take(this.#length());
      case 9:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw new RangeError(`a header has a value of the unknown kind ${type}`);
    }
  }

  #list(depth: number): ReadonlyArray<unknown> {
    const byte = this.#byte();
    const size = byte >> 4 === 15 ? this.#length() : byte >> 4;
    // Each element has at least one byte.
    if (size > this.#bytes.length - this.offset) throw new RangeError("a list has no end");
    const type = (byte & 15) <= 2 ? 3 : byte & 15;
    return Array.from({ length: size }, () => this.#element(type, depth + 1));
  }

  #byte(): number {
    const byte = this.#bytes[this.offset++];
    if (byte === undefined) throw new RangeError("a header ends too early");
    return byte;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.offset) throw new RangeError("a header ends too early");
    this.offset += length;
    return this.#bytes.subarray(this.offset - length, this.offset);
  }

  #double(): number {
    const part = this.#take(8);
    return new DataView(part.buffer, part.byteOffset, 8).getFloat64(0, true);
  }

  #unsigned(most: number): bigint {
    let value = 0n;
    for (let at = 0; at < most; at++) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << BigInt(7 * at);
      if (byte < 128) return value;
    }
    throw new RangeError("a header has a number without end");
  }

  #length(): number {
    const value = this.#unsigned(5);
    if (value > 0x7fffffffn) throw new RangeError("a header has an odd length");
    return Number(value);
  }

  #integer(): number {
    const value = Number(this.#unsigned(5) & 0xffffffffn);
    return (value >>> 1) ^ -(value & 1);
  }

  #long(): bigint {
    const value = this.#unsigned(10);
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }
}
