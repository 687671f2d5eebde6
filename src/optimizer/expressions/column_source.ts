// Where the columns of an expression come from: one table's scan, or a whole FROM clause of joins and derived tables.
// The translator asks this and nothing else about the query around an expression. Column indexes are the source's own;
// whoever builds the plan knows where each went. Read next: table_columns.ts and query_scope.ts, the two sources.
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";
import type { Translated } from "./translated.js";

export interface ColumnSource {
  /** What a variable stands for; undefined when nothing can carry it. */
  variable(variable: Variable): Translated | undefined;
  /** The expression as a column that PostgreSQL computes in a scan, where one scan may compute it. */
  computed(expression: AnalysedExpression, filter: TextNode | undefined): Translated | undefined;
  /**
   * A column of keys that are ordered as a collation orders the texts of a column; undefined where no scan makes that
   * column.
   */
  orderKey(index: number, collation: number): Expression | undefined;
  /** What already stands for the whole expression: a grouped key, an aggregate, a subquery's result. */
  substitute(expression: AnalysedExpression): Translated | undefined;
  /** Whether PostgreSQL evaluates something for the column, rather than reading it. */
  isComputed(index: number): boolean;
  typeOf(index: number): ColumnType | undefined;
  nameOf(index: number): string;
  /** Lets the engine see a column's values as another type of the same encoding. */
  retype(index: number, engine: EngineType): void;
}
