// FROM and WHERE of one query level as a region: tables become leaves, plain subqueries are merged into the level,
// others are planned by themselves, outer joins are inputs of their own; each condition goes as far down as it may.
// Read next: subqueries.ts for conditions with subqueries, region.ts for what becomes of it all.
import { assert } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { AnalysedExpression } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery, FromItem, RangeEntry } from "#frontend/query.js";
import { checkTable, otherFromItems } from "#frontend/query_checks.js";
import { readQuery } from "#frontend/query_reader.js";
import { refuse } from "#frontend/refusal.js";
import { booleanField, locationOf, optionalNode, requiredNode } from "#frontend/text_fields.js";
import type { Block } from "#optimizer/block.js";
import { materialised } from "#optimizer/block.js";
import { checkTargets, isMergeable } from "#optimizer/block_checks.js";
import { giveEntriesOf } from "#optimizer/edges/given_entries.js";
import { rangesReadDeep, readsAround, readsOutside, withQueryNamed } from "#optimizer/edges/stand_alone.js";
import { ROWS_UNKNOWN } from "#optimizer/estimates.js";
import { conjunctsOf, equalityOf, hasEquality } from "#optimizer/expressions/conditions.js";
import { isHosted } from "#optimizer/expressions/expression_translator.js";
import { mayFail } from "#optimizer/expressions/may_fail.js";
import { obstacleIn } from "#optimizer/expressions/obstacle.js";
import { isGrouped } from "#optimizer/planning_context.js";
import type { LateralRows, QueryPlanner } from "#optimizer/query_planner.js";
import { QueryScope, rangesRead } from "#optimizer/query_scope.js";
import { planSetOperation } from "#optimizer/set_operations.js";
import { isScannable } from "#optimizer/table_columns.js";
import type { Domain } from "#optimizer/unnesting/domain.js";
import { mayGiveRows, subLinksIn } from "#optimizer/unnesting/sub_links.js";
import { isUnreadAggregate, readsColumn } from "#optimizer/unnesting/unread_aggregates.js";
import { planSubqueriesOf, valuesBelow } from "#optimizer/unnesting/value_subqueries.js";
import type { LogicalOperator } from "#plan/logical.js";
import { originsOf } from "#plan/logical.js";
import { filtered, isTrue } from "./filtered.js";
import { addImpliedFilters } from "./implied_filters.js";
import type { FinishedRegion } from "./region.js";
import { finishRegion, Region } from "./region.js";
import { checkShownOrder } from "./shown_order.js";
import { rangesNeeded } from "./strict_conditions.js";
import { TableSource } from "./table_source.js";
import type { WithQuery } from "./with_queries.js";
import { commonTableOf } from "./with_queries.js";

/** A condition waits until all of FROM is known: it may read any of it. */
interface Pending {
  readonly scope: QueryScope;
  readonly condition: AnalysedExpression;
}

type JoinItem = Extract<FromItem, { readonly kind: "join" }>;

/** Where FROM items go. */
interface Level {
  readonly planner: QueryPlanner;
  readonly scope: QueryScope;
  readonly region: Region;
  readonly pending: Pending[];
  /** Below the null-producing side of an outer join. */
  readonly isNullable: boolean;
  /** FROM items of the query that conditions above need a real row of (strict_conditions.ts). */
  readonly needed: ReadonlySet<number>;
}

export interface PlannedFrom {
  readonly scope: QueryScope;
  readonly region: Region;
}

/**
 * FROM and WHERE of a query, in the scope of the one around it. The statement's own FROM is below the edge: PostgreSQL
 * evaluates there what the engine cannot. The `domain` is one more FROM item, before all others.
 */
