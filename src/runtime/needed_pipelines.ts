// Which pipelines still have a say in what a plan yields: those whose rows somebody takes who has a say. A limit that
// is reached, or was of no rows, takes nothing, and what feeds nothing else is left out, as PostgreSQL leaves it out.
// Counter-example without it: LIMIT 0 over a scalar subquery of two rows is no error. Read next: execution.ts.
import { marksBuildRows } from "#lowering/table_plan.js";
import type { Pipeline, PipelineSink } from "#lowering/pipeline.js";

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

/** Numbers of the pipelines from `first` on that are needed; `isFull` tells of a sink that takes no row any more. */
export function neededPipelines(
  pipelines: readonly Pipeline[], first: number, isFull: (sink: PipelineSink) => boolean,
): ReadonlySet<number> {
  const taken = new Set<Taken>(["result"]);
  const needed = new Set<number>();
  for (let number = pipelines.length - 1; number >= first; number--) {
    const pipeline = pipelines[number];
    if (pipeline === undefined || isFull(pipeline.sink)) continue;
    if (!targetsOf(pipeline).some((target) => taken.has(target))) continue;
    needed.add(number);
    for (const source of sourcesOf(pipeline)) taken.add(source);
  }
  return needed;
}
