// Rows numbered within parts of them, from 1: what INTERSECT ALL compares, and how each outer row of a LATERAL has
// first rows of its own. Read next: limits.ts, set_operations.ts.
import type { Expression } from "#expr/expression.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { SortKey, WindowFrame } from "#plan/physical.js";
import { INT8 } from "#types/engine_type.js";

export interface NumberedRows {
  readonly operator: LogicalOperator;
  /** Attribute of the number, an int8. */
  readonly number: number;
}

/** Numbers the rows that are alike in `partition`, in an order, or any. */
export function numberedRows(
  { attributes }: StatementFacts, rows: LogicalOperator, partition: readonly Expression[], order: readonly SortKey[],
): NumberedRows {
  const origin = attributes.newOrigin();
  const result = columnOf(INTERNAL, INT8, false);
  const number = attributes.add(origin, "number", result);
  const frame: WindowFrame = {
    unit: "rows", start: { kind: "unbounded" }, end: { kind: "currentRow" }, exclusion: "none",
  };
  const calls = [{ attribute: number, call: { function: "rowNumber", frame, result } as const }];
  return { operator: { kind: "window", origin, input: rows, partition, order, calls, rows: rows.rows }, number };
}
