// Cuts a physical plan into pipelines: from a source (pages of a leaf, or the groups of a finished aggregate) through
// filters and projections, which dissolve into expressions over the source's columns, to a sink. Read next:
// pipeline_module.ts for the code of one pipeline.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { Encoding } from "#generated/encodings.js";
import type { PhysicalOperator, PhysicalPlan } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { type AggregatePlan, planAggregate } from "./aggregate_plan.js";
import { argumentsOf } from "./aggregate_sink.js";
import { BoundProgram } from "./bounds.js";
import { ExpressionTable, childrenOf, substitute } from "./expression_table.js";
import { isRawDecimalKey } from "./group_keys.js";
import type { ResultColumn } from "./result_sink.js";

export type PipelineSource =
  | { readonly kind: "pages"; readonly leaf: number; readonly columns: readonly ColumnType[] }
  | { readonly kind: "groups"; readonly aggregate: number; readonly plan: AggregatePlan };

export type PipelineSink =
  | { readonly kind: "aggregate"; readonly aggregate: number; readonly plan: AggregatePlan }
  | { readonly kind: "result"; readonly columns: readonly ResultColumn[] };

export interface Pipeline {
  readonly source: PipelineSource;
  readonly filters: readonly Expression[];
  readonly sink: PipelineSink;
  readonly table: ExpressionTable;
  /** Source columns the code reads. */
  readonly used: ReadonlySet<number>;
  /** What narrow code needs of a page; trivial for sources other than pages. */
  readonly bounds: BoundProgram;
  /** First slot of the control block that belongs to this pipeline's table. */
  readonly firstSlot: number;
  /** Preorder numbers of the plan's operators, source side first. */
  readonly operators: readonly number[];
}

export interface PipelinePlan {
  /** In the order they run; each reads what an earlier one finished. */
  readonly pipelines: readonly Pipeline[];
  readonly aggregates: readonly AggregatePlan[];
  readonly slotCount: number;
}

/** The input of an operator, as expressions over a source's columns. */
interface Stream {
  readonly source: PipelineSource;
  readonly filters: readonly Expression[];
  readonly columns: readonly Expression[];
  readonly operators: readonly number[];
}

export function cutPipelines(plan: PhysicalPlan): PipelinePlan {
  const cutter = new Cutter();
  const stream = cutter.stream(plan.root, 0);
  const columns = stream.columns.map((expression, index): ResultColumn => ({
    expression,
    type: defined(plan.outputs[index], `output ${index}`).type,
  }));
  cutter.add(stream, () => ({ kind: "result", columns }));
  return { pipelines: cutter.pipelines, aggregates: cutter.aggregates, slotCount: cutter.slotCount };
}

class Cutter {
  readonly pipelines: Pipeline[] = [];
  readonly aggregates: AggregatePlan[] = [];
  slotCount = 0;

  stream(operator: PhysicalOperator, number: number): Stream {
    switch (operator.kind) {
      case "scan": {
        const { leaf, columns } = operator;
        return {
          source: { kind: "pages", leaf, columns },
          filters: [],
          columns: columns.map((column, index): Expression => ({
            kind: "column",
            index,
            type: column.engine,
          })),
          operators: [number],
        };
      }
      case "filter": {
        const input = this.stream(operator.input, number + 1);
        const predicate = substitute(operator.predicate, input.columns);
        return { ...input, filters: [...input.filters, predicate], operators: [...input.operators, number] };
      }
      case "project": {
        const input = this.stream(operator.input, number + 1);
        const columns = operator.expressions.map((each) => substitute(each, input.columns));
        return { ...input, columns, operators: [...input.operators, number] };
      }
      case "hashAggregate":
        return this.#aggregate(operator, number);
    }
  }

