// What becomes of a pipeline when a table it probes, or the groups it makes, do not fit memory: it ends early, in a
// table of its own whose rows go to disk by the hash of their keys, and another pipeline goes on from there, part by
// part. Nothing here runs unless memory is short. Read next: spill_module.ts, runtime/spill/spilled_stages.ts.
import { assert, defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { substitute } from "#expr/traverse.js";
import type { EngineType } from "#types/engine_type.js";
import { BoundProgram } from "./bounds.js";
import { ExpressionTable } from "./expression_table.js";
import {
  type Pipeline, type PipelinePlan, type PipelineSink, type PipelineStep, type TableTarget, columnTypes,
  sinkExpressions, stepExpressions, substituteAggregate, usedColumns,
} from "./pipeline.js";
import { boundsOf } from "./pipeline_bounds.js";
import type { ProbeStep } from "./probe_step.js";
import { type TablePlan, planTable } from "./table_plan.js";

/** A pipeline cut in front of a probe. */
export interface SplitPipeline {
  /** The table between the two. */
  readonly table: number;
  readonly plan: TablePlan;
  readonly before: Pipeline;
  /** From the probe on; its source is the table. */
  readonly after: Pipeline;
}

/** An aggregating pipeline for when there is no room for more groups. */
export interface OverflowPipeline {
  /** Where rows of other groups are written, and where those of an earlier round are read from. */
  readonly written: number;
  readonly read: number;
  readonly plan: TablePlan;
  readonly overflowing: Pipeline;
  /** Goes on from the rows that were read. */
  readonly again: Pipeline;
  readonly againOverflowing: Pipeline;
}

/** Tables that pipelines may need when they spill; they are numbered behind the plan's own. */
export function spillTableCount({ pipelines }: Pick<PipelinePlan, "pipelines">): number {
  return pipelines.reduce((sum, pipeline) => sum + tablesOf(pipeline), 0);
}

/** One for each probe, two for an aggregate. */
function tablesOf({ steps, sink }: Pipeline): number {
  return steps.filter(({ kind }) => kind === "probe").length + (sink.kind === "aggregate" ? 2 : 0);
}

/** The first of the tables of one of the plan's pipelines. */
export function firstSpillTable({ pipelines, tables }: PipelinePlan, pipeline: Pipeline): number {
  const at = pipelines.indexOf(pipeline);
  assert(at >= 0, "a pipeline of the plan");
  return tables.length + spillTableCount({ pipelines: pipelines.slice(0, at) });
}

/** Cuts in front of a probe; `table` is the number of the table between the two parts. */
export function splitPipeline(pipeline: Pipeline, probe: ProbeStep, table: number): SplitPipeline {
  const at = pipeline.steps.indexOf(probe);
  assert(at >= 0, "a step of the pipeline");
  const { steps, sink } = pipeline;
  const later = steps.slice(at);
  const read = [...later.flatMap(stepExpressions), ...sinkExpressions(sink)];
  const kept = new KeptColumns(pipeline, read, probe.firstColumn);
  const dropsNulls = probe.join === "inner" || probe.join === "semi" || probe.join === "right" ||
    probe.join === "rightSemi" || probe.join === "rightAnti";
  const plan = planTable({
    columns: kept.columns, keyTypes: probe.plan.keys.map(({ type }) => type),
    buildKeys: probe.keys.map((each) => kept.over(each)), outer: false, nullKeys: dropsNulls ? "drop" : "keep",
    single: false,
  });
  const target: TableTarget = { table, input: { plan, keys: probe.keys, columns: kept.expressions } };
  const below = pipeline.operators.indexOf(defined(probe.operators.at(-1), "an operator below the join"));
  const before = derive(pipeline, {
    steps: steps.slice(0, at), sink: { kind: "table", ...target }, operators: pipeline.operators.slice(0, below + 1),
  });
  const carries = probe.join !== "inner" && probe.join !== "right" && probe.join !== "rightSemi" &&
    probe.join !== "rightAnti";
  const moved = later.map((step): PipelineStep => {
    if (step.kind === "filter") return { ...step, predicate: kept.over(step.predicate) };
    return {
      ...step,
      keys: step.keys.map((each) => kept.over(each)),
      residual: step.residual && kept.over(step.residual),
      firstColumn: kept.place(step.firstColumn),
      ...(step === probe && carries ? { carriesMatches: true } : {}),
    };
  });
  const after = goOn(pipeline, table, plan, kept, moved, sinkOver(sink, kept));
  // The first is the source's, whose numbers are told elsewhere.
  return { table, plan, before, after: { ...after, operators: pipeline.operators.slice(below) } };
}

/** `table` is the number of the first of two tables. */
export function overflowPipeline(pipeline: Pipeline, table: number): OverflowPipeline {
  const { sink } = pipeline;
  assert(sink.kind === "aggregate", "a pipeline that aggregates");
  const kept = new KeptColumns(pipeline, sinkExpressions(sink), Infinity);
  const keys = sink.plan.keys.map(({ expression }) => expression);
  const moved = keys.map((each) => kept.over(each));
  const plan = planTable({
    columns: kept.columns, keyTypes: keys.map(({ type }) => type), buildKeys: moved, outer: false, nullKeys: "keep",
    single: false,
  });
  const overflow: TableTarget = { table, input: { plan, keys, columns: kept.expressions } };
  const overflowing = derive(pipeline, { sink: { ...sink, overflow } });
  const again = goOn(pipeline, table + 1, plan, kept, [], sinkOver(sink, kept));
  const more: TableTarget = {
    table, input: { plan, keys: moved, columns: kept.identity },
  };
  assert(again.sink.kind === "aggregate", "the same sink");
  const againOverflowing = derive(again, { sink: { ...again.sink, overflow: more } });
  return { written: table, read: table + 1, plan, overflowing, again, againOverflowing };
}

/** Columns of a pipeline that a table in its midst must keep, and where they are afterwards. */
class KeptColumns {
  readonly columns: { readonly engine: EngineType; readonly nullable: boolean }[] = [];
  readonly expressions: Expression[] = [];
  /** The columns again, as those of the table. */
  readonly identity: Expression[] = [];
  readonly #moved: Expression[] = [];
  readonly #first: number;

  /** Columns from `first` on come from probes behind the table, and are not kept. */
  constructor({ table }: Pipeline, read: readonly Expression[], first: number) {
    this.#first = first;
    const types = columnTypes(read, table);
    const later = [...types.keys()].filter((index) => index >= first).sort((a, b) => a - b);
    for (const index of [...types.keys()].filter((each) => each < first).sort((a, b) => a - b)) {
      const engine = defined(types.get(index), "a column's type");
      const moved = readColumn(this.columns.length, engine);
      this.#moved[index] = moved;
      this.identity.push(moved);
      this.expressions.push(readColumn(index, engine));
      this.columns.push({ engine, nullable: true });
    }
    for (const index of later) {
      this.#moved[index] = readColumn(this.place(index), defined(types.get(index), "a column's type"));
    }
  }

  /** Where a column of a later probe is. */
  place(index: number): number {
    return index - this.#first + this.columns.length;
  }

  over(expression: Expression): Expression {
    return substitute(expression, this.#moved);
  }
}

function sinkOver(sink: PipelineSink, kept: KeptColumns): PipelineSink {
  const over = (expression: Expression): Expression => kept.over(expression);
  switch (sink.kind) {
    case "marks": return sink;
    case "result": return {
      ...sink, columns: sink.columns.map((column) => ({ ...column, expression: over(column.expression) })),
    };
    case "table": {
      const { plan, keys, columns } = sink.input;
      return { ...sink, input: { plan, keys: keys.map(over), columns: columns.map(over) } };
    }
    case "aggregate":
      return { ...sink, plan: substituteAggregate(sink.plan, over) };
  }
}

/** The same source, ending otherwise. */
function derive(
  pipeline: Pipeline, changes: Partial<Pick<Pipeline, "steps" | "sink" | "operators">>,
): Pipeline {
  const changed = { ...pipeline, ...changes };
  const { source, steps, sink, table } = changed;
  return { ...changed, used: usedColumns(changed), bounds: boundsOf(source, steps, sink, table) };
}

/** A pipeline from a table's rows on. It has the constants of the one it was cut from, in the same slots. */
function goOn(
  pipeline: Pipeline, table: number, plan: TablePlan, kept: KeptColumns, steps: readonly PipelineStep[],
  sink: PipelineSink,
): Pipeline {
  const expressions = new ExpressionTable(pipeline.table.slots);
  const sourceColumns = kept.columns.length;
  const source = { kind: "table", table, plan, selection: "all" } as const;
  const used = usedColumns({ steps, sink, table: expressions, sourceColumns });
  assert(expressions.slots.length === pipeline.table.slots.length, "no other constants than the pipeline's");
  const bounds = new BoundProgram(expressions);
  return { ...pipeline, source, steps, sink, table: expressions, sourceColumns, used, bounds };
}
