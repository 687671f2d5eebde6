// Pages of a trace as Arrow: wherever they stand in the file, whose records have no alignment.
import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";
import { expect, test } from "vitest";
import { arrowFile } from "#replay/arrow_export.js";
import { readTrace } from "#trace/format/trace_reader.js";

const golden = readFileSync(new URL("../../golden/traces/v1/aggregate_full.fxtrace", import.meta.url));

test.each(["result", 0] as const)("pages of %s are exported from any place of the file", (wanted) => {
  for (let shift = 0; shift < 16; shift++) {
    const moved = Buffer.alloc(golden.length + shift);
    golden.copy(moved, shift);
    const { bytes } = arrowFile(readTrace(moved.subarray(shift)), wanted);
    expect(tableFromIPC(bytes).numRows).toBe(wanted === "result" ? 4 : 5);
  }
});
