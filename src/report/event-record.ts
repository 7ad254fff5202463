/** TensorBoard's event files, byte by byte: records of length, checksums and an `Event` message. Report layer. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Numbers at a step. */
export interface Scalars {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly values: ReadonlyArray<readonly [tag: string, value: number]>;
}

/**
 * The record every event file begins with.
 *
 * Source: `file_version` of tensorflow/core/util/event.proto; readers expect "brain.Event:2".
 */
export function openingRecord(wallTime: number): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime);
  return record(event.tag(3, WireType.LengthDelimited).string("brain.Event:2").finish());
}

/**
 * A record with one summary value for each number.
 *
 * Source: `Event` { wall_time = 1, step = 2, summary = 5 } of event.proto,
 * `Summary.Value` { tag = 1, simple_value = 2 } of summary.proto.
 */
export function scalarRecord({ wallTime, step, values }: Scalars): Uint8Array {
  const event = new BinaryWriter().tag(1, WireType.Bit64).double(wallTime);
  event.tag(2, WireType.Varint).int64(step).tag(5, WireType.LengthDelimited).fork();
  for (const [tag, value] of values) {
    event.tag(1, WireType.LengthDelimited).fork();
    event.tag(1, WireType.LengthDelimited).string(tag).tag(2, WireType.Bit32);
    // A double beyond the range of floats is refused by the writer.
    event.float(
      Math.abs(value) > largestFloat ? Math.sign(value) * Number.POSITIVE_INFINITY : value,
    );
    event.join();
  }
  return record(event.join().finish());
}

const largestFloat = 3.4028234663852886e38;

/** uint64 length, its masked CRC32-C, the data, its masked CRC32-C; little-endian. Source: TFRecord. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return bytes;
}

const masked = (data: Uint8Array): number => {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

/** Of Castagnoli's polynomial, bits reversed. */
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
