// An inner region: inputs that are joined by a list of conditions in any order, with the semi and anti joins that
// filter its rows. Conditions that read attributes of queries around it are handed back: they correlate the region with
// its surroundings. Read next: join_order.ts.
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { Expression } from "#expr/expression.js";
import type { LogicalJoinKind, LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import type { Attributes } from "./attributes.js";
import { equalityOf } from "./conditions.js";
import { filtered } from "./filtered.js";
import { orderRegion } from "./join_order.js";
import type { QueryScope } from "./query_scope.js";
import type { TableSource } from "./table_source.js";

export interface HidingJoin {
  readonly join: Extract<LogicalJoinKind, "semi" | "anti" | "nullAwareAnti">;
  readonly right: LogicalOperator;
  readonly conditions: readonly Expression[];
}

/** A left join of at most one partner a row, applied when the region's rows are complete. */
export interface LookUp {
  readonly right: LogicalOperator;
  readonly conditions: readonly Expression[];
}

/** A condition over the columns of a scope that PostgreSQL evaluates above the engine. */
export interface EdgeCondition {
  readonly scope: QueryScope;
  readonly condition: AnalysedExpression;
}

export class Region {
  /** Tables joined here directly; further inputs are operators. */
  readonly tables: TableSource[] = [];
  readonly inputs: LogicalOperator[] = [];
  readonly conditions: Expression[] = [];
  readonly hidingJoins: HidingJoin[] = [];
  readonly lookUps: LookUp[] = [];
  /** What the engine does not compute; undefined where nothing of PostgreSQL's stands directly above. */
  readonly edgeConditions: EdgeCondition[] | undefined;

  constructor(isBelowEdge: boolean) {
    this.edgeConditions = isBelowEdge ? [] : undefined;
  }
}

export interface FinishedRegion {
  readonly operator: LogicalOperator;
  /** Conditions that read attributes from outside. */
  readonly correlated: readonly Expression[];
}

const HIDING_SELECTIVITY = 0.5;

function isWithin(read: ReadonlySet<number>, provided: ReadonlySet<number>): boolean {
  return [...read].every((origin) => provided.has(origin));
}

function hidden(left: LogicalOperator, { join, right, conditions }: HidingJoin): LogicalOperator {
  const rows = Math.max(1, left.rows * HIDING_SELECTIVITY);
  // Without a key to look up, only a probe of the left rows stops at the first partner.
  const hasKey = conditions.some((condition) => equalityOf(condition) !== undefined);
  const build = hasKey && join !== "nullAwareAnti" && left.rows < right.rows ? "left" : "right";
  return { kind: "join", join, left, right, conditions, build, rows };
}

/** Whose origins a hiding join reads of the region. */
function probeOrigins(join: HidingJoin, attributes: Attributes): Set<number> {
  const own = originsOf(join.right);
  const read = join.conditions.flatMap((condition) => [...attributes.originsRead(condition)]);
  return new Set(read.filter((origin) => !own.has(origin)));
}

/** Joins the inputs. Semi and anti joins go to the one input they read, where they see the fewest rows. */
export function finishRegion(region: Region, attributes: Attributes): FinishedRegion {
  const inputs = [...region.tables.map((table) => table.scan()), ...region.inputs];
  const provided = new Set(inputs.flatMap((input) => [...originsOf(input)]));
  const lookedUp = new Set(region.lookUps.flatMap(({ right }) => [...originsOf(right)]));
  const inner: Expression[] = [];
  const correlated: Expression[] = [];
  const late: Expression[] = [];
  for (const condition of region.conditions) {
    const read = attributes.originsRead(condition);
    // A condition that reads nothing is the same for every row.
    if (read.size === 0) late.push(condition);
    else if (isWithin(read, provided)) inner.push(condition);
    else if ([...read].some((origin) => lookedUp.has(origin))) late.push(condition);
    else correlated.push(condition);
  }
  const top: HidingJoin[] = [];
  for (const join of region.hidingJoins) {
    const read = probeOrigins(join, attributes);
    const at = inputs.findIndex((input) => isWithin(read, originsOf(input)));
    const input = inputs[at];
    if (read.size > 0 && input !== undefined) inputs[at] = hidden(input, join);
    else top.push(join);
  }
  let operator = orderRegion(inputs, inner, attributes);
  for (const join of top) operator = hidden(operator, join);
  for (const { right, conditions } of region.lookUps)
    operator = { kind: "join", join: "left", left: operator, right, conditions, build: "right", rows: operator.rows };
  return { operator: filtered(operator, late), correlated };
}
