// The columns an operator yields, for everyone who walks plans. Read next: physical.ts.
import type { ColumnType } from "#types/column_type.js";
import type { PhysicalOperator } from "./physical.js";

export function columnsOf(operator: PhysicalOperator): readonly ColumnType[] {
  return operator.kind === "filter" ? columnsOf(operator.input) : operator.columns;
}