export function planFrom(
  planner: QueryPlanner, query: AnalysedQuery, outer: QueryScope | undefined, isBelowEdge = false, domain?: Domain,
): PlannedFrom {
  const scope = new QueryScope(planner.statement, query, outer);
  const region = new Region(isBelowEdge);
  const level: Level = { planner, scope, region, pending: [], isNullable: false, needed: new Set() };
  if (domain !== undefined) {
    region.inputs.push(domain.operator);
    region.passed = domain.columns.map(({ inner }) => inner);
  }
  addQuery(level, query);
  placePending(level);
  // The statement's own select list is above its rows, unless they are grouped by it.
  const isReadHere = !isBelowEdge || (query.distinct.length > 0 && !query.isDistinctOn);
  if (isReadHere || isGrouped(query)) planSubqueriesOf(planner, region, scope, valuesBelow(query, () => true));
  return { scope, region };
}

/** All of FROM and WHERE as one leaf that PostgreSQL runs. */
export function wholeFrom(planner: QueryPlanner, query: AnalysedQuery, reason: string): PlannedFrom {
  const { statement } = planner;
  const scope = new QueryScope(statement, query, undefined);
  const region = new Region(false);
  const table = new TableSource(statement, {
    query, rangeIndex: 0, isNullable: false, rows: ROWS_UNKNOWN, reason,
  });
  region.tables.push(table);
  statement.tables.push(table);
  query.rangeTable.forEach((_entry, index) => scope.sources.set(index + 1, { kind: "table", table }));
  return { scope, region };
}

function addQuery(level: Level, query: AnalysedQuery): void {
  if (query.setOperation !== undefined) return addSetOperation(level, query);
  const { tables, inputs } = level.region;
  if (query.from.length === 0 && query.where !== undefined && inputs.length === 0)
    refuse("WHERE without FROM", "The statement or a subquery of it reads no table.");
  // Beside other rows, one row without columns changes nothing.
  if (query.from.length === 0 && tables.length + inputs.length === 0) addSingleRow(level, query);
  const needed = query.where === undefined ? new Set<number>() : rangesNeeded(query.where);
  for (const item of query.from) addItem({ ...level, needed }, item);
  if (query.where !== undefined) level.pending.push({ scope: level.scope, condition: query.where });
}

/** SELECT without FROM is over one row without columns, which PostgreSQL makes. */
function addSingleRow({ scope, region, isNullable }: Level, query: AnalysedQuery): void {
  const table = new TableSource(scope.statement, {
    query, rangeIndex: 0, isNullable, rows: 1, reason: "SELECT without FROM",
  });
  region.tables.push(table);
  scope.statement.tables.push(table);
}

/** The columns of a set operation are named by those of its leftmost query, the first of the range table. */
function addSetOperation(level: Level, query: AnalysedQuery): void {
  const { scope, region } = level;
  const { passed } = region;
  // Each query is joined with the domain by itself.
  const domain = passed.length === 0 ? [] : region.inputs.splice(0);
  const planArm = (rangeIndex: number): LogicalOperator =>
    planSide({ ...level, isNullable: false }, { kind: "range", rangeIndex }, [], domain);
  const { operator, columns } = planSetOperation(scope, planArm, passed);
  region.passed = columns.slice(columns.length - passed.length);
  region.inputs.push(operator);
  const column = (attribute: number): ReturnType<QueryScope["variable"]> => {
    const expression = columns[attribute - 1];
    return expression === undefined ? undefined : { expression };
  };
  assert(query.rangeTable.length > 1, "a set operation has queries");
  scope.sources.set(1, { kind: "derived", column });
}

/** Conditions with subqueries come last: a subquery's domain is of the rows that the others leave. */
function placePending({ planner, region, pending, scope }: Level): void {
  const all = pending.flatMap((each) =>
    conjunctsOf(each.condition, scope.statement.texts).map((condition): Pending => ({ scope: each.scope, condition })));
  const hasSubquery = ({ condition }: Pending): boolean => subLinksIn(condition.source).length > 0;
  for (const { scope: own, condition } of [...all.filter((each) => !hasSubquery(each)), ...all.filter(hasSubquery)])
    placeCondition(planner, region, own, condition);
}

