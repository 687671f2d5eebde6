// An inner region: inputs that are joined by a list of conditions in any order, with the semi and anti joins that
// filter its rows. Conditions that read attributes of queries around it are handed back: they correlate the region with
// its surroundings. Read next: join_order.ts.
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import { refuse } from "#frontend/refusal.js";
import type { Attributes } from "#optimizer/attributes.js";
import { Estimates } from "#optimizer/estimates.js";
import { rejectsNull } from "#optimizer/expressions/conditions.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { filtered } from "./filtered.js";
import { placeFailing } from "./failing_conditions.js";
import type { HidingJoin } from "./join_order.js";
import { orderRegion } from "./join_order.js";
import type { StatementFacts, TableSource } from "./table_source.js";

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
  /** A condition over values of subqueries that may fail (unnesting/held_back.ts). */
  askedLast: Expression | undefined;
  /** What the columns of the domain are here that the query is joined with (domain.ts). */
  passed: readonly Expression[] = [];
  /** What the engine does not compute; undefined where nothing of PostgreSQL's stands directly above. */
  readonly edgeConditions: EdgeCondition[] | undefined;

  constructor(isBelowEdge: boolean) {
    this.edgeConditions = isBelowEdge ? [] : undefined;
  }

  /**
   * Whether a condition can be asked of the rows that all other conditions of the statement keep: for more of them it
   * could fail where PostgreSQL does not ask it. Counter-example: two conditions that may fail, of which PostgreSQL
   * asks the one first that it finds cheaper.
   */
  get canAskLast(): boolean {
    return this.edgeConditions?.length === 0 && this.askedLast === undefined;
  }
}

export interface FinishedRegion {
  readonly operator: LogicalOperator;
  /** Conditions that read attributes from outside. */
  readonly correlated: readonly Expression[];
}

function isWithin(read: ReadonlySet<number>, provided: ReadonlySet<number>): boolean {
  return [...read].every((origin) => provided.has(origin));
}

/** A hiding join whose condition reads nothing of the region: all rows stay, or none. */
function hidden(
  left: LogicalOperator, { join, right, conditions }: HidingJoin, estimates: Estimates,
): LogicalOperator {
  const matched = estimates.matchFraction(left, right, conditions);
  const rows = Math.max(1, left.rows * (join === "semi" ? matched : 1 - matched));
  return { kind: "join", join, left, right, conditions, build: "right", rows };
}

/** What a join's conditions read beside its right side. */
function readBeside({ right, conditions }: LookUp, attributes: Attributes): ReadonlySet<number> {
  const own = originsOf(right);
  const read = conditions.flatMap((condition) => [...attributes.originsRead(condition)]);
  return new Set(read.filter((origin) => !own.has(origin)));
}

/** Such joins stand in the region: what they read of queries further out is out of reach. */
function checkReach(join: LookUp, provided: ReadonlySet<number>, attributes: Attributes): void {
  if (!isWithin(readBeside(join, attributes), provided))
    refuse("correlated subquery of this form", "It reads columns of a query beyond the one it stands in.");
}

/** Whether a condition of the join compares both sides, and none reads anything else. */
function isConnected(join: HidingJoin, provided: ReadonlySet<number>, attributes: Attributes): boolean {
  const own = originsOf(join.right);
  const all = new Set([...own, ...provided]);
  const reads = join.conditions.map((condition) => [...attributes.originsRead(condition)]);
  return reads.every((read) => read.every((origin) => all.has(origin)))
    && reads.some((read) => read.some((origin) => own.has(origin)) && read.some((origin) => provided.has(origin)));
}

/**
 * Where a missing row makes a condition not true, rows without one can go: an inner join, which may be ordered with the
 * others. Else they stay with NULL, which is what a subquery without rows gives. Counter-example: x = 3 OR x > (SELECT
 * max(y) ...) keeps a row without a group. What may fail must be evaluated for rows without a partner as well.
 */
function joinFoundOnly(region: Region, attributes: Attributes): void {
  const kept = region.lookUps.filter(({ right, conditions }) => {
    const own = originsOf(right);
    const isStrict = region.conditions.some((condition) => !mayFail(condition)
      && [...columnsRead(condition)].some((column) =>
        own.has(attributes.originOf(column)) && rejectsNull(condition, column)));
    if (!isStrict) return true;
    region.inputs.push(right);
    region.conditions.push(...conditions);
    return false;
  });
  region.lookUps.splice(0, region.lookUps.length, ...kept);
}

/** Joins the inputs, semi and anti joins where they cost least. */
export function finishRegion(region: Region, statement: StatementFacts): FinishedRegion {
  const { attributes } = statement;
  const estimates = new Estimates(statement.tables);
  joinFoundOnly(region, attributes);
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
  const ordered: HidingJoin[] = [];
  const top: HidingJoin[] = [];
  const above: HidingJoin[] = [];
  for (const join of region.hidingJoins) {
    checkReach(join, new Set([...provided, ...lookedUp]), attributes);
    if (isConnected(join, provided, attributes)) ordered.push(join);
    else if (isWithin(readBeside(join, attributes), provided)) top.push(join);
    else above.push(join);
  }
  for (const lookUp of region.lookUps) checkReach(lookUp, new Set([...provided, ...lookedUp]), attributes);
  const { joining, last: failing } = placeFailing(inputs, inner, region.hidingJoins.length > 0, attributes);
  let operator = orderRegion(inputs, joining, ordered, statement);
  for (const join of top) operator = hidden(operator, join, estimates);
  for (const { right, conditions } of region.lookUps)
    operator = { kind: "join", join: "left", left: operator, right, conditions, build: "right", rows: operator.rows };
  for (const join of above) operator = hidden(operator, join, estimates);
  const last = region.askedLast === undefined ? [] : [region.askedLast];
  return { operator: filtered(operator, [...late, ...failing, ...last]), correlated };
}
