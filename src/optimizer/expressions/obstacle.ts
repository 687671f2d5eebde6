// Why the engine cannot compute an expression, for the detail of a refusal: the innermost part of it that neither the
// engine nor a scan evaluates there, by PostgreSQL's name. It decides nothing.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { RequestFacts } from "#frontend/request_facts.js";
import type { ExpressionTranslator } from "./expression_translator.js";

function argumentsOf(expression: AnalysedExpression): readonly AnalysedExpression[] {
  switch (expression.kind) {
    case "call":
      return expression.coercedTypmod === undefined ? expression.arguments : expression.arguments.slice(0, 1);
    case "and": case "or": case "coalesce": return expression.arguments;
    case "not": case "nullTest": case "booleanTest": case "relabel": case "textCast": return [expression.argument];
    case "greatest": case "least": return expression.arguments;
    case "nullIf": case "isDistinct": return [expression.left, expression.right];
    case "rowComparison": return expression.columns.flatMap(({ left, right }) => [left, right]);
    case "arrayComparison": return [expression.scalar];
    case "case":
      return [
        ...(expression.argument === undefined ? [] : [expression.argument]),
        ...expression.branches.flatMap(({ when, then }) => [when, then]), expression.otherwise,
      ];
    default: return [];
  }
}

function nameOf(facts: RequestFacts, expression: AnalysedExpression): string {
  const functionName = (oid: number): string => facts.functionName(oid) ?? `function with OID ${oid}`;
  switch (expression.kind) {
    case "call": return `function ${functionName(expression.function)}`;
    case "arrayComparison": return `comparison of array elements by ${functionName(expression.function)}`;
    case "variable": return "a column that is not carried";
    case "constant": return `a constant of type ${facts.type(expression.type)?.name ?? expression.type}`;
    case "other": case "textCast": return expression.source.tag;
    default: return expression.kind;
  }
}

/** The innermost part of an expression that stands in the way. */
export function obstacleIn(
  translator: ExpressionTranslator, facts: RequestFacts, expression: AnalysedExpression,
): string {
  const below = expression.kind === "case" && expression.argument !== undefined ? [] : argumentsOf(expression);
  const obstacle = below.find((each) => translator.translate(each) === undefined);
  return obstacle === undefined ? nameOf(facts, expression) : obstacleIn(translator, facts, obstacle);
}