function addItem(level: Level, item: FromItem): void {
  if (item.kind === "range") return addRange(level, item.rangeIndex);
  const { left, right, condition } = item;
  switch (reducedJoin(item.joinKind, needs(level, left), needs(level, right))) {
    case "JOIN": return addInnerJoin(level, item);
    case "LEFT JOIN": return addOuterJoin(level, left, right, condition, "left");
    case "RIGHT JOIN": return addOuterJoin(level, right, left, condition, "left");
    case "FULL JOIN": return addOuterJoin(level, left, right, condition, "full");
    default: return refuse(item.joinKind, "This kind of join does not come from SQL.");
  }
}

function needs({ needed }: Level, item: FromItem): boolean {
  return rangesOf(item).some((range) => needed.has(range));
}

/** Where rows without a row of one side are dropped above, the join need not make them. */
function reducedJoin(kind: JoinItem["joinKind"], needsLeft: boolean, needsRight: boolean): JoinItem["joinKind"] {
  if (kind !== "LEFT JOIN" && kind !== "RIGHT JOIN" && kind !== "FULL JOIN") return kind;
  const keepsLeft = kind !== "RIGHT JOIN" && !needsRight;
  const keepsRight = kind !== "LEFT JOIN" && !needsLeft;
  if (keepsLeft) return keepsRight ? "FULL JOIN" : "LEFT JOIN";
  return keepsRight ? "RIGHT JOIN" : "JOIN";
}

function addInnerJoin(level: Level, { left, right, condition }: JoinItem): void {
  const own = condition === undefined ? [] : rangesNeeded(condition);
  const inside: Level = { ...level, needed: new Set([...level.needed, ...own]) };
  addItem(inside, left);
  addItem(inside, right);
  if (condition !== undefined) level.pending.push({ scope: level.scope, condition });
}

function addRange(level: Level, rangeIndex: number): void {
  const { scope } = level;
  const entry = scope.query.rangeTable[rangeIndex - 1];
  if (entry === undefined) return refuse("this FROM item", "FROM points outside the range table.");
  if (entry.kind === "relation") {
    const sample = optionalNode(entry.source, "tablesample");
    if (sample !== undefined && readsAround(sample))
      refuse("TABLESAMPLE by a column", "The size of the sample is another row's.", locationOf(sample));
    return addTable(level, rangeIndex, checkTable(entry));
  }
  const { fallbacks } = scope.statement;
  const reason = fallbacks.reasonFor(entry.source);
  if (reason !== undefined) return addTable(level, rangeIndex, entry, reason);
  const name = `"${entry.alias}"`;
  fallbacks.orGive(entry.source, () => canBeLeaf(scope, entry), () => addSubquery(level, rangeIndex, entry), name);
}

function addSubquery(level: Level, rangeIndex: number, entry: RangeEntry): void {
  const { scope } = level;
  switch (entry.kind) {
    case "subquery": {
      if (entry.isBarrier)
        return refuse("security barrier view", `Conditions on "${entry.alias}" must wait for the view's own.`);
      const query = readQuery(entry.query);
      if (readsAround(entry.source)) return addLateral(level, rangeIndex, query, scope);
      checkAggregates(scope, rangeIndex, query);
      checkShownOrder(scope.query, query);
      return addDerived(level, rangeIndex, query, scope);
    }
    case "cte": {
      const withQuery = withQueryOf(scope, entry);
      checkAggregates(scope, rangeIndex, withQuery.query);
      checkShownOrder(scope.query, withQuery.query);
      return addWithQuery(level, rangeIndex, withQuery);
    }
    case "relation": return refuse("this FROM item", "A table is no subquery.");
    default: return refuse(otherFromItems[entry.kind], `FROM item "${entry.alias}" is not a table or subquery.`);
  }
}

/** Refuses a subquery of which only PostgreSQL knows how much is computed. */
function checkAggregates(scope: QueryScope, rangeIndex: number, query: AnalysedQuery): void {
  if (isUnreadAggregate(scope, rangeIndex, query))
    refuse("aggregates that nobody reads", "PostgreSQL computes as much of such a subquery as it finds necessary.");
}

