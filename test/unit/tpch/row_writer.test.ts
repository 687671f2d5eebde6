// Bytes of COPY's text format as the writer makes them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayNumber } from "#tpch/calendar.js";
import { RowWriter } from "#tpch/row_writer.js";

const written = (write: (writer: RowWriter) => void): string => {
  const writer = new RowWriter();
  write(writer);
  return Buffer.from(writer.take().bytes).toString("latin1");
};

describe("row writer", () => {
  it("writes whole numbers", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (value) => {
        expect(written((writer) => writer.integer(value))).toBe(String(value));
      }),
    );
  });

  it("writes hundredths as decimals", () => {
    expect(written((writer) => writer.hundredths(-99_999))).toBe("-999.99");
    expect(written((writer) => writer.hundredths(-5))).toBe("-0.05");
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), (value) => {
        expect(written((writer) => writer.hundredths(value))).toBe((value / 100).toFixed(2));
      }),
    );
  });

  it("pads keys", () => {
    expect(written((writer) => writer.padded(42, 9))).toBe("000000042");
    expect(written((writer) => writer.padded(1234567890, 9))).toBe("1234567890");
  });

  it("writes days", () => {
    expect(written((writer) => writer.day(dayNumber(1996, 2, 29)))).toBe("1996-02-29");
  });

  it("counts rows and starts afresh after a chunk is taken", () => {
    const writer = new RowWriter();
    writer.integer(1);
    writer.next();
    writer.integer(2);
    writer.endRow();
    const first = writer.take();
    expect(first.rows).toBe(1);
    writer.integer(3);
    expect(Buffer.from(first.bytes).toString()).toBe("1\t2\n");
    expect(writer.take().rows).toBe(0);
  });
});
