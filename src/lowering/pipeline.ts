// Cuts a physical plan into pipelines: from a source (pages of a leaf, groups of a finished aggregate, rows of a
// finished table) through filters, projections and probes to a sink. Projections dissolve into expressions over the
// pipeline's columns: the source's, then those of each table probed. Read next: pipeline_module.ts for the code.
import { assert, defined } from "#base/assert.js";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { childrenOf, partsWithoutColumns, substitute } from "#expr/traverse.js";
import { mapCall } from "#plan/calls.js";
import { columnsOf, operatorCount, sharedOf } from "#plan/columns_of.js";
import type { PhysicalOperator, PhysicalPlan, RuntimeFilter } from "#plan/physical.js";
import type { ColumnType } from "#types/column_type.js";
import { isPackedText } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import { type AggregatePlan, planAggregate, takesRoom } from "./aggregate_plan.js";
import { argumentsOf, overArguments } from "./aggregate_sink.js";
import type { BoundProgram } from "./bounds.js";
import { ExpressionTable } from "./expression_table.js";
import { boundsOf, isNullable } from "./pipeline_bounds.js";
import type { ProbeStep } from "./probe_step.js";
import type { ResultColumn } from "./result_sink.js";
import { StoredExpressions } from "./stored_expressions.js";
import {
  type Limit, type TablePlan, type TableRequest, commonKeyType, distinctKeys, marksBuildRows, planTable,
} from "./table_plan.js";
import type { TableInput } from "./table_sink.js";
import type { RowSelection } from "./table_source.js";
import { planWindow } from "./window_plan.js";

export type PipelineSource =
  | { readonly kind: "pages"; readonly leaf: number; readonly columns: readonly ColumnType[] }
  | { readonly kind: "groups"; readonly aggregate: number; readonly plan: AggregatePlan }
  | {
      readonly kind: "table";
      readonly table: number;
      readonly plan: TablePlan;
      readonly selection: RowSelection;
    };

export interface FilterStep {
  readonly kind: "filter";
  readonly predicate: Expression;
  /** Parts of it that no row of the operator's input changes. */
  readonly once: readonly Expression[];
}

export type PipelineStep = FilterStep | ProbeStep;

/** A table that rows go to. */
export interface TableTarget {
  readonly table: number;
  readonly input: TableInput;
}

export type PipelineSink =
  | {
      readonly kind: "aggregate";
      readonly aggregate: number;
      readonly plan: AggregatePlan;
      /** Where rows of groups go that there was no room for; see spill_pipeline.ts. */
      readonly overflow?: TableTarget;
    }
  | ({ readonly kind: "table" } & TableTarget)
  | {
      readonly kind: "result";
      readonly columns: readonly ResultColumn[];
      readonly limit: Limit | undefined;
    }
  /** The last probe marks build rows; nothing flows on. */
  | { readonly kind: "marks" };

export interface Pipeline {
  readonly source: PipelineSource;
  readonly steps: readonly PipelineStep[];
  readonly sink: PipelineSink;
  readonly table: ExpressionTable;
  readonly sourceColumns: number;
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
  /** In the order they run; each reads what earlier ones finished. */
  readonly pipelines: readonly Pipeline[];
  readonly aggregates: readonly AggregatePlan[];
  readonly tables: readonly TablePlan[];
  readonly filters: readonly TableFilter[];
  readonly slotCount: number;
  /** Most packed texts that rows of one page source have. */
  readonly viewCount: number;
}

/** A runtime filter, and the table whose rows make it. */
export interface TableFilter {
  readonly table: number;
  readonly filter: RuntimeFilter;
}

/** Rows of an operator from one origin, as expressions over the pipeline's columns. */
interface Stream {
  readonly source: PipelineSource;
  readonly sourceColumns: number;
  readonly steps: readonly PipelineStep[];
  readonly columns: readonly Expression[];
  /** By column of the pipeline. */
  readonly nullable: readonly boolean[];
  readonly operators: readonly number[];
}

