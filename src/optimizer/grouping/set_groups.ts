// The groups of each of GROUPING SETS. Where every aggregate is made of what it gave for parts of the rows, the rows
// are grouped once by all keys, and each set groups those groups again by its own, or takes them as they are; else
// each set groups the rows, in the orders its aggregates ask for. What several sets read is made once. Counter-example
// to the first: avg(float8) of averages is not the average. Read next: aggregate_parts.ts, planned_groups.ts.
import { defined } from "#base/assert.js";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead } from "#expr/traverse.js";
import type { TextNode } from "#frontend/node_text.js";
import type { Attributes } from "#optimizer/attributes.js";
import { mayDiffer } from "#optimizer/block_checks.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import { expressionsOf } from "#optimizer/expressions/operator_expressions.js";
import { KEPT_ROWS_MAX } from "#optimizer/from/with_queries.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import { type CommonBody, type LogicalOperator, inputsOf, originsOf } from "#plan/logical.js";
import { overParts } from "./aggregate_parts.js";
import { AggregatePlanner, type Obstacle } from "./aggregates.js";
import { type NamedKey, groupedRows } from "./grouped_rows.js";
import { OrderedRows } from "./ordered_rows.js";
import { type OrderableRows, type PlannedAggregates, planAggregates } from "./planned_aggregates.js";
import { callsOf, plannedGroups } from "./planned_groups.js";

/** One set's groups: what each key of the grouping is in them, NULL where it is none of the set's, and each call. */
export interface SetGroups {
  readonly operator: LogicalOperator;
  readonly keys: readonly Expression[];
  readonly calls: readonly Expression[];
}

/** All sets' groups, and their aggregates as one of the sets has them: over its calls, which the others have too. */
export interface AllSets {
  readonly sets: readonly SetGroups[];
  readonly answer: PlannedAggregates;
}

export interface SetsGrouping {
  readonly scope: QueryScope;
  readonly joined: LogicalOperator;
  readonly keys: readonly NamedKey[];
  /** Of each set: which of the keys it has. */
  readonly members: readonly (readonly boolean[])[];
  /** AGGREF nodes. */
  readonly nodes: readonly TextNode[];
}

/** Rows that several sets read, under the numbers their attributes have anyway: no reading meets another in a join. */
class SharedRows {
  readonly reading: LogicalOperator;
  readonly #attributes: Attributes;
  readonly #exports: CommonBody["exports"][number][] = [];
  readonly #own = new Map<number, number>();