  #aggregate(operator: Extract<PhysicalOperator, { kind: "hashAggregate" }>, number: number): Stream {
    const input = this.stream(operator.input, number + 1);
    const over = (expression: Expression): Expression => substitute(expression, input.columns);
    const index = this.aggregates.length;
    const plan = this.add({ ...input, operators: [...input.operators, number] }, (table) => {
      const keys = operator.keys.map(over);
      const aggregates = operator.aggregates.map((call) => ({
        ...call,
        ...(call.argument === undefined ? {} : { argument: over(call.argument) }),
        ...(call.filter === undefined ? {} : { filter: over(call.filter) }),
      }));
      const planned = planAggregate({ keys, aggregates }, table, (each) => isNullable(each, input.source));
      this.aggregates.push(planned);
      return { kind: "aggregate", aggregate: index, plan: planned };
    });
    const columns = [
      ...operator.keys.map(({ type }) => type),
      ...operator.aggregates.map(({ result }) => result.engine),
    ];
    return {
      source: {
        kind: "groups",
        aggregate: index,
        plan: defined(plan.sink.kind === "aggregate" ? plan.sink.plan : undefined, "an aggregate"),
      },
      filters: [],
      columns: columns.map((type, column): Expression => ({ kind: "column", index: column, type })),
      operators: [number],
    };
  }

  add(stream: Stream, makeSink: (table: ExpressionTable) => PipelineSink): Pipeline {
    const table = new ExpressionTable();
    for (const filter of stream.filters) table.intern(filter);
    const sink = makeSink(table);
    const read = [...stream.filters, ...sinkExpressions(sink)];
    const used = new Set<number>();
    for (const expression of read) collectColumns(expression, table, used, new Set());
    const { source, filters, operators } = stream;
    const bounds = boundsOf(source, filters, sink, table);
    const pipeline = { source, filters, sink, table, used, bounds, firstSlot: this.slotCount, operators };
    this.slotCount += table.slots.length;
    this.pipelines.push(pipeline);
    return pipeline;
  }
}

function sinkExpressions(sink: PipelineSink): readonly Expression[] {
  if (sink.kind === "result") return sink.columns.map(({ expression }) => expression);
  const { keys, classes } = sink.plan;
  return [
    ...keys.map(({ expression }) => expression),
    ...classes.flatMap(({ filter, steps }) => [
      ...(filter === undefined ? [] : [filter]),
      ...steps.flatMap(argumentsOf),
    ]),
  ];
}

/** Also numbers every subexpression, so that all slots exist before code is emitted. */
function collectColumns(
  expression: Expression,
  table: ExpressionTable,
  used: Set<number>,
  seen: Set<number>,
): void {
  const number = table.intern(expression);
  if (seen.has(number)) return;
  seen.add(number);
  if (expression.kind === "column") used.add(expression.index);
  for (const child of childrenOf(expression)) collectColumns(child, table, used, seen);
}

/** Everything narrow code computes must be bounded, except 16-byte columns that are only copied or compared bitwise. */
function boundsOf(
  source: PipelineSource,
  filters: readonly Expression[],
  sink: PipelineSink,
  table: ExpressionTable,
): BoundProgram {
  const bounds = new BoundProgram(table);
  if (source.kind !== "pages") return bounds;
  const encoding = (index: number): Encoding => defined(source.columns[index], `column ${index}`).encoding;
  for (const filter of filters) bounds.require(filter);
  if (sink.kind === "result") {
    for (const { expression, type } of sink.columns) {
      const raw = expression.kind === "column" && type.encoding === encoding(expression.index);
      if (!raw) bounds.require(expression);
    }
    return bounds;
  }
  for (const key of sink.plan.keys) {
    const copied = key.expression.kind === "column" && encoding(key.expression.index) !== Encoding.decimal128;
    if (!copied && !isRawDecimalKey(key, encoding)) bounds.require(key.expression);
  }
  for (const { filter, steps } of sink.plan.classes) {
    if (filter !== undefined) bounds.require(filter);
    for (const step of steps) {
      if (step.kind === "sumWide") bounds.requireSum(step.argument);
      // Counting a column's NULLs does not look at its values.
      else if (step.kind !== "nulls" || step.argument.kind !== "column")
        argumentsOf(step).forEach((each) => bounds.require(each));
    }
  }
  return bounds;
}

/** Whether an expression over the source can be NULL; results of aggregates are taken to be. */
function isNullable(expression: Expression, source: PipelineSource): boolean {
  const any = (list: readonly Expression[]): boolean => list.some((each) => isNullable(each, source));
  switch (expression.kind) {
    case "column":
      return source.kind === "groups" || defined(source.columns[expression.index], "a column").nullable;
    case "constant":
      return expression.value === null;
    case "parameter":
      return true;
    case "isNull":
    case "booleanTest":
      return false;
    case "case":
      return any([...expression.branches.map(({ then }) => then), expression.otherwise]);
    case "coalesce":
      return expression.arguments.every((each) => isNullable(each, source));
    default:
      return any(childrenOf(expression));
  }
}
