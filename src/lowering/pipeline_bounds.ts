// What may be taken for granted about a pipeline's expressions: which bounds narrow code needs of a page, and what can
// be NULL. Read next: pipeline.ts, bounds.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { childrenOf } from "#expr/traverse.js";
import { Encoding } from "#generated/encodings.js";
import { twinOf } from "./aggregate_sink.js";
import { BoundProgram } from "./bounds.js";
import type { ExpressionTable } from "./expression_table.js";
import { isRawDecimalKey } from "./group_keys.js";
import type { PipelineSink, PipelineSource, PipelineStep } from "./pipeline.js";

/** Everything narrow code computes must be bounded, except 16-byte columns that are only copied or compared bitwise. */
export function boundsOf(
  source: PipelineSource,
  steps: readonly PipelineStep[],
  sink: PipelineSink,
  table: ExpressionTable,
): BoundProgram {
  const bounds = new BoundProgram(table);
  if (source.kind !== "pages") return bounds;
  const encoding = (index: number): Encoding | undefined => source.columns[index]?.encoding;
  /** Columns of tables have no encoding: they are bounded like everything computed. */
  const isCopied = (expression: Expression): boolean => {
    const found = expression.kind === "column" ? encoding(expression.index) : undefined;
    return found !== undefined && found !== Encoding.decimal128;
  };
  const requireKey = (key: { readonly expression: Expression; readonly stored: number }): void => {
    if (!isCopied(key.expression) && !isRawDecimalKey(key, encoding)) bounds.require(key.expression);
  };
  for (const step of steps) {
    if (step.kind === "filter") bounds.require(step.predicate);
    else {
      step.keys.forEach((expression, index) =>
        requireKey({ expression, stored: defined(step.plan.keys[index], "a key").stored }));
      if (step.residual !== undefined) bounds.require(step.residual);
    }
  }
  switch (sink.kind) {
    case "marks":
      return bounds;
    case "result":
      for (const { expression, type } of sink.columns) {
        const raw = expression.kind === "column" && type.encoding === encoding(expression.index);
        if (!raw) bounds.require(expression);
      }
      return bounds;
    case "table":
      sink.input.keys.forEach((expression, index) =>
        requireKey({ expression, stored: defined(sink.input.plan.keys[index], "a key").stored }));
      for (const expression of sink.input.columns) if (!isCopied(expression)) bounds.require(expression);
      return bounds;
    case "aggregate":
      break;
  }
  for (const key of sink.plan.keys) requireKey(key);
  for (const { filter, steps: each } of sink.plan.classes) {
    if (filter !== undefined) bounds.require(filter);
    for (const step of each) {
      if (step.kind === "rows") continue;
      const argument = twinOf(step) ?? step.argument;
      if (step.kind === "sumWide") bounds.requireSum(argument);
      // Counting a column's NULLs does not look at its values.
      else if (step.kind !== "nulls" || argument.kind !== "column") bounds.require(argument);
    }
  }
  return bounds;
}

/** Whether an expression can be NULL, given which columns can. */
export function isNullable(expression: Expression, nullable: readonly boolean[]): boolean {
  const any = (list: readonly Expression[]): boolean => list.some((each) => isNullable(each, nullable));
  switch (expression.kind) {
    case "column":
      return defined(nullable[expression.index], "a column");
    case "constant":
      return expression.value === null;
    case "parameter":
    case "attempt":
      return true;
    case "isNull":
    case "booleanTest":
      return false;
    case "case":
      return any([...expression.branches.map(({ then }) => then), expression.otherwise]);
    case "coalesce":
      return expression.arguments.every((each) => isNullable(each, nullable));
    default:
      return any(childrenOf(expression));
  }
}
