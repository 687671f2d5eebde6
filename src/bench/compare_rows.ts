// Whether two answers are the same bytes. Without ORDER BY a query promises no order, so then the
// rows are compared as a bag; with it, row by row.
import type { Answer } from "#cluster/connection.js";

/** One row as a string that no other row has: NULL differs from every text. */
function rowKey(row: readonly (string | null)[]): string {
  return JSON.stringify(row);
}

/** The last ORDER BY that is not inside parentheses orders the statement's own rows. */
export function hasOuterOrderBy(statement: string): boolean {
  let depth = 0;
  const outer = [...statement.replace(/'[^']*'/g, "''")].filter((character) => {
    if (character === "(") depth++;
    if (character === ")") depth--;
    return depth === 0;
  });
  return /\border\s+by\b/i.test(outer.join(""));
}

/** Compares columns and rows byte for byte. */
export function sameAnswer(left: Answer, right: Answer, ordered: boolean): boolean {
  if (rowKey(left.columns) !== rowKey(right.columns)) return false;
  if (left.rows.length !== right.rows.length) return false;
  const leftKeys = left.rows.map(rowKey);
  const rightKeys = right.rows.map(rowKey);
  if (!ordered) {
    leftKeys.sort();
    rightKeys.sort();
  }
  return leftKeys.every((key, at) => key === rightKeys[at]);
}
