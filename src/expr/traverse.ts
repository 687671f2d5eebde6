// Walks over plan expressions: children in evaluation order, and rebuilding with other leaves. It knows the
// shape of each variant and nothing of their meaning.
import type { Expression } from "./expression.js";

type Column = Extract<Expression, { readonly kind: "column" }>;

/** The direct arguments of an expression, in evaluation order. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "column": case "constant": case "parameter": return [];
    case "call": case "and": case "or": case "coalesce": return expression.arguments;
    case "not": case "isNull": case "booleanTest": case "attempt": return [expression.argument];
    case "case":
      return [
        ...expression.branches.flatMap((branch) => [branch.when, branch.then]),
        expression.otherwise,
      ];
  }
}

/** Visits an expression and everything below it, outermost first. */
export function visitExpression(
  expression: Expression, visit: (expression: Expression) => void,
): void {
  visit(expression);
  for (const child of childrenOf(expression)) visitExpression(child, visit);
}

/** The columns an expression reads. */
export function columnsRead(expression: Expression): Set<number> {
  const read = new Set<number>();
  visitExpression(expression, (each) => {
    if (each.kind === "column") read.add(each.index);
  });
  return read;
}

/** Of what is ANDed in a condition, what reads no column. */
export function partsWithoutColumns(condition: Expression): readonly Expression[] {
  const parts = condition.kind === "and" ? condition.arguments : [condition];
  return parts.filter((part) => columnsRead(part).size === 0);
}

/** Rebuilds an expression with other expressions in place of its columns, read under the same collations. */
export function replaceColumns(expression: Expression, replace: (column: Column) => Expression): Expression {
  const replaced = (each: Expression): Expression => replaceColumns(each, replace);
  switch (expression.kind) {
    case "column": return readAs(expression, replace(expression));
    case "constant": case "parameter": return expression;
    case "call": case "and": case "or": case "coalesce":
      return { ...expression, arguments: expression.arguments.map(replaced) };
    case "not": case "isNull": case "booleanTest": case "attempt":
      return { ...expression, argument: replaced(expression.argument) };
    case "case":
      return {
        ...expression,
        branches: expression.branches.map(({ when, then }) => ({ when: replaced(when), then: replaced(then) })),
        otherwise: replaced(expression.otherwise),
      };
  }
}

/**
 * A text that takes a column's place is compared as the column was. Counter-example without it: t COLLATE "C" < 'x'
 * over a grouping by t, asked below it of t under its own collation.
 */
function readAs({ type: read }: Column, expression: Expression): Expression {
  const { type } = expression;
  if (!("byteOrder" in read && "byteOrder" in type) || read.byteOrder === type.byteOrder) return expression;
  return { ...expression, type: { ...type, byteOrder: read.byteOrder } } as Expression;
}

/** The same with every column index mapped. */
export function mapColumns(expression: Expression, map: (index: number) => number): Expression {
  return replaceColumns(expression, (column) => ({ ...column, index: map(column.index) }));
}

/** The same with the expressions a projection computes its columns with; columns beyond those stay. */
export function substitute(expression: Expression, columns: readonly Expression[]): Expression {
  return replaceColumns(expression, (column) => columns[column.index] ?? column);
}

/** A text that is equal for equal expressions and only for them. */
export function expressionKey(expression: Expression): string {
  return JSON.stringify(expression, (_name, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "symbol") return String(value);
    if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
    if (typeof value === "number" && (!Number.isFinite(value) || Object.is(value, -0)))
      return Object.is(value, -0) ? "-0" : `number ${value}`;
    return value;
  });
}
