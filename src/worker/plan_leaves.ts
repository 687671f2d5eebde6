// The columns a plan expects of each of its scan leaves: what imported pages are verified against.
import { malformedMessage } from "#base/errors.js";
import { inputsOf } from "#plan/columns_of.js";
import type { PhysicalOperator } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";

/** Columns of every leaf, by leaf number. */
export function leafColumns(root: PhysicalOperator, leafCount: number): readonly (readonly ColumnType[])[] {
  const leaves: (readonly ColumnType[] | undefined)[] = Array.from({ length: leafCount });
  const pending: PhysicalOperator[] = [root];
  for (let operator = pending.pop(); operator !== undefined; operator = pending.pop()) {
    if (operator.kind === "scan") leaves[operator.leaf] = operator.columns;
    else pending.push(...inputsOf(operator));
  }
  return leaves.map((columns, leaf) => {
    if (columns === undefined) throw malformedMessage(`pg_fusion: the plan has no scan of leaf ${leaf}`);
    return columns;
  });
}
