// What PostgreSQL finds above the engine: the grouped rows, the rows with their windows, or plainly the joined rows,
// with what stands there for each part of the statement. Which of them it is, joined_statement.ts decides.
import { defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import { mapColumns } from "#expr/traverse.js";
import type { TextNode } from "#frontend/node_text.js";
import { walk } from "#frontend/text_fields.js";
import type { Attributes } from "#optimizer/attributes.js";
import type { EdgeCondition } from "#optimizer/from/region.js";
import type { EngineGrouping } from "#optimizer/grouping/grouping.js";
import { planGroupingSets } from "#optimizer/grouping/grouping_sets.js";
import { plannedGroups } from "#optimizer/grouping/planned_groups.js";
import type { PlanningContext } from "#optimizer/planning_context.js";
import { edgeRoots, stayingSubLinks } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { WindowedValue } from "#optimizer/windows/windows.js";
import { planWindows, windowCallsOf } from "#optimizer/windows/windows.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { EdgeExpression, EdgeReplacement } from "#plan/planning.js";
import type { Output } from "./edge_columns.js";
import { EdgeColumns } from "./edge_columns.js";
import { LeftToPostgres, leave } from "./left_to_postgres.js";

export interface Edge {
  readonly operator: LogicalOperator;
  readonly outputs: Output[];
  readonly replacements: EdgeReplacement[];
  readonly didAggregate: boolean;
  readonly didDistinct: boolean;
  readonly didWindow: boolean;
  /** Conditions PostgreSQL evaluates on the engine's rows, as nodes. */
  readonly quals: readonly number[];
  readonly notes: readonly string[];
}

export function groupedEdge(
  grouping: EngineGrouping, scope: QueryScope, joined: LogicalOperator,
): Edge {
  const { names, replacements, isDistinct } = grouping;
  const { attributes } = scope.statement;
  const nameOf = (index: number): string => names[index] ?? `column${index}`;
  const { operator, keys, calls } = plannedGroups(
    scope.statement, joined, grouping.keys.map((key, index) => ({ ...key, name: nameOf(index) })), {
      calls: grouping.aggregates, names: names.slice(grouping.keys.length), distinct: grouping.distinct,
      rows: grouping.rowsBelow,
    });
  const columns = [...keys, ...calls];
  const own = columns.map((attribute) => outputOf(attributes, attribute));
  const computed = grouping.computed.map(({ expression, column }, index): Output => ({
    name: nameOf(own.length + index), column,
    expression: mapColumns(expression, (at) => defined(columns[at], "a group's column")),
  }));
  const outputs = [...own, ...computed];
  return {
    operator, outputs, replacements: [...replacements], didAggregate: !isDistinct,
    didDistinct: isDistinct, didWindow: false, quals: [], notes: [],
  };
}

export function outputOf(attributes: Attributes, attribute: number): Output {
  const column = attributes.typeOf(attribute);
  return {
    name: attributes.nameOf(attribute), column,
    expression: readColumn(attribute, column.engine),
  };
}

/** The engine hands the needed columns through; PostgreSQL does the rest, and filters by what the engine cannot. */
export function passThroughEdge(
  context: PlanningContext, scope: QueryScope, operator: LogicalOperator, conditions: readonly EdgeCondition[],
): Edge {
  const columns = new EdgeColumns();
  for (const root of edgeRoots(scope.query)) columns.add(scope, root);
  for (const subLink of stayingSubLinks(context)) columns.addOuter(scope, subLink);
  for (const each of conditions) columns.add(each.scope, each.condition.source);
  return {
    operator, outputs: columns.outputs, replacements: columns.replacements, didAggregate: false, didDistinct: false,
    didWindow: false, quals: conditions.map(({ condition }) => condition.source.id), notes: [],
  };
}


const isWindowCall = (node: TextNode): boolean => node.tag === "WINDOWFUNC";

/** The engine computes the windows of rows that are not grouped; or why it does not. */
export function windowedEdge(
  context: PlanningContext, scope: QueryScope, joined: LogicalOperator,
): Edge | { readonly obstacle: string } {
  const { texts, attributes } = scope.statement;
  try {
    const { operator, values } = planWindows(scope, joined, scope);
    const columns = new EdgeColumns();
    for (const root of edgeRoots(scope.query)) columns.add(scope, root, isWindowCall);
    for (const subLink of stayingSubLinks(context)) columns.addOuter(scope, subLink);
    const known = new Map<number, number>();
    const columnOf = (attribute: number): number => {
      const index = known.get(attribute) ?? columns.outputs.push(outputOf(attributes, attribute)) - 1;
      known.set(attribute, index);
      return index;
    };
    for (const node of windowCallsOf(scope.query)) {
      const value = defined(values.get(texts.of(node)), "a planned window function");
      checkShown(attributes, value);
      const expression = overColumns(value.expression, (index) => columnOf(defined(value.attributes[index], "a call")));
      columns.replacements.push({ node: node.id, expression });
    }
    return {
      operator, outputs: columns.outputs, replacements: columns.replacements, didAggregate: false, didDistinct: false,
      didWindow: true, quals: [], notes: [],
    };
  } catch (error) {
    if (error instanceof LeftToPostgres) return { obstacle: error.message };
    throw error;
  }
}

/** The engine groups by several sets of keys; or why it does not. */
export function groupingSetsEdge(
  context: PlanningContext, scope: QueryScope, joined: LogicalOperator,
): Edge | { readonly obstacle: string } {
  const { texts, attributes } = scope.statement;
  try {
    if (stayingSubLinks(context).length > 0) leave("a subquery stands above the grouping");
    const { operator, keys, aggregates, groupings } = planGroupingSets(scope, joined);
    const shown = new ShownAttributes(attributes);
    const expressionFor = (node: TextNode): EdgeExpression | undefined => {
      const text = texts.of(node);
      const attribute = keys.get(text) ?? groupings.get(text);
      if (attribute !== undefined) return { kind: "column", index: shown.columnOf(attribute) };
      const value = aggregates.get(text);
      if (value === undefined) return undefined;
      return overColumns(value.expression, (index) =>
        shown.columnOf(defined(value.attributes[index], "an aggregate")));
    };
    const replacements: EdgeReplacement[] = [];
    for (const root of edgeRoots(scope.query))
      walk(root, (node) => {
        if (node.tag === "SUBLINK") return "skip";
        const expression = expressionFor(node);
        if (expression === undefined && node.tag === "VAR") leave("a column stands beside the keys");
        if (expression === undefined) return undefined;
        replacements.push({ node: node.id, expression });
        return "skip";
      });
    return {
      operator, outputs: shown.outputs, replacements, didAggregate: true, didDistinct: false, didWindow: false,
      quals: [], notes: [],
    };
  } catch (error) {
    if (error instanceof LeftToPostgres) return { obstacle: error.message };
    throw error;
  }
}

/** Attributes as columns of the engine's result, each once. */
class ShownAttributes {
  readonly outputs: Output[] = [];
  readonly attributes: number[] = [];
  readonly #attributes: Attributes;
  readonly #known = new Map<number, number>();

  constructor(attributes: Attributes) {
    this.#attributes = attributes;
  }

  columnOf(attribute: number): number {
    const known = this.#known.get(attribute);
    if (known !== undefined) return known;
    const index = this.outputs.push(outputOf(this.#attributes, attribute)) - 1;
    this.attributes.push(attribute);
    this.#known.set(attribute, index);
    return index;
  }
}

/** char(n) is padded again by its typmod, which a window function's result has not. */
export function checkShown(attributes: Attributes, { attributes: own }: WindowedValue): void {
  if (own.some((attribute) => attributes.typeOf(attribute).engine.kind === "bpchar"))
    leave("char(n) would lose its blanks");
}

export function overColumns(expression: EdgeExpression, columnAt: (index: number) => number): EdgeExpression {
  switch (expression.kind) {
    case "column": return { kind: "column", index: columnAt(expression.index) };
    case "call":
      return { ...expression, arguments: expression.arguments.map((each) => overColumns(each, columnAt)) };
  }
}
