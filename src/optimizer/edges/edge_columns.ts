// What PostgreSQL finds above the engine in place of the statement's variables: columns of the engine's result, or, for
// a column of a merged subquery that the engine does not compute, the subquery's own expression lifted up with its
// variables replaced in turn. Used where the engine hands rows through (joined_statement.ts).
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression, Variable } from "#frontend/analysed_expression.js";
import { edgeCalls } from "#frontend/edge_calls.js";
import type { TextNode } from "#frontend/node_text.js";
import { refuse } from "#frontend/refusal.js";
import { locationOf } from "#frontend/text_fields.js";
import { INT4_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import { eachEdgeVariable, eachOuterVariable } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { isScannable } from "#optimizer/table_columns.js";
import type { EdgeExpression, EdgeReplacement } from "#plan/planning.js";
import type { ColumnType } from "#types/column_type.js";
import { bpcharLength } from "#types/sql_types.js";
import { giveEntryOf } from "./given_entries.js";

/** A column of the engine's result. */
export interface Output {
  readonly name: string;
  readonly expression: Expression;
  readonly column: ColumnType;
}

interface Lifted {
  readonly scope: QueryScope;
  readonly expression: AnalysedExpression;
}

export class EdgeColumns {
  readonly outputs: Output[] = [];
  readonly replacements: EdgeReplacement[] = [];
  private readonly expressionByKey = new Map<string, EdgeExpression>();
  /** The scope each replaced or lifted node was read in: a WITH query merged twice has two. */
  private readonly scopeByNode = new Map<number, QueryScope>();
  private readonly scopeNumbers = new Map<QueryScope, number>();

  /** Replaces the variables of an expression that is evaluated above the engine. */
  add(scope: QueryScope, root: TextNode, isReplaced = (_: TextNode): boolean => false): void {
    eachEdgeVariable(root, isReplaced, (variable) => this.replace(scope, variable));
  }

  /** Replaces the variables of the level itself in a subquery that stays above the engine. */
  addOuter(scope: QueryScope, subLink: TextNode): void {
    eachOuterVariable(subLink, (variable, text) => {
      this.replacements.push({ node: variable.source.id, expression: this.columnFor(scope, variable, text) });
    });
  }

  private replace(scope: QueryScope, variable: Variable): void {
    const node = variable.source.id;
    const known = this.scopeByNode.get(node);
    if (known === scope) return;
    if (known !== undefined)
      refuse("WITH query that is read twice", "PostgreSQL would evaluate an expression of it for each reading.",
        locationOf(variable.source));
    this.scopeByNode.set(node, scope);
    const value = scope.variable(variable);
    const lifted = value === undefined || value.displayScale !== undefined ? liftable(scope, variable) : undefined;
    if (lifted === undefined) {
      const text = scope.statement.texts.of(variable.source);
      this.replacements.push({ node, expression: this.columnFor(scope, variable, text) });
      return;
    }
    this.replacements.push({ node, expression: { kind: "node", node: lifted.expression.source.id } });
    this.add(lifted.scope, lifted.expression.source);
  }

  private columnFor(scope: QueryScope, variable: Variable, text: string): EdgeExpression {
    let number = this.scopeNumbers.get(scope);
    if (number === undefined) this.scopeNumbers.set(scope, number = this.scopeNumbers.size);
    const key = `${number}|${text}`;
    let expression = this.expressionByKey.get(key);
    if (expression === undefined) {
      expression = addOutputs(this.outputs, variableOutputs(scope, variable));
      this.expressionByKey.set(key, expression);
    }
    return expression;
  }
}

/** The expression behind a column of a merged subquery, if it means the same above the engine. */
function liftable(scope: QueryScope, variable: Variable): Lifted | undefined {
  const source = scope.level(variable.levelsUp)?.sources.get(variable.rangeIndex);
  if (source?.kind !== "derived" || source.merged === undefined) return undefined;
  const inner = source.merged;
  const target = inner.query.targets.find(({ number }) => number === variable.attribute);
  if (target === undefined || !isScannable(scope.statement.facts, target.expression.source)) return undefined;
  return { scope: inner, expression: target.expression };
}

/** A value above the engine: its column, and where its digits vary the column of how many it shows. */
export interface Outputs {
  readonly value: Output;
  readonly scale: Output | undefined;
}

/** The outputs of a value; `output` is the value's own. */
export function outputsOf(output: Output, displayScale: Expression | undefined): Outputs {
  if (displayScale === undefined) return { value: output, scale: undefined };
  const column = columnOf(INT4_SQL, displayScale.type, true);
  return { value: output, scale: { name: `${output.name} scale`, expression: displayScale, column } };
}

/** Adds the outputs and answers with what stands for the value: rounded to what it shows, it loses nothing. */
export function addOutputs(outputs: Output[], { value, scale }: Outputs): EdgeExpression {
  const column = { kind: "column", index: outputs.push(value) - 1 } as const;
  if (scale === undefined) return column;
  const shown = { kind: "column", index: outputs.push(scale) - 1 } as const;
  return { kind: "call", function: edgeCalls.numericRound.oid, arguments: [column, shown] };
}

function variableOutputs(scope: QueryScope, variable: Variable): Outputs {
  const location = locationOf(variable.source);
  const value = scope.variable(variable);
  if (value === undefined) giveEntryOf(scope, variable);
  if (value === undefined && variable.attribute === 0)
    return refuse("whole-row reference", "Rows of anonymous type are not carried.", location);
  if (value === undefined)
    return refuse("column of this form", "It is computed in a subquery by a function or of a type that the engine "
      + "does not compute, or it has no stored form.", location);
  const canRound = value.displayScale === undefined || variable.typmod === -1;
  if (!canRound) giveEntryOf(scope, variable);
  if (!canRound)
    return refuse("numeric of varying scale", "Its values do not all show the same number of digits.", location);
  const { type } = value.expression;
  // char(n) is padded again by its typmod; without one its blanks would be lost.
  if (type.kind === "bpchar" && bpcharLength(variable.typmod) !== type.length)
    return refuse("char(n) of varying length", "Its blanks would be lost.", location);
  const isColumn = value.expression.kind === "column";
  const isNullable = !isColumn || (scope.typeOf(value.expression.index)?.nullable ?? true);
  const name = isColumn ? scope.nameOf(value.expression.index) : `column${variable.attribute}`;
  const output = { name, expression: value.expression, column: columnOf(variable, type, isNullable) };
  return outputsOf(output, value.displayScale);
}
