// Reference sorting: stable, by PostgreSQL's order of each key's type. Read next: interpreter.ts.
import { defined } from "#base/assert.js";
import type { Scalar } from "#expr/expression.js";
import type { PhysicalOperator, SortKey } from "#plan/physical.js";
import { orderValues } from "./aggregate.js";
import { type Parameters, type Row, evaluate } from "./evaluate.js";
import { retained } from "./join.js";

type Sort = Extract<PhysicalOperator, { kind: "sort" }>;

export function sortRows(operator: Sort, rows: Iterable<Row>, parameters: Parameters): readonly Row[] {
  const sorted = [...rows].map((row) => ({
    row: retained(row, operator.input),
    keys: operator.keys.map(({ expression }) => evaluate(expression, row, parameters)),
  }));
  sorted.sort((a, b) => {
    for (const [index, key] of operator.keys.entries()) {
      const order = orderKeys(defined(a.keys[index], "a key"), defined(b.keys[index], "a key"), key);
      if (order !== 0) return order;
    }
    return 0;
  });
  return sorted.slice(0, operator.limit).map(({ row }) => row);
}

export function orderKeys(a: Scalar, b: Scalar, key: SortKey): number {
  if (a === null || b === null) return (Number(a === null) - Number(b === null)) * (key.nullsFirst ? -1 : 1);
  return orderValues(a, b, key.expression.type) * (key.descending ? -1 : 1);
}
