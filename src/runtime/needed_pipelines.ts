// Which pipelines still have a say in what a plan yields: those whose rows somebody takes who has a say. A limit that
// is reached, or was of no rows, takes nothing; a nested loop over an empty table and a condition that no row meets
// pass nothing on. What feeds nothing else is left out, as PostgreSQL leaves it out. Counter-examples without it:
// LIMIT 0 over a scalar subquery of two rows is no error, and a cross product beside an empty table is made for
// nothing. Read next: execution.ts.
import type { Expression } from "#expr/expression.js";
import { marksBuildRows, matchesOnly } from "#lowering/table_plan.js";
import type { Pipeline, PipelineSink, PipelineStep } from "#lowering/pipeline.js";

type Taken = "result" | `groups ${number}` | `table ${number}`;

/** Where a pipeline's rows go, tables whose rows it marks included. */
function targetsOf({ sink, steps }: Pipeline): readonly Taken[] {
  const marked = steps.flatMap((step): readonly Taken[] =>
    (step.kind === "probe" && marksBuildRows[step.join] ? [`table ${step.table}`] : []));
  switch (sink.kind) {
    case "result": return ["result", ...marked];
    case "aggregate": return [`groups ${sink.aggregate}`, ...marked];
    case "table": return [`table ${sink.table}`, ...marked];
    case "marks": return marked;
  }
}

function sourcesOf({ source, steps }: Pipeline): readonly Taken[] {
  const probed = steps.flatMap((step): readonly Taken[] => (step.kind === "probe" ? [`table ${step.table}`] : []));
  switch (source.kind) {
    case "pages": return probed;
    case "groups": return [`groups ${source.aggregate}`, ...probed];
    case "table": return [`table ${source.table}`, ...probed];
  }
}

/** What is known of the stores while a plan runs. */
export interface StoreFacts {
  /** Whether a sink takes no row any more. */
  isFull(sink: PipelineSink): boolean;
  /** Whether no row has come to a table, and none takes the place of one that is missing. */
  isEmpty(table: number): boolean;
  /** Whether one of several conditions, none of which reads a column, is not true. */
  isNever(conditions: readonly Expression[]): boolean;
}

/** Numbers of the pipelines from `first` on that are needed. */
export function neededPipelines(
  pipelines: readonly Pipeline[], first: number, { isFull, isEmpty, isNever }: StoreFacts,
): ReadonlySet<number> {
  // Tables that rows may come to: their pipelines stand in front of those that read them.
  const filled = new Set<number>();
  const staysEmpty = (table: number): boolean => isEmpty(table) && !filled.has(table);
  const letsNonePass = (step: PipelineStep): boolean =>
    (step.kind === "filter" ? isNever(step.once) : isLoop(step) && staysEmpty(step.table));
  const hasNone = ({ steps, sink }: Pipeline): boolean => isFull(sink) || steps.some(letsNonePass);
  for (const pipeline of pipelines.slice(first))
    if (pipeline.sink.kind === "table" && !hasNone(pipeline)) filled.add(pipeline.sink.table);
  const taken = new Set<Taken>(["result"]);
  const needed = new Set<number>();
  for (let number = pipelines.length - 1; number >= first; number--) {
    const pipeline = pipelines[number];
    // Rows that a step marks before one that lets none pass go through the same later step, and are nobody's either.
    if (pipeline === undefined || hasNone(pipeline)) continue;
    if (!targetsOf(pipeline).some((target) => taken.has(target))) continue;
    needed.add(number);
    for (const source of sourcesOf(pipeline)) taken.add(source);
  }
  return needed;
}

/**
 * Whether PostgreSQL reads the other side for each row of the table, and not at all when there is none. Where it
 * hashes, it begins with a row of the other side, whose error is the statement's.
 */
function isLoop({ join, keys }: Extract<PipelineStep, { readonly kind: "probe" }>): boolean {
  return matchesOnly[join] && keys.length === 0;
}
