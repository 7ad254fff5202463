import { describe, expect, it } from "vitest";
import { duration } from "../../src/core/duration.ts";

describe("duration", () => {
  it("picks the unit a person would", () => {
    expect([0.0352, 0.97, 4.24, 200.4, 3599.6, 3900].map(duration)).toEqual([
      "35 ms",
      "1.0 s",
      "4.2 s",
      "3 min 20 s",
      "1 h 0 min",
      "1 h 5 min",
    ]);
  });
});
