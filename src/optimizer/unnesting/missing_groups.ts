// What a correlated aggregation gives for outer rows without a group: NULL for most aggregates, and 0 for a count
// (block.ts). What is made of them is computed above the join that finds the groups. Counter-example: coalesce(max(x),
// 0) of no rows is 0, and a column of the groups would be NULL there. Read next: subqueries.ts, lateral.ts.
import type { Expression } from "#expr/expression.js";
import { columnsRead, mapColumns } from "#expr/traverse.js";
import type { Block } from "#optimizer/block.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { originsOf } from "#plan/logical.js";
import { nullableColumns } from "./correlation.js";

/** The block with columns that are right for rows made up of NULLs, too. */
export function overMissing(statement: StatementFacts, { operator: groups, query, column }: Block): Block {
  const own = originsOf(groups);
  const values = new Map(query.targets.map(({ number }) => [number, column(number)] as const));
  const parts = [...values.values()].flatMap((value) => [value?.expression, value?.displayScale]);
  const read = new Set(parts.flatMap((part) => (part === undefined ? [] : [...columnsRead(part)])));
  const columns = [...read].filter((each) => own.has(statement.attributes.originOf(each)));
  const { operator, renamed } = nullableColumns(statement, groups, columns);
  const over = (each: Expression): Expression => mapColumns(each, (attribute) => renamed.get(attribute) ?? attribute);
  const shown = (number: number): Translated | undefined => {
    const value = values.get(number);
    if (value === undefined) return undefined;
    const { expression, displayScale } = value;
    const scale = displayScale === undefined ? {} : { displayScale: over(displayScale) };
    return { expression: over(expression), ...scale };
  };
  return { operator, query, column: shown };
}
