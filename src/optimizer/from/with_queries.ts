// WITH queries whose rows are made once, however often they are read: where two readings might differ, as two answers
// of LIMIT without a total order do, and where making the rows again costs more than keeping them, because they are few
// beside what is read for them. Others are planned afresh for each reference, so that each has its own conditions in
// its scans. Counter-example: WITH x AS (SELECT * FROM big) SELECT ... FROM x a, x b WHERE a.id = 1 AND b.id = 2 would
// keep all of big. Read next: shared_subplans.ts for parts that turn out equal.
import { defined } from "#base/assert.js";
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import type { SqlType } from "#frontend/analysed_expression.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { refuse, StatementRefused } from "#frontend/refusal.js";
import { locationOf, numberField } from "#frontend/text_fields.js";
import type { Block } from "#optimizer/block.js";
import { differsBetweenReadings, isVolatileWithin } from "#optimizer/edges/stand_alone.js";
import { INT4_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import type { Translated } from "#optimizer/expressions/translated.js";
import { isGrouped } from "#optimizer/planning_context.js";
import type { QueryPlanner } from "#optimizer/query_planner.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { CommonBody, LogicalOperator } from "#plan/logical.js";
import { inputsOf } from "#plan/logical.js";
import type { ColumnType } from "#types/column_type.js";
import type { StatementFacts } from "./table_source.js";

/** CTEMaterialize values. */
const NEVER = 2;
/** Where a request does not say how often a query is read. */
const REFERENCES_UNKNOWN = 2;

/**
 * Scans of a body from which on it is made once in any case. Counter-example: ten queries, each of which reads the one
 * before twice, would be planned a thousand times over.
 */
const SCANS_MANY = 8;
/** Rows kept for each row read to make them, at most, where nothing but time is at stake. */
const KEPT_SHARE_MAX = 0.5;
/** Likewise in all: more of them may have to go to disk and come back for each reader. */
export const KEPT_ROWS_MAX = 1_000_000;

/** A WITH query, and the scope it is planned in. */
export interface WithQuery {
  readonly node: TextNode;
  readonly query: AnalysedQuery;
  readonly owner: QueryScope;
}

interface Export {
  readonly expression: Expression;
  readonly column: ColumnType;
  readonly name: string;
}

/** One whose rows are made once. */
export class CommonTable {
  readonly body: CommonBody;
  private readonly statement: StatementFacts;
  private readonly block: Block;
  private readonly exports: Export[] = [];
  /** By target number: the exports of its value and of the scale it shows. */
  private readonly byTarget = new Map<number, readonly number[] | undefined>();

  constructor(statement: StatementFacts, block: Block) {
    this.statement = statement;
    this.block = block;
    this.body = { input: block.operator, exports: this.exports };
  }

  /** A further reading, of columns that may be NULL whatever they are made of: they fit any side of a join. */
  read(): Block {
    const { attributes } = this.statement;
    const origin = attributes.newOrigin();
    const own = new Map<number, number>();
    const attributeOf = (index: number): Expression => {
      const { expression, name, column: type } = defined(this.exports[index], "an export");
      const attribute = own.get(index) ?? attributes.add(origin, name, type);
      own.set(index, attribute);
      return readColumn(attribute, expression.type);
    };
    const column = (number: number): Translated | undefined => {
      const [value, scale] = (this.exportsOf(number) ?? []).map(attributeOf);
      if (value === undefined) return undefined;
      return scale === undefined ? { expression: value } : { expression: value, displayScale: scale };
    };
    const { operator: { rows }, query } = this.block;
    return { operator: { kind: "commonTable", origin, body: this.body, attributes: own, rows }, query, column };
  }

  private exportsOf(number: number): readonly number[] | undefined {
    if (!this.byTarget.has(number)) this.byTarget.set(number, this.exported(number));
    return this.byTarget.get(number);
  }

  private exported(number: number): readonly number[] | undefined {
    const value = this.block.column(number);
    const target = this.block.query.targets.find((each) => each.number === number);
    if (value === undefined || target === undefined) return undefined;
    const name = target.name === "" ? "column" : target.name;
    const add = (expression: Expression, sql: SqlType): number =>
      this.exports.push({ expression, name, column: columnOf(sql, expression.type, true) }) - 1;
    const { expression, displayScale } = value;
    const shown = displayScale === undefined ? [] : [add(displayScale, INT4_SQL)];
    return [...shown, add(expression, target.expression)].reverse();
  }
}

/** The common table of a WITH query, if its rows are made once: planned at its first reading. */
export function commonTableOf(planner: QueryPlanner, withQuery: WithQuery): CommonTable | undefined {
  const { statement } = planner;
  const { node } = withQuery;
  if (numberField(node, "cterefcount", REFERENCES_UNKNOWN) < 2) return undefined;
  if (!statement.commonTables.has(node.id)) statement.commonTables.set(node.id, planned(planner, withQuery));
  return statement.commonTables.get(node.id);
}

function planned(planner: QueryPlanner, { node, query, owner }: WithQuery): CommonTable | undefined {
  const { statement } = planner;
  const differs = differsBetweenReadings(owner.surroundings, node, statement.facts);
  if (differs && isVolatileWithin(owner.surroundings, node, statement.facts))
    refuse("WITH query that is read twice", "It is to be computed once, and it calls for chance.", locationOf(node));
  if (!differs && numberField(node, "ctematerialized") === NEVER) return undefined;
  const block = differs ? planner.planBlock(query, owner) : attempted(() => planner.planBlock(query, owner));
  if (block === undefined) return undefined;
  const { operator } = block;
  const once = differs || scansOf(operator) >= SCANS_MANY;
  return once || isWorthKeeping(query, operator) ? new CommonTable(statement, block) : undefined;
}

/** What cannot be planned by itself may be as a part of the queries that read it. */
function attempted(plan: () => Block): Block | undefined {
  try {
    return plan();
  } catch (error) {
    if (error instanceof StatementRefused) return undefined;
    throw error;
  }
}

/** Groups are shared as they are, without being rows first. */
function isWorthKeeping(query: AnalysedQuery, operator: LogicalOperator): boolean {
  const { rows } = operator;
  if (isGrouped(query) || query.distinct.length > 0) return false;
  return rows <= KEPT_ROWS_MAX && doesMoreThanRead(operator) && rows <= KEPT_SHARE_MAX * rowsReadBy(operator);
}

function doesMoreThanRead(operator: LogicalOperator): boolean {
  return !["scan", "filter", "compute"].includes(operator.kind) || inputsOf(operator).some(doesMoreThanRead);
}

/** Of tables, and of what is made once itself. */
function scansOf(operator: LogicalOperator): number {
  if (operator.kind === "scan" || operator.kind === "commonTable") return 1;
  return inputsOf(operator).reduce((sum, input) => sum + scansOf(input), 0);
}

function rowsReadBy(operator: LogicalOperator): number {
  if (operator.kind === "scan") return operator.rows;
  return inputsOf(operator).reduce((sum, input) => sum + rowsReadBy(input), 0);
}