/** Whether PostgreSQL can run the entry by itself. */
function canBeLeaf(scope: QueryScope, entry: RangeEntry): boolean {
  return rangesReadDeep(entry.source, scope.surroundings, scope.statement.facts)?.size === 0;
}

function addTable(level: Level, rangeIndex: number, entry: RangeEntry, reason?: string): void {
  const { scope, region, isNullable } = level;
  const known = scope.statement.facts.relation(entry.source.id)?.rows ?? valuesIn(entry);
  const table = new TableSource(scope.statement, {
    query: scope.query, rangeIndex, isNullable, rows: known < 0 ? ROWS_UNKNOWN : known,
    ...(reason === undefined ? {} : { reason }),
  });
  region.tables.push(table);
  scope.statement.tables.push(table);
  scope.sources.set(rangeIndex, { kind: "table", table });
}

/** Rows of VALUES; -1 of anything else. */
function valuesIn({ kind, source }: RangeEntry): number {
  const rows = kind === "values" ? source.fields.get("values_lists") : undefined;
  return rows !== null && typeof rows === "object" && rows.kind === "list" ? rows.items.length : -1;
}

/** Where its rows are not made once (with_queries.ts), each reading has conditions of its own in its scans. */
function addWithQuery(level: Level, rangeIndex: number, withQuery: WithQuery): void {
  const common = commonTableOf(level.planner, withQuery);
  const { query, owner } = withQuery;
  if (common === undefined && readsAround(query.source)) return addLateral(level, rangeIndex, query, owner);
  if (common === undefined) return addDerived(level, rangeIndex, query, owner);
  addBlock(level, rangeIndex, common.read());
}

function withQueryOf(scope: QueryScope, entry: Extract<RangeEntry, { readonly kind: "cte" }>): WithQuery {
  const owner = scope.level(entry.levelsUp);
  const found = owner && withQueryNamed(owner.query, entry.name);
  if (owner === undefined || found === undefined)
    return refuse("WITH query in FROM", `WITH query "${entry.name}" is not in sight.`);
  if (entry.isSelfReference || booleanField(found, "cterecursive"))
    return refuse("WITH RECURSIVE", "Recursive queries are not run yet.", locationOf(found));
  const query = readQuery(requiredNode(found, "ctequery"));
  if (query.command !== "select")
    return refuse("a data-modifying statement in WITH", "Only SELECT statements are run.", locationOf(found));
  return { node: found, query, owner };
}

/** A subquery that reads items before it in the same region, or columns of queries around. */
function addLateral(level: Level, rangeIndex: number, query: AnalysedQuery, outer: QueryScope): void {
  const { region, isNullable } = level;
  const isMerged = isMergeable(query) && query.setOperation === undefined && !isNullable;
  if (isMerged) return addDerived(level, rangeIndex, query, outer);
  addRows(region, lateralRows(level, region, rangeIndex, query, outer, isNullable));
}

/** Joins the rows of a LATERAL subquery with the region it was planned for. */
export function addRows(region: Region, { block, conditions, isOneEach }: LateralRows): Block {
  if (isOneEach) region.lookUps.push({ right: block.operator, conditions });
  else {
    region.inputs.push(block.operator);
    region.conditions.push(...conditions);
  }
  return block;
}

function lateralRows(
  { planner, scope, isNullable: isBelow }: Level, around: Region, rangeIndex: number, query: AnalysedQuery,
  outer: QueryScope, isNullable: boolean,
): LateralRows {
  const rows = planner.planLateral(around, outer, query, isNullable);
  if (rows.isOneEach && isBelow) refuse("LATERAL", "Its values would be NULL for rows that an outer join makes up.");
  scope.sources.set(rangeIndex, { kind: "derived", column: rows.block.column });
  return rows;
}

