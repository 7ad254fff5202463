import { describe, expect, it } from "vitest";
import { openingRecord, scalarRecord } from "../../src/report/event-record.ts";

/**
 * Three records that TensorBoard 2.21 (Python) reads back with these values, checksums verified; its
 * own protocol buffers write the same messages byte by byte.
 */
const golden =
  "GAAAAAAAAACjf0siCQAAIFDowNpBGg1icmFpbi5FdmVudDoyqvTZhDkAAAAAAAAAiwc38QkAAGBQ6MDaQRABKiwKFAoNcmV3" +
  "YXJkL3Jld2FyZBUAAIA+ChQKDXBvbGljeS9rbE5hdHMVAADAvxVYDIQ7AAAAAAAAABojrFwJAACgUOjA2kEQ8KIEKiwKFAoN" +
  "cmV3YXJkL3Jld2FyZBUAAMB/ChQKDW90aGVyL2dyw7bDn2UVAACAfyiP25g=";

describe("event records", () => {
  it("are the bytes that TensorBoard reads", () => {
    const written = Buffer.concat([
      openingRecord(1795400000.5),
      scalarRecord({
        wallTime: 1795400001.5,
        step: 1,
        values: [
          ["reward/reward", 0.25],
          ["policy/klNats", -1.5],
        ],
      }),
      scalarRecord({
        wallTime: 1795400002.5,
        step: 70_000,
        values: [
          ["reward/reward", Number.NaN],
          ["other/größe", Number.POSITIVE_INFINITY],
        ],
      }),
    ]);
    expect(written.toString("base64")).toBe(golden);
  });

  it("take numbers that no float holds as infinite", () => {
    const [huge, infinite] = [-1e300, Number.NEGATIVE_INFINITY].map((value) =>
      scalarRecord({ wallTime: 1, step: 1, values: [["loss", value]] }),
    );
    expect(huge).toEqual(infinite);
  });
});
