// Windows over the groups of the statement itself: the engine's grouping, filtered by HAVING, with window columns
// beside the keys and aggregates that PostgreSQL still reads above. In subqueries, of which nothing is left above,
// block.ts does the same. Read next: windows.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { walk } from "#frontend/text_fields.js";
import { asTranslated } from "#optimizer/block.js";
import type { Output } from "#optimizer/edges/edge_columns.js";
import { LeftToPostgres, leave } from "#optimizer/edges/left_to_postgres.js";
import type { Edge } from "#optimizer/edges/statement_edge.js";
import { checkShown, outputOf, overColumns } from "#optimizer/edges/statement_edge.js";
import { ExpressionTranslator } from "#optimizer/expressions/expression_translator.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { filtered } from "#optimizer/from/filtered.js";
import { edgeRoots } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { SubstitutedSource } from "#optimizer/query_scope.js";
import type { EdgeExpression } from "#plan/planning.js";
import { planWindows, windowCallsOf } from "./windows.js";

/** The grouping's edge with the statement's windows in it; they are PostgreSQL's, with the reason, where they must. */
export function withGroupWindows(scope: QueryScope, edge: Edge): Edge {
  if (!scope.query.hasWindowFunctions) return edge;
  try {
    return windowed(scope, edge);
  } catch (error) {
    if (!(error instanceof LeftToPostgres)) throw error;
    return { ...edge, notes: [...edge.notes, `Windows in PostgreSQL: ${error.message}`] };
  }
}

function windowed(scope: QueryScope, edge: Edge): Edge {
  const { query, statement: { texts, attributes, facts } } = scope;
  const source = groupSource(scope, edge);
  const { having } = query;
  const condition = having === undefined ? undefined : new ExpressionTranslator(facts, source).translate(having);
  if (having !== undefined && condition === undefined) leave("the engine does not compute HAVING");
  const groups = filtered(edge.operator, condition === undefined ? [] : [condition.expression]);
  const { operator, values } = planWindows(scope, groups, source);

  // PostgreSQL evaluates HAVING once more, over groups for which it is true.
  const outputs: Output[] = [];
  const placed = new Map<Output | number, number>();
  const place = (key: Output | number, output: Output): number => {
    const known = placed.get(key) ?? outputs.push(output) - 1;
    placed.set(key, known);
    return known;
  };
  const calls = windowCallsOf(query);
  const inside = new Set<number>();
  for (const call of calls) walk(call, (node) => void inside.add(node.id));
  const replacements = edge.replacements.filter(({ node }) => !inside.has(node)).map(({ node, expression }) => {
    const outputAt = (index: number): Output => defined(edge.outputs[index], "a column of the groups");
    if (expression.kind === "node") return { node, expression };
    return { node, expression: overColumns(expression, (index) => place(outputAt(index), outputAt(index))) };
  });
  for (const node of calls) {
    const value = defined(values.get(texts.of(node)), "a planned window function");
    checkShown(attributes, value);
    const expression = overColumns(value.expression, (index) => {
      const attribute = defined(value.attributes[index], "a call");
      return place(attribute, outputOf(attributes, attribute));
    });
    replacements.push({ node: node.id, expression });
  }
  return { ...edge, operator, outputs, replacements, didWindow: true };
}

/** What the keys and aggregates of the groups are to an expression over them. */
function groupSource(scope: QueryScope, { outputs, replacements }: Edge): SubstitutedSource {
  const { texts } = scope.statement;
  const byNode = new Map(replacements.map(({ node, expression }) => [node, expression]));
  const known = new Map<string, EdgeExpression>();
  for (const root of edgeRoots(scope.query))
    walk(root, (node) => {
      if (node.tag === "SUBLINK") return "skip";
      const expression = byNode.get(node.id);
      if (expression === undefined || expression.kind === "node") return undefined;
      known.set(texts.of(node), expression);
      return "skip";
    });
  const columnAt = (index: number): Expression => defined(outputs[index], "a column of the groups").expression;
  const attributeAt = (index: number): number => {
    const column = columnAt(index);
    if (column.kind !== "column") leave("a result of an aggregate is computed twice");
    return column.index;
  };
  const find = (text: string): Translated | undefined => {
    const expression = known.get(text);
    if (expression?.kind === "column" && columnAt(expression.index).kind !== "column")
      return { expression: columnAt(expression.index) };
    return expression === undefined ? undefined : asTranslated(scope, expression, attributeAt);
  };
  return new SubstitutedSource(scope, (each) => find(texts.of(each.source)), false);
}