function addDerived(level: Level, rangeIndex: number, query: AnalysedQuery, outer: QueryScope): void {
  const { planner, scope, isNullable } = level;
  if (isMergeable(query) && !isNullable) {
    checkTargets(query, scope.statement.facts);
    const inner = new QueryScope(scope.statement, query, outer);
    addQuery({ ...level, scope: inner }, query);
    const isArm = scope.query.setOperation !== undefined;
    const isRead = (number: number): boolean => isArm || readsColumn(scope, rangeIndex, new Set([number]));
    planSubqueriesOf(planner, level.region, inner, valuesBelow(query, isRead));
    const column = (attribute: number): ReturnType<QueryScope["variable"]> => {
      const target = query.targets.find(({ number }) => number === attribute);
      return target === undefined ? undefined : inner.translator.translate(target.expression);
    };
    scope.sources.set(rangeIndex, { kind: "derived", column, merged: inner });
    return;
  }
  addBlock(level, rangeIndex, materialised(planner.planBlock(query, outer), scope.statement, isNullable));
}

function addBlock({ region, scope }: Level, rangeIndex: number, { operator, column }: Block): void {
  region.inputs.push(operator);
  scope.sources.set(rangeIndex, { kind: "derived", column });
}

/** A region of its own, complete by itself; `inputs` are in it from the first. */
function planSide(
  level: Level, item: FromItem, conditions: readonly Pending[], inputs: readonly LogicalOperator[] = [],
): LogicalOperator {
  const side: Level = { ...level, region: new Region(false), pending: [] };
  side.region.inputs.push(...inputs);
  addItem(side, item);
  side.pending.push(...conditions);
  placePending(side);
  return uncorrelated(finishRegion(side.region, level.scope.statement));
}

/** The operator of a region that may read nothing from outside. */
export function uncorrelated({ operator, correlated }: FinishedRegion): LogicalOperator {
  if (correlated.length > 0)
    refuse("correlated subquery of this form", "A condition compares with columns of an outer query in a place "
      + "other than the WHERE of an EXISTS, IN or aggregating subquery.");
  return operator;
}

function rangesOf(item: FromItem): readonly number[] {
  return item.kind === "range" ? [item.rangeIndex] : [...rangesOf(item.left), ...rangesOf(item.right)];
}

/**
 * LEFT and FULL JOIN. Conditions over the null-producing side alone are that side's own: rows they drop are partners
 * of nobody. Conditions over the preserved side alone are not: they decide about partners, not about rows.
 */
function addOuterJoin(
  level: Level, preserved: FromItem, other: FromItem, condition: AnalysedExpression | undefined,
  join: "left" | "full",
): void {
  const { scope, region } = level;
  const { texts, attributes } = scope.statement;
  const conjuncts = condition === undefined ? [] : conjunctsOf(condition, texts);
  const otherRanges = new Set(rangesOf(other));
  const readsOnly = (node: TextNode, allowed: ReadonlySet<number>): boolean => {
    const ranges = rangesReadDeep(node, scope.surroundings, scope.statement.facts);
    return ranges !== undefined && ranges.size > 0 && [...ranges].every((range) => allowed.has(range));
  };
  const isOthers = (each: AnalysedExpression): boolean => join === "left" && readsOnly(each.source, otherRanges);
  // Rows of the other side that the condition drops are partners of nobody: it needs what it needs there, too.
  const needed = join === "full" || condition === undefined ? new Set<number>() : rangesNeeded(condition);
  const readsFurther = join === "left" && (conjuncts.some(({ source }) => readsOutside(source))
    || [preserved, other].some((item) => itemReadsOutside(scope, item)));
  const bare = planSide({ ...level, isNullable: level.isNullable || join === "full" }, preserved, [],
    readsFurther ? takeDomain(level) : []);
  const left = join === "full" ? bare : withSubqueries(level, bare, conjuncts.filter((each) => !isOthers(each)));
  const dependent = join === "left" ? dependentRows(level, left, other) : undefined;
  const rights = conjuncts.filter(isOthers).map((each): Pending => ({ scope, condition: each }));
  const others = dependent?.block.operator ?? planSide({ ...level, isNullable: true, needed }, other, rights);
  const written = dependent === undefined ? conjuncts.filter((each) => !isOthers(each)) : conjuncts;
  const own = written.map((each) => translated(scope, each)).filter((each) => !isTrue(each));
  if (dependent?.isOneEach === true && own.length > 0)
    refuse("LATERAL", "The join's condition may leave out its only row.");
  const conditions = [...dependent?.conditions ?? [], ...own];
  // A condition that is false of itself leaves no partner to make.
  const right = filtered(others, join === "left" ? conditions.filter(({ kind }) => kind === "constant") : []);
  const provided = new Set([left, right].flatMap((side) => [...originsOf(side)]));
  for (const each of conditions)
    if ([...attributes.originsRead(each)].some((origin) => !provided.has(origin)))
      refuse("correlated subquery of this form", "The condition of an outer join reads columns of an outer query.");
  if (join === "full" && !isJoinable(conditions))
    refuse("FULL JOIN on a condition without an equality", "PostgreSQL does not run it, and says so.");
  const build = join === "left" && left.rows < right.rows ? "left" : "right";
  const rows = Math.max(left.rows, right.rows);
  region.inputs.push({ kind: "join", join, left, right, conditions, build, rows });
}

