// A query level as it looks above its grouping: columns that are keys of it still have a value, others have none. What
// a subquery of the select list or HAVING reads of its query is read there. Read next: joined_statement.ts.
import { readColumn } from "#expr/construct.js";
import type { Variable } from "#frontend/analysed_expression.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";

/** The attributes that the columns below groupings have become. */
function keysOver(operator: LogicalOperator): ReadonlyMap<number, number> {
  switch (operator.kind) {
    case "filter": case "compute": case "window": return keysOver(operator.input);
    case "aggregate": {
      const below = keysOver(operator.input);
      const keys = new Map(operator.keys.flatMap(({ expression, attribute }) =>
        (expression.kind === "column" ? [[expression.index, attribute] as const] : [])));
      const passed = [...below].flatMap(([column, key]) => {
        const attribute = keys.get(key);
        return attribute === undefined ? [] : [[column, attribute] as const];
      });
      return new Map([...keys, ...passed]);
    }
    default: return new Map();
  }
}

/** The level over the groups that `operator` makes of its rows. */
export class ScopeAbove extends QueryScope {
  private readonly below: QueryScope;
  private readonly keys: ReadonlyMap<number, number>;

  constructor(below: QueryScope, operator: LogicalOperator) {
    super(below.statement, below.query, below.outer);
    this.below = below;
    this.keys = keysOver(operator);
  }

  override variable(variable: Variable): Translated | undefined {
    const value = this.below.variable(variable);
    if (variable.levelsUp > 0) return value;
    const key = value?.expression.kind === "column" ? this.keys.get(value.expression.index) : undefined;
    if (key === undefined) return undefined;
    return { expression: readColumn(key, this.statement.attributes.typeOf(key).engine) };
  }
}