type Operator<K extends PhysicalOperator["kind"]> = Extract<PhysicalOperator, { kind: K }>;

/** What nothing is looked up in. */
const ROWS_ALONE = { keyTypes: [], buildKeys: [], outer: false, nullKeys: "drop", single: false } as const;
/** Rows that are kept as they came. */
const IN_SEQUENCE = { spills: true, inSequence: true } as const;

const columnReferences = (columns: readonly { readonly engine: ColumnType["engine"] }[], first = 0): Expression[] =>
  columns.map(({ engine }, index) => readColumn(first + index, engine));

export function cutPipelines(plan: PhysicalPlan): PipelinePlan {
  const cutter = new Cutter(sharedOf(plan.root));
  cutter.deliver(plan);
  const { pipelines, aggregates, tables, filters, slotCount } = cutter;
  const packed = pipelines.map(({ source }) =>
    source.kind === "pages" ? source.columns.filter(({ encoding }) => isPackedText(encoding)).length : 0,
  );
  return { pipelines, aggregates, tables, filters, slotCount, viewCount: Math.max(0, ...packed) };
}

class Cutter {
  readonly pipelines: Pipeline[] = [];
  readonly aggregates: AggregatePlan[] = [];
  readonly tables: TablePlan[] = [];
  readonly filters: TableFilter[] = [];
  slotCount = 0;
  readonly #shared: ReturnType<typeof sharedOf>;
  /** By number of what is shared; each may be read again and again. */
  readonly #made = new Map<number, readonly Stream[]>();

  constructor(shared: ReturnType<typeof sharedOf>) {
    this.#shared = shared;
  }

  deliver({ root, outputs }: PhysicalPlan): void {
    const limit = root.kind === "limit" ? root : undefined;
    const inputs = limit === undefined ? this.streams(root, 0) : this.streams(limit.input, 1);
    for (const stream of inputs) {
      const columns = stream.columns.map((expression, index): ResultColumn => ({
        expression,
        type: defined(outputs[index], `output ${index}`).type,
      }));
      const operators = limit === undefined ? stream.operators : [...stream.operators, 0];
      const counted = limit && { count: limit.count, offset: limit.offset };
      this.#add({ ...stream, operators }, { kind: "result", columns, limit: counted });
    }
  }