/** The preserved side with the values of the subqueries that the join's condition asks for its rows. */
function withSubqueries(
  { planner, scope }: Level, operator: LogicalOperator, conditions: readonly AnalysedExpression[],
): LogicalOperator {
  const subLinks = conditions.flatMap(({ source }) => subLinksIn(source));
  if (subLinks.length === 0) return operator;
  const around = new Region(false);
  around.inputs.push(operator);
  for (const subLink of subLinks) {
    if (mayGiveRows(subLink, scope.statement.facts, scope.surroundings))
      refuse("subquery that may give several rows", "It counts only where a row asks for it.");
    planner.planValue(around, scope, subLink);
  }
  return uncorrelated(finishRegion(around, scope.statement));
}

/** Whether a FROM item reads columns of queries around the level. */
function itemReadsOutside(scope: QueryScope, item: FromItem): boolean {
  if (item.kind === "join")
    return [item.left, item.right].some((side) => itemReadsOutside(scope, side))
      || (item.condition !== undefined && readsOutside(item.condition.source));
  const entry = scope.query.rangeTable[item.rangeIndex - 1];
  return entry?.kind === "subquery" && readsOutside(entry.source);
}

/** What of the region has the columns of the domain: joined with the preserved side, it stays joined with the whole. */
function takeDomain({ region, scope: { statement: { attributes } } }: Level): readonly LogicalOperator[] {
  const origins = region.passed.flatMap((each) => [...attributes.originsRead(each)]);
  const at = region.inputs.findIndex((input) => origins.some((origin) => originsOf(input).has(origin)));
  return at < 0 ? [] : region.inputs.splice(at, 1);
}

/** LEFT JOIN LATERAL: the subquery's own conditions decide about partners as the join's do. */
function dependentRows(level: Level, left: LogicalOperator, item: FromItem): LateralRows | undefined {
  const { scope } = level;
  const entry = item.kind === "range" ? scope.query.rangeTable[item.rangeIndex - 1] : undefined;
  if (item.kind !== "range" || entry?.kind !== "subquery" || !readsAround(entry.source)) return undefined;
  const around = new Region(false);
  around.inputs.push(left);
  return lateralRows(level, around, item.rangeIndex, readQuery(entry.query), scope, true);
}

/**
 * Whether PostgreSQL has a join for it: by an equality of both sides, or of everything with everything. Constants may
 * be asked beside either, parameters beside an equality only.
 */
function isJoinable(conditions: readonly Expression[]): boolean {
  const asked = conditions.filter(({ kind }) => kind !== "constant");
  return asked.length === 0 || hasEquality(asked);
}

/** A condition as the engine evaluates it, or a refusal. */
export function translated(scope: QueryScope, condition: AnalysedExpression): Expression {
  const expression = scope.translator.translate(condition)?.expression;
  if (expression?.type.kind === "bool") return expression;
  giveEntriesOf(scope, condition.source);
  const obstacle = obstacleIn(scope.translator, scope.statement.facts, condition);
  return refuse("join condition of this form",
    `A condition over several tables uses what the engine does not compute: ${obstacle}.`,
    locationOf(condition.source));
}

