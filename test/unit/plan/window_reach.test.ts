// What the calls of a window look at, and which need their partition as a whole.
import type { FrameBound, WindowCall, WindowFrame, WindowFunction } from "#plan/physical.js";
import { windowReach } from "#plan/window_reach.js";
import { expect, test } from "vitest";
import { columnType } from "../../support/engine.js";

const result = columnType({ kind: "int8" });
const offset = (value: number) => ({ kind: "constant", value: BigInt(value), type: { kind: "int8" } }) as const;
const preceding = (rows: number): FrameBound => ({ kind: "preceding", offset: offset(rows) });
const following = (rows: number): FrameBound => ({ kind: "following", offset: offset(rows) });
const [unbounded, currentRow] = [{ kind: "unbounded" }, { kind: "currentRow" }] as const;

function frameOf(
  unit: WindowFrame["unit"], start: FrameBound = unbounded, end: FrameBound = currentRow,
  exclusion: WindowFrame["exclusion"] = "none",
): WindowFrame {
  return { unit, start, end, exclusion };
}

const call = (name: WindowFunction, frame: WindowFrame, rows?: number): WindowCall =>
  ({ function: name, frame, result, ...(rows === undefined ? {} : { offset: offset(rows) }) });

test.each<readonly [WindowCall, readonly [number, number, boolean] | undefined]>([
  [call("rowNumber", frameOf("range")), [0, 0, false]],
  [call("cumeDist", frameOf("range")), [0, 0, true]],
  [call("lag", frameOf("range"), 3), [3, 0, false]],
  [call("lag", frameOf("range"), -3), [0, 3, false]],
  [call("lead", frameOf("range"), 10_000), [0, 10_000, false]],
  [call("lead", frameOf("range"), 10_001), undefined],
  [call("sum", frameOf("rows")), [0, 0, false]],
  [call("sum", frameOf("range")), [0, 0, true]],
  [call("sum", frameOf("rows", preceding(2), following(5))), [2, 5, false]],
  [call("sum", frameOf("rows", currentRow, unbounded)), [0, 0, true]],
  [call("sum", frameOf("groups", currentRow, currentRow)), [0, 0, true]],
  [call("sum", frameOf("groups", preceding(1), currentRow)), undefined],
  [call("sum", frameOf("range", preceding(1), unbounded)), undefined],
  [call("sum", frameOf("rows", unbounded, currentRow, "ties")), [0, 0, true]],
  [call("count", frameOf("rows", preceding(3), currentRow, "currentRow")), [3, 0, false]],
  [call("boolOr", frameOf("groups", preceding(1), currentRow, "group")), undefined],
  [call("firstValue", frameOf("rows", unbounded, currentRow, "ties")), undefined],
  [call("max", frameOf("rows", unbounded, currentRow, "currentRow")), undefined],
  [call("min", frameOf("range")), [0, 0, true]],
  [call("min", frameOf("rows", preceding(7), currentRow)), [7, 0, false]],
  [call("min", frameOf("rows", currentRow, unbounded)), undefined],
  [call("min", frameOf("groups", currentRow, currentRow)), undefined],
  [call("nthValue", frameOf("rows", preceding(7), currentRow), 2), [7, 0, false]],
  [call("nthValue", frameOf("rows"), 2), undefined],
  [call("lastValue", frameOf("range", unbounded, unbounded)), [0, 0, true]],
])("$0.function over $0.frame.unit, case %#", (one, reach) => {
  const [before, after, ends] = reach ?? [];
  expect(windowReach([one])).toEqual(reach && { before, after, ends });
});

test("several calls look at what any of them does", () => {
  const frame = frameOf("range");
  expect(windowReach([call("lag", frame, 3), call("lead", frame, 4), call("ntile", frame, 2)])).toEqual(
    { before: 3, after: 4, ends: true });
  expect(windowReach([call("lag", frame, 3), call("nthValue", frame, 4)])).toBeUndefined();
});