  /** The operator's rows: several streams when they have several origins, to be consumed in this order. */
  streams(operator: PhysicalOperator, number: number): readonly Stream[] {
    switch (operator.kind) {
      case "scan": return [this.#scan(operator, number)];
      case "filter":
        return this.streams(operator.input, number + 1).map((input): Stream => {
          const predicate = substitute(operator.predicate, input.columns);
          const once = partsWithoutColumns(operator.predicate);
          const steps: PipelineStep[] = [...input.steps, { kind: "filter", predicate, once }];
          return { ...input, steps, operators: [...input.operators, number] };
        });
      case "project":
        return this.streams(operator.input, number + 1).map((input): Stream => {
          const columns = operator.expressions.map((each) => substitute(each, input.columns));
          return { ...input, columns, operators: [...input.operators, number] };
        });
      case "hashAggregate": return [this.#aggregate(operator, number)];
      case "hashJoin": return this.#join(operator, number);
      case "union": return this.#union(operator, number);
      case "singleRow": return [this.#retained(operator, number, { single: true })];
      case "sort": return [this.#sorted(operator, number)];
      case "window": return [this.#window(operator, number)];
      case "shared": case "sharedReading":
        return this.#sharedStreams(operator.share).map((stream) => (
          { ...stream, operators: [...stream.operators, number] }));
      case "limit": {
        const limit = { count: operator.count, offset: operator.offset };
        return [this.#retained(operator, number, { ...IN_SEQUENCE, single: false, limit })];
      }
    }
  }

  #scan({ leaf, columns }: Operator<"scan">, number: number): Stream {
    return {
      source: { kind: "pages", leaf, columns },
      sourceColumns: columns.length,
      steps: [],
      columns: columnReferences(columns),
      nullable: columns.map(({ nullable }) => nullable),
      operators: [number],
    };
  }

  /** Made when the first reader is cut, so that every reader finds it finished. */
  #sharedStreams(share: number): readonly Stream[] {
    const known = this.#made.get(share);
    if (known !== undefined) return known;
    const { operator: { input }, number } = defined(this.#shared.get(share), "shared rows");
    // Groups as well: those that have no room are made in rounds, of which each is read once.
    const made = [this.#kept(input, number + 1)];
    this.#made.set(share, made);
    return made;
  }

  #kept(operator: PhysicalOperator, number: number): Stream {
    const columns = columnsOf(operator);
    const { table, plan } = this.#fill(operator, number, { ...ROWS_ALONE, ...IN_SEQUENCE, columns });
    return this.#tableStream(table, plan, columns, "all", number - 1);
  }

  #union({ inputs }: Operator<"union">, number: number): readonly Stream[] {
    let next = number + 1;
    return inputs.flatMap((input) => {
      const streams = this.streams(input, next);
      next += operatorCount(input);
      return streams.map((stream) => ({ ...stream, operators: [...stream.operators, number] }));
    });
  }

  #aggregate(operator: Operator<"hashAggregate">, number: number): Stream {
    const inputs = this.streams(operator.input, number + 1);
    const index = this.aggregates.length;
    const [only, ...more] = inputs;
    assert(only !== undefined, "an operator has a stream");
    // One input: planned over the pipeline's own columns, where most work is seen to be equal. Several share a plan
    // over the operator's input, in which anything may be NULL.
    const table = new ExpressionTable();
    const over = more.length === 0 ? only.columns : columnReferences(columnsOf(operator.input));
    const plan = planAggregate(overColumns(operator, over), table, (each) =>
      more.length > 0 || isNullable(each, only.nullable));
    this.aggregates.push(plan);
    for (const input of inputs) {
      const own = more.length === 0
        ? plan
        : substituteAggregate(plan, (expression) => substitute(expression, input.columns));
      const sink = { kind: "aggregate", aggregate: index, plan: own } as const;
      this.#add({ ...input, operators: [...input.operators, number] }, sink, more.length === 0 ? table : undefined);
    }
    const types = [
      ...operator.keys.map(({ type }) => ({ engine: type })),
      ...operator.aggregates.map(({ result }) => result),
    ];
    return {
      source: { kind: "groups", aggregate: index, plan },
      sourceColumns: types.length,
      steps: [],
      columns: columnReferences(types),
      nullable: types.map(() => true),
      operators: [number],
    };
  }

  #join(operator: Operator<"hashJoin">, number: number): readonly Stream[] {
    const { join, probe, build, probeKeys, buildKeys, residual } = operator;
    const columns = columnsOf(build);
    const marks = marksBuildRows[join];
    const keyTypes = buildKeys.map(({ type }, index) =>
      commonKeyType(type, defined(probeKeys[index], "a probe key").type));
    const outer = join === "left" || join === "full";
    const nullKeys = join === "nullAwareAnti" ? "note" : marks && join !== "rightSemi" ? "keep" : "drop";
    const { table, plan } = this.#fill(build, number + 1 + operatorCount(probe), {
      columns, keyTypes, buildKeys, outer, nullKeys, single: false, spills: true,
    });
    for (const filter of operator.filters ?? []) this.filters.push({ table, filter });
    const inputs = this.streams(probe, number + 1);
    const probing = inputs.map((input): Stream => {
      const { columns: own, nullable } = input;
      const firstColumn = nullable.length;
      const buildColumns = columnReferences(columns, firstColumn);
      const step: ProbeStep = {
        kind: "probe", join, table, plan, firstColumn,
        keys: probeKeys.map((each) => substitute(each, own)),
        residual: residual && substitute(residual, [...own, ...buildColumns]),
        operators: input.operators,
      };
      return {
        ...input,
        steps: [...input.steps, step],
        columns: yieldsBuildColumns(operator) ? [...own, ...buildColumns] : own,
        nullable: [...nullable, ...plan.columns.map(({ nullBit }) => nullBit !== undefined)],
        operators: [...input.operators, number],
      };
    });
    if (!marks) return probing;
    const selection = join === "rightSemi" ? "matched" : "unmatched";
    const marked: Stream = {
      ...this.#tableStream(table, plan, columns, selection, number),
      columns: join === "right" || join === "full"
        ? [...columnsOf(probe).map(({ engine }) => constantOf(null, engine)),
            ...columnReferences(columns)]
        : columnReferences(columns),
    };
    if (join === "right" || join === "full") return [...probing, marked];
    for (const stream of probing) this.#add(stream, { kind: "marks" });
    return [marked];
  }

  /** An operator that needs all rows of its input before it yields one. */
  #retained(
    operator: Operator<"singleRow" | "limit">, number: number,
    request: Pick<TableRequest, "single" | "limit">,
  ): Stream {
    const columns = columnsOf(operator.input);
    const { table, plan } = this.#fill(operator.input, number + 1, { ...ROWS_ALONE, columns, ...request });
    return this.#tableStream(table, plan, columns, "all", number);
  }

  /** Keys that are no columns stand behind them. */
  #sorted(operator: Operator<"sort">, number: number): Stream {
    const columns = columnsOf(operator.input);
    const expressions = new StoredExpressions(columns, columns.length);
    const keys = distinctKeys(operator.keys.map(({ expression, descending, nullsFirst }) => (
      { column: expressions.column(expression), descending, nullsFirst })));
    const { extra } = expressions;
    const stored = [...columns, ...extra.map(({ type }) => ({ engine: type, nullable: true }))];
    const { table, plan } = this.#fill(operator.input, number + 1, {
      ...ROWS_ALONE, columns: stored, order: { keys, rows: operator.limit }, spills: true,
    }, extra);
    return this.#tableStream(table, plan, columns, "ordered", number);
  }

  /** Results stand behind the input's columns, NULL until they are computed; what they are computed of behind them. */
  #window(operator: Operator<"window">, number: number): Stream {
    const { columns } = operator;
    const firstResult = columns.length - operator.calls.length;
    const results = operator.calls.map(({ result }) => constantOf(null, result.engine));
    const expressions = new StoredExpressions(columns.slice(0, firstResult), columns.length);
    const window = planWindow(operator, firstResult, expressions);
    const { extra } = expressions;
    const stored = [...columns, ...extra.map(({ type }) => ({ engine: type, nullable: true }))];
    const { table, plan } = this.#fill(operator.input, number + 1, {
      ...ROWS_ALONE, columns: stored,
      order: { keys: distinctKeys([...window.partition, ...window.order]), rows: undefined }, window,
      // All rows as one partition, and that in memory, are no fewer for having been on disk.
      spills: operator.partition.length > 0 || window.reach !== undefined,
    }, [...results, ...extra]);
    return this.#tableStream(table, plan, columns, "ordered", number);
  }

  /** Adds the pipelines that fill a table with an operator's rows, and with what `extra` computes of them. */
  #fill(
    operator: PhysicalOperator, number: number, request: TableRequest, extra: readonly Expression[] = [],
  ): { readonly table: number; readonly plan: TablePlan } {
    const inputs = this.streams(operator, number).map((input): Stream => (
      { ...input, columns: [...input.columns, ...extra.map((each) => substitute(each, input.columns))] }));
    const plan = planTable({
      ...request,
      columns: request.columns.map((column, index) => ({
        ...column,
        nullable: inputs.some(({ columns, nullable }) => isNullable(defined(columns[index], "a column"), nullable)),
      })),
    });
    const table = this.tables.length;
    this.tables.push(plan);
    for (const stream of inputs) {
      const keys = request.buildKeys.map((each) => substitute(each, stream.columns));
      this.#add(stream, { kind: "table", table, input: { plan, keys, columns: stream.columns } });
    }
    return { table, plan };
  }

  #tableStream(
    table: number, plan: TablePlan, columns: readonly ColumnType[], selection: RowSelection, number: number,
  ): Stream {
    return {
      source: { kind: "table", table, plan, selection },
      sourceColumns: columns.length,
      steps: [],
      columns: columnReferences(columns),
      nullable: plan.columns.map(({ nullBit }) => nullBit !== undefined),
      operators: [number],
    };
  }

  #add(stream: Stream, sink: PipelineSink, table = new ExpressionTable()): void {
    const { source, sourceColumns, steps, operators } = stream;
    const used = usedColumns({ steps, sink, table, sourceColumns });
    if (source.kind === "groups") table.usesScratch ||= source.plan.results.some(takesRoom);
    const bounds = boundsOf(source, steps, sink, table);
    const { slotCount: firstSlot } = this;
    this.pipelines.push({ source, steps, sink, table, sourceColumns, used, bounds, firstSlot, operators });
    this.slotCount += table.slots.length;
  }
}

