// All aggregates of one grouping, planned together: as they stand over the rows where that is exact, else over rows
// that are ordered and told apart for them. The second way costs a sort, so it is tried when the first does not do.
// Read next: aggregates.ts, ordered_rows.ts.
import { assert } from "#base/assert.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { EdgeExpression } from "#plan/planning.js";
import { keepsAllValues } from "#plan/row_order.js";
import { type AggregatePlanner, type Obstacle } from "./aggregates.js";
import type { DistinctCalls } from "./distinct_aggregates.js";
import type { OrderedRows } from "./ordered_rows.js";

export interface PlannedAggregates {
  readonly planner: AggregatePlanner;
  /** By the canonical text of the AGGREF node: over the planner's calls. */
  readonly planned: ReadonlyMap<string, EdgeExpression>;
  /** Likewise, numbers in the planner's `computed`. */
  readonly computed: ReadonlyMap<string, number>;
  readonly distinct: DistinctCalls | undefined;
  /** What is done to the rows before they are grouped. */
  readonly rows: OrderedRows | undefined;
}

/** Rows that may be ordered before they are grouped. */
export interface OrderableRows {
  readonly ordered: () => OrderedRows;
}

type Attempt = PlannedAggregates | Obstacle;

/** The aggregates or what stands in the way; `plannerOver` makes a planner that knows of no aggregate yet. */
export function planAggregates(
  nodes: readonly TextNode[], textOf: (node: TextNode) => string,
  plannerOver: (rows: OrderedRows | undefined) => AggregatePlanner, orderable: OrderableRows | undefined,
): Attempt {
  const plain = attempt(nodes, textOf, plannerOver(undefined));
  if (!("obstacle" in plain)) return checked(plain, orderable);
  if (plain.needsRows !== true || orderable === undefined) return plain;
  const ordered = attempt(nodes, textOf, plannerOver(orderable.ordered()));
  return "obstacle" in ordered ? ordered : checked(ordered, orderable);
}

function checked(plan: PlannedAggregates, orderable: OrderableRows | undefined): Attempt {
  const hasLists = plan.planner.calls.some(keepsAllValues);
  if (hasLists && orderable === undefined) return { obstacle: "an aggregate keeps all values", needsRows: true };
  const obstacle = plan.rows?.obstacle;
  return obstacle === undefined ? plan : { obstacle };
}

function attempt(
  nodes: readonly TextNode[], textOf: (node: TextNode) => string, planner: AggregatePlanner,
): Attempt {
  const planned = new Map<string, EdgeExpression>();
  const computed = new Map<string, number>();
  for (const node of nodes) {
    const text = textOf(node);
    if (planned.has(text) || computed.has(text)) continue;
    const aggregate = readExpression(node);
    assert(aggregate.kind === "aggregate", "an AGGREF node reads as an aggregate");
    const answer = planner.plan(aggregate);
    if ("obstacle" in answer) return answer;
    if ("computed" in answer) computed.set(text, answer.computed);
    else planned.set(text, answer.expression);
  }
  const distinct = planner.distinct();
  return "obstacle" in distinct ? distinct
    : { planner, planned, computed, distinct: distinct.calls, rows: planner.rows };
}
