// Where a table keeps what is computed over its input: a plain column is stored once, as the input's own; other
// expressions stand behind, equal ones once. So rows are short, and those that are sorted stay in the caches. What a
// row looks like is table_plan.ts's.
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import type { ColumnType } from "#types/column_type.js";

export class StoredExpressions {
  /** Computed beside the input's columns. */
  readonly extra: Expression[] = [];
  readonly #columns: readonly Pick<ColumnType, "engine">[];
  readonly #first: number;
  readonly #known = new Map<string, number>();

  /** `first` is the table's column of the first expression, behind the input's `columns` and what else is there. */
  constructor(columns: readonly Pick<ColumnType, "engine">[], first: number) {
    this.#columns = columns;
    this.#first = first;
  }

  /** The table's column with an expression's value. */
  column(expression: Expression): number {
    const key = expressionKey(expression);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const column = this.#isStored(expression) ? expression.index : this.#first + this.extra.push(expression) - 1;
    this.#known.set(key, column);
    return column;
  }

  /** A text under another collation than the column's is another value to a sort. */
  #isStored(expression: Expression): expression is Extract<Expression, { readonly kind: "column" }> {
    if (expression.kind !== "column") return false;
    const column = this.#columns[expression.index];
    return column !== undefined && JSON.stringify(column.engine) === JSON.stringify(expression.type);
  }
}