/**
 * One conjunct: to the scan of the one table it reads, unless rows of that table may have been made up of NULLs since;
 * else among the region's conditions.
 */
function placeCondition(
  planner: QueryPlanner, region: Region, scope: QueryScope, condition: AnalysedExpression,
): void {
  const { fallbacks, facts } = scope.statement;
  const given = fallbacks.reasonFor(condition.source);
  const within = given === undefined ? undefined : oneTable(region, scope, condition);
  if (within !== undefined && given !== undefined) {
    within.give(condition.source, given);
    return;
  }
  const isOneTables = (): boolean => oneTable(region, scope, condition) !== undefined;
  const mayGiveSeveral = subLinksIn(condition.source).some((each) => mayGiveRows(each, facts, scope.surroundings));
  if (given === undefined && mayGiveSeveral && isOneTables())
    fallbacks.give(condition.source, "subquery that may give several rows");
  fallbacks.orGive(condition.source, isOneTables, () => placeInEngine(planner, region, scope, condition));
}

/** The one table that a condition with subqueries reads, where its scan may evaluate it. */
function oneTable(region: Region, scope: QueryScope, condition: AnalysedExpression): TableSource | undefined {
  const ranges = rangesReadDeep(condition.source, scope.surroundings, scope.statement.facts);
  const table = ranges === undefined ? undefined : tableFor(region, scope, condition, ranges);
  return table !== undefined && (region.tables.includes(table) || !table.isNullable) ? table : undefined;
}

function placeInEngine(
  planner: QueryPlanner, region: Region, scope: QueryScope, condition: AnalysedExpression,
): void {
  const ranges = rangesRead(condition.source);
  if (ranges === undefined && planner.placeSubqueryCondition(region, scope, condition)) return;
  if (ranges !== undefined) {
    const once = ranges.size === 0 ? askedOnce(region, scope, condition) : undefined;
    if (once !== undefined) {
      region.conditions.push(once);
      return;
    }
    const table = tableFor(region, scope, condition, ranges);
    if (table !== undefined && (region.tables.includes(table) || !table.isNullable)) {
      table.quals.push(condition.source);
      return;
    }
  }
  if (ranges !== undefined) addImpliedFilters(region, scope, condition, ranges);
  const expression = scope.translator.translate(condition)?.expression;
  // What the engine would ask its host for, PostgreSQL evaluates faster, unless it makes a key of the join.
  const isEngines = expression?.type.kind === "bool" && (!isHosted(expression) || equalityOf(expression) !== undefined);
  if (!isEngines && ranges !== undefined && region.edgeConditions !== undefined)
    region.edgeConditions.push({ scope, condition });
  else region.conditions.push(translated(scope, condition));
}

/**
 * A condition that reads no table, where it stands beside several: above all of them, so that none is read when it is
 * false (runtime/one_time_filter.ts). Counter-example in a scan: WHERE $1 beside a subquery that fails.
 */
function askedOnce(region: Region, scope: QueryScope, condition: AnalysedExpression): Expression | undefined {
  if (region.tables.length + region.inputs.length < 2) return undefined;
  const expression = scope.translator.translate(condition)?.expression;
  return expression?.type.kind === "bool" && !isHosted(expression) && !mayFail(expression) ? expression : undefined;
}

/** The one table a condition reads; any table of the level for a condition that reads none. */
function tableFor(
  region: Region, scope: QueryScope, condition: AnalysedExpression, ranges: ReadonlySet<number>,
): TableSource | undefined {
  // Where a volatile function alone is evaluated once a joined row, no scan can do it.
  if (ranges.size === 0 && !isScannable(scope.statement.facts, condition.source)) return undefined;
  if (ranges.size === 0) return region.tables.find((table) => table.query === scope.query);
  const [range = 0] = ranges;
  const source = scope.sources.get(range);
  return ranges.size === 1 && source?.kind === "table" ? source.table : undefined;
}