  /** With the attributes that estimates ask about, for a start. */
  constructor(attributes: Attributes, input: LogicalOperator, asked: Iterable<number>) {
    this.#attributes = attributes;
    const body = { input, exports: this.#exports };
    const origin = attributes.newOrigin();
    this.reading = { kind: "commonTable", origin, body, attributes: this.#own, rows: input.rows };
    for (const attribute of asked) this.#keep(attribute);
  }

  /** Has the rows keep what an operator over them reads of them. */
  serve(operator: LogicalOperator, origins: ReadonlySet<number>): void {
    if (operator === this.reading) return;
    const body = operator.kind === "commonTable" ? operator.body : undefined;
    const exported = body?.exports.map(({ expression }) => expression) ?? [];
    for (const expression of [...expressionsOf(operator), ...exported])
      for (const attribute of columnsRead(expression))
        if (origins.has(this.#attributes.originOf(attribute))) this.#keep(attribute);
    for (const input of body === undefined ? inputsOf(operator) : [body.input]) this.serve(input, origins);
  }

  #keep(attribute: number): void {
    if ([...this.#own.values()].includes(attribute)) return;
    const column = this.#attributes.typeOf(attribute);
    const expression = readColumn(attribute, column.engine);
    this.#own.set(this.#exports.push({ expression, column: { ...column, nullable: true } }) - 1, attribute);
  }
}

function planned({ scope, nodes }: SetsGrouping, rows?: OrderableRows): PlannedAggregates | Obstacle {
  const { statement: { facts, texts }, translator } = scope;
  return planAggregates(nodes, (node) => texts.of(node),
    (ordered) => new AggregatePlanner(facts, translator, 0, ordered), rows);
}

function keysOfSet(keys: readonly NamedKey[], member: readonly boolean[]): readonly NamedKey[] {
  return keys.filter((_, index) => member[index] === true);
}

/** The keys in a set's groups, of which `own` are the attributes, in their order. */
function keysIn(keys: readonly NamedKey[], member: readonly boolean[], own: readonly number[]): readonly Expression[] {
  let next = 0;
  return keys.map(({ column: { engine } }, index) => (
    member[index] === true ? readColumn(defined(own[next++], "a key"), engine) : constantOf(null, engine)));
}

/** Throws LeftToPostgres. */
export function groupsOfSets(grouping: SetsGrouping): AllSets {
  return ofFinestGroups(grouping) ?? ofRows(grouping);
}

/** Undefined where some aggregate is not made of its parts. */
function ofFinestGroups(grouping: SetsGrouping): AllSets | undefined {
  const { scope: { statement }, joined, keys, members } = grouping;
  const answer = planned(grouping);
  if ("obstacle" in answer || answer.distinct !== undefined) return undefined;
  const { calls } = answer.planner;
  if (calls.some((call) => overParts(call, 0) === undefined)) return undefined;
  const { attributes } = statement;
  const finest = groupedRows(statement, joined, keys, calls.map((call) => ({ name: call.function, call })));
  const columns = [...finest.keys, ...finest.aggregates].map(({ attribute }) => attribute);
  const { reading } = new SharedRows(attributes, finest, columns);
  const own = columns.map((attribute) => readColumn(attribute, attributes.typeOf(attribute).engine));
  const sets = members.map((member): SetGroups => {
    if (member.every((has) => has) && keys.length > 0)
      return { operator: reading, keys: own.slice(0, keys.length), calls: own.slice(keys.length) };
    const parts = finest.aggregates.map(({ attribute, call }) => defined(overParts(call, attribute), "its parts"));
    const finer = keys.map((key, index) => ({ ...key, expression: defined(own[index], "a key") }));
    const operator = groupedRows(
      statement, reading, keysOfSet(finer, member), parts.map(({ call }) => ({ name: call.function, call })));
    return {
      operator, keys: keysIn(keys, member, operator.keys.map(({ attribute }) => attribute)),
      calls: parts.map(({ call, value }, index) => {
        const { attribute } = defined(operator.aggregates[index], "an aggregate");
        const result = readColumn(attribute, call.result.engine);
        return value?.(result) ?? result;
      }),
    };
  });
  return { sets, answer };
}

/** Rows that are not kept are read by each set, so they must be the same every time and not PostgreSQL's to make. */
function checkReadings({ query, surroundings, statement: { facts, tables } }: QueryScope): void {
  if (tables.some((table) => table.query === query && table.reason !== undefined))
    leave("a part of FROM is PostgreSQL's");
  const read = [
    ...query.rangeTable.map(({ source }) => source),
    ...(query.where === undefined ? [] : [query.where.source]),
    ...surroundings.flatMap(({ commonTableExpressions }) => commonTableExpressions),
  ];
  if (read.some((node) => mayDiffer(node, facts))) leave("two readings of its rows might differ");
}

function ofRows(grouping: SetsGrouping): AllSets {
  const { scope, joined, keys, members } = grouping;
  const { statement } = scope;
  const isKept = joined.rows <= KEPT_ROWS_MAX;
  if (!isKept) checkReadings(scope);
  const asked = keys.flatMap(({ expression }) => [...columnsRead(expression)]);
  const shared = isKept ? new SharedRows(statement.attributes, joined, asked) : undefined;
  const input = shared?.reading ?? joined;
  const answers: PlannedAggregates[] = [];
  const sets = members.map((member): SetGroups => {
    const own = keysOfSet(keys, member);
    const expressions = own.map(({ expression }) => expression);
    const answer = planned(grouping, { ordered: () => new OrderedRows(statement, expressions) });
    if ("obstacle" in answer) return leave(answer.obstacle);
    if (!isKept && answer.rows !== undefined) leave("each of its sets would order more rows than are kept");
    answers.push(answer);
    const made = plannedGroups(statement, input, own, callsOf(answer));
    shared?.serve(made.operator, originsOf(joined));
    return {
      operator: made.operator, keys: keysIn(keys, member, made.keys),
      calls: made.calls.map((attribute) => readColumn(attribute, statement.attributes.typeOf(attribute).engine)),
    };
  });
  const [answer, ...others] = answers;
  if (answer === undefined || others.some((other) => shapeOf(other) !== shapeOf(answer)))
    return leave("its sets see their aggregates differently");
  return { sets, answer };
}

/** Equal for aggregates that are made of the same calls: which values are told apart depends on a set's keys. */
function shapeOf({ planner: { calls }, planned: made, computed }: PlannedAggregates): string {
  return JSON.stringify([calls.map((call) => call.function), [...made], [...computed]]);
}
