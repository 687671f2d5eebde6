// What aggregate and window calls read: every part of them, an aggregate's second argument and a frame's limits too.
import { describe, expect, it } from "vitest";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { callExpressions, mapCall, mapWindowCall, windowCallExpressions } from "#plan/calls.js";
import type { AggregateCall, WindowCall } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { INT4, INT8 } from "#types/engine_type.js";

const result: ColumnType = {
  sqlType: 23, typmod: -1, collation: 0, engine: INT4, encoding: 0, scale: 0, nullable: true,
};
const column = (index: number): Expression => readColumn(index, INT4);
const columns = (...indexes: readonly number[]): readonly Expression[] => indexes.map(column);

function nextColumn(expression: Expression): Expression {
  return expression.kind === "column" ? column(expression.index + 1) : expression;
}

describe("an aggregate call", () => {
  const call: AggregateCall = {
    function: "concatenate", argument: column(0), second: column(1), filter: column(2), result,
  };

  it("reads both arguments and its filter", () => {
    expect(callExpressions(call)).toEqual(columns(0, 1, 2));
    expect(callExpressions(mapCall(call, nextColumn))).toEqual(columns(1, 2, 3));
  });

  it("gets no parts it did not have", () => {
    const bare: AggregateCall = { function: "countRows", result };
    expect(callExpressions(bare)).toEqual([]);
    expect(Object.keys(mapCall(bare, nextColumn))).toEqual(Object.keys(bare));
  });
});

describe("a window call", () => {
  const call: WindowCall = {
    function: "sum", argument: column(0), otherwise: column(1), offset: constantOf(1n, INT8), result,
    frame: {
      unit: "range", exclusion: "none", measure: column(2), start: { kind: "preceding", limit: column(3) },
      end: { kind: "following", limit: column(4) },
    },
  };

  it("reads its frame's measure and limits", () => {
    expect(windowCallExpressions(call)).toEqual(columns(0, 1, 2, 3, 4));
    expect(windowCallExpressions(mapWindowCall(call, nextColumn))).toEqual(columns(1, 2, 3, 4, 5));
  });

  it("keeps offsets, which are constants", () => {
    expect(mapWindowCall(call, nextColumn).offset).toEqual(call.offset);
  });
});