function yieldsBuildColumns({ join }: Operator<"hashJoin">): boolean {
  return join === "inner" || join === "left" || join === "right" || join === "full";
}

function overColumns(
  operator: Operator<"hashAggregate">, columns: readonly Expression[],
): Pick<Operator<"hashAggregate">, "keys" | "aggregates"> {
  const over = (expression: Expression): Expression => substitute(expression, columns);
  return {
    keys: operator.keys.map(over),
    aggregates: operator.aggregates.map((call) => mapCall(call, over)),
  };
}

/** The same groups fed from a stream: one state, other expressions. */
export function substituteAggregate(
  plan: AggregatePlan, over: (expression: Expression) => Expression,
): AggregatePlan {
  return {
    ...plan,
    keys: plan.keys.map((key) => ({ ...key, expression: over(key.expression) })),
    classes: plan.classes.map(({ filter, steps }) => ({
      filter: filter && over(filter),
      steps: steps.map((step) => overArguments(step, over)),
    })),
  };
}

export function stepExpressions(step: PipelineStep): readonly Expression[] {
  if (step.kind === "filter") return [step.predicate];
  return step.residual === undefined ? step.keys : [...step.keys, step.residual];
}

export function sinkExpressions(sink: PipelineSink): readonly Expression[] {
  switch (sink.kind) {
    case "marks": return [];
    case "result": return sink.columns.map(({ expression }) => expression);
    case "table": return [...sink.input.keys, ...sink.input.columns];
    case "aggregate": break;
  }
  const { keys, classes } = sink.plan;
  return [
    ...keys.map(({ expression }) => expression),
    ...classes.flatMap(({ filter, steps }) => [
      ...(filter === undefined ? [] : [filter]),
      ...steps.flatMap(argumentsOf),
    ]),
  ];
}

/**
 * The columns that expressions read, with their types. Also numbers every subexpression, so that all slots exist
 * before code is emitted.
 */
export function columnTypes(
  expressions: readonly Expression[], table: ExpressionTable,
): ReadonlyMap<number, EngineType> {
  const types = new Map<number, EngineType>();
  const seen = new Set<number>();
  const collect = (expression: Expression): void => {
    const number = table.intern(expression);
    if (seen.has(number)) return;
    seen.add(number);
    if (expression.kind === "column") types.set(expression.index, expression.type);
    for (const child of childrenOf(expression)) collect(child);
  };
  expressions.forEach(collect);
  return types;
}

/** Columns of the source that steps and sink read. */
export function usedColumns(
  { steps, sink, table, sourceColumns }: Pick<Pipeline, "steps" | "sink" | "table" | "sourceColumns">,
): ReadonlySet<number> {
  const read = columnTypes([...steps.flatMap(stepExpressions), ...sinkExpressions(sink)], table);
  return new Set([...read.keys()].filter((index) => index < sourceColumns));
}
