// GROUPING SETS, ROLLUP and CUBE: the rows are grouped once by all keys, and each set groups those groups again by its
// own, or takes them as they are; all of them together are one union. The finest groups come out equal for every set
// and are made once (shared_subplans.ts). What cannot be put together from parts leaves all of it to PostgreSQL.
// Counter-example: avg(float8) of averages is not the average.
import { assert, defined } from "#base/assert.js";
import { constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { readExpression } from "#frontend/expression_reader.js";
import type { TextNode } from "#frontend/node_text.js";
import type { AnalysedQuery } from "#frontend/query.js";
import { booleanField, nodeList, numberField, numberList } from "#frontend/text_fields.js";
import { mayDiffer } from "#optimizer/block_checks.js";
import { leave } from "#optimizer/edges/left_to_postgres.js";
import { INT4_SQL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { nodesAtEdge, targetOf } from "#optimizer/planning_context.js";
import type { QueryScope } from "#optimizer/query_scope.js";
import type { WindowedValue } from "#optimizer/windows/windows.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { EdgeExpression } from "#plan/planning.js";
import type { ColumnType } from "#types/column_type.js";
import { INT4 } from "#types/engine_type.js";
import { overParts } from "./aggregate_parts.js";
import { AggregatePlanner } from "./aggregates.js";
import { type AggregateOperator, groupedRows } from "./grouped_rows.js";
import { keysOf } from "./grouping.js";

interface GroupedSets {
  readonly operator: LogicalOperator;
  /** Attributes of the keys, NULL in sets without them, by the canonical text of the key. */
  readonly keys: ReadonlyMap<string, number>;
  /** By the canonical text of the AGGREF node. */
  readonly aggregates: ReadonlyMap<string, WindowedValue>;
  /** By the canonical text of the GROUPINGFUNC node: an int4 attribute. */
  readonly groupings: ReadonlyMap<string, number>;
}

/** GroupingSetKind values. */
const EMPTY = 0;
const SIMPLE = 1;
const ROLLUP = 2;
const CUBE = 3;

const SETS_MAX = 64;

/** References to targets. */
type KeySet = readonly number[];

function product(left: readonly KeySet[], right: readonly KeySet[]): readonly KeySet[] {
  if (left.length * right.length > SETS_MAX) leave("there are too many grouping sets");
  return left.flatMap((one) => right.map((other) => [...new Set([...one, ...other])]));
}

function setsIn(node: TextNode): readonly KeySet[] {
  const inner = (): readonly TextNode[] => nodeList(node, "content");
  switch (numberField(node, "kind")) {
    case EMPTY: return [[]];
    case SIMPLE: return [numberList(node, "content")];
    case ROLLUP: {
      const parts = inner().flatMap(setsIn);
      return [...parts.map((_, index) => parts.slice(0, parts.length - index).flat()), []];
    }
    case CUBE:
      return inner().flatMap(setsIn).reduce<readonly KeySet[]>((sets, part) => product(sets, [part, []]), [[]]);
    default: return inner().flatMap(setsIn);
  }
}

/** The sets a query groups by, each as often as it is meant. */
function groupingSetsOf(query: AnalysedQuery): readonly KeySet[] {
  const sets = query.groupingSets.map(setsIn).reduce((all, each) => product(all, each), [[]] as readonly KeySet[]);
  if (!booleanField(query.source, "groupDistinct", false)) return sets;
  const seen = new Set<string>();
  return sets.filter((set) => {
    const text = [...set].sort((a, b) => a - b).join();
    return seen.size !== seen.add(text).size;
  });
}

/** Each set may come to read the rows by itself, so they must be the same and not PostgreSQL's to make. */
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

/** Groups rows by every set. Throws LeftToPostgres. */
export function planGroupingSets(scope: QueryScope, joined: LogicalOperator): GroupedSets {
  const { query, statement } = scope;
  const { facts, texts } = statement;
  checkReadings(scope);
  const context = { query, facts, texts, source: scope, translator: scope.translator, scanRows: joined.rows };
  const found = keysOf(context, query.groupBy);
  const textOf = (reference: number): string =>
    texts.of((targetOf(query, reference) ?? leave("a key is not in the target list")).source);
  const sets = groupingSetsOf(query).map((set) => new Set(set.map(textOf)));
  const keyTexts = found.map((key) => texts.of(key.source));
  // A constant is NULL in sets without it.
  if (sets.some((set) => [...set].some((text) => !keyTexts.includes(text)))) leave("a key is a constant");

  const nodes = nodesAtEdge(query, "AGGREF", "GROUPINGFUNC");
  const planner = new AggregatePlanner(facts, scope.translator, 0);
  const planned = new Map<string, EdgeExpression>();
  for (const node of nodes.filter(({ tag }) => tag === "AGGREF")) {
    const aggregate = readExpression(node);
    assert(aggregate.kind === "aggregate", "an AGGREF node reads as an aggregate");
    const answer = planner.plan(aggregate);
    if ("obstacle" in answer) return leave(answer.obstacle);
    if ("computed" in answer) return leave("an aggregate is not made of its parts");
    planned.set(texts.of(node), answer.expression);
  }
  const distinct = planner.distinct();
  if ("obstacle" in distinct || distinct.calls !== undefined) leave("an aggregate has DISTINCT");

  const calls = planner.calls.map((call) => ({ name: call.function, call }));
  const finest = groupedRows(statement, joined, found, calls);
  const union = new SetUnion(statement, finest, sets.map((set) => keyTexts.map((text) => set.has(text))));
  const groupings = nodes.filter(({ tag }) => tag === "GROUPINGFUNC").map((node): [string, readonly number[]] => {
    const asked = numberList(node, "refs").map(textOf);
    // The first argument is the highest bit.
    return [texts.of(node), sets.map((set) => asked.reduce((bits, text) => 2 * bits + (set.has(text) ? 0 : 1), 0))];
  });
  const made = union.over(groupings.map(([, bits]) => bits));
  return {
    operator: made.operator,
    keys: new Map(keyTexts.map((text, index) => [text, defined(made.keys[index], "a key")])),
    aggregates: new Map([...planned].map(([text, expression]): [string, WindowedValue] => (
      [text, { expression, calls: planner.calls, attributes: made.aggregates }]))),
    groupings: new Map(groupings.map(([text], index) => [text, defined(made.groupings[index], "a mask")])),
  };
}

interface MadeSets {
  readonly operator: LogicalOperator;
  readonly keys: readonly number[];
  readonly aggregates: readonly number[];
  readonly groupings: readonly number[];
}

/** The sets over the finest groups; `members` says of each set which keys it has. */
class SetUnion {
  readonly #statement: StatementFacts;
  readonly #finest: AggregateOperator;
  readonly #members: readonly (readonly boolean[])[];

  constructor(statement: StatementFacts, finest: AggregateOperator, members: readonly (readonly boolean[])[]) {
    this.#statement = statement;
    this.#finest = finest;
    this.#members = members;
  }

  /** `masks` are the values of each GROUPING() by set. */
  over(masks: readonly (readonly number[])[]): MadeSets {
    const { attributes } = this.#statement;
    const { keys, aggregates } = this.#finest;
    const origin = attributes.newOrigin();
    const add = (name: string, type: ColumnType): number => attributes.add(origin, name, { ...type, nullable: true });
    const keyColumns = keys.map(({ attribute, column: type }) => add(attributes.nameOf(attribute), type));
    const aggregateColumns = aggregates.map(({ call }) => add(call.function, call.result));
    const maskColumns = masks.map(() => add("grouping", columnOf(INT4_SQL, INT4, true)));
    const inputs = this.#members.map((member, set) => {
      const { operator, expressions } = this.#set(member);
      const bits = masks.map((mask): Expression => constantOf(BigInt(mask[set] ?? 0), INT4));
      return { operator, expressions: [...expressions, ...bits] };
    });
    const columns = [...keyColumns, ...aggregateColumns, ...maskColumns];
    const rows = inputs.reduce((sum, { operator }) => sum + operator.rows, 0);
    return {
      operator: { kind: "union", origin, inputs, columns, rows },
      keys: keyColumns, aggregates: aggregateColumns, groupings: maskColumns,
    };
  }

  #set(member: readonly boolean[]): {
    readonly operator: LogicalOperator; readonly expressions: readonly Expression[];
  } {
    const finest = this.#finest;
    if (member.every((has) => has) && finest.keys.length > 0)
      return {
        operator: finest,
        expressions: [
          ...finest.keys.map(({ attribute, column: type }) => readColumn(attribute, type.engine)),
          ...finest.aggregates.map(({ attribute, call }) => readColumn(attribute, call.result.engine)),
        ],
      };
    const { attributes } = this.#statement;
    const kept = finest.keys.filter((_, index) => member[index] === true);
    const parts = finest.aggregates.map(({ attribute, call }) =>
      overParts(call, attribute) ?? leave("an aggregate is not made of its parts"));
    const operator = groupedRows(
      this.#statement, finest, kept.map(({ attribute, column }) => (
        { name: attributes.nameOf(attribute), expression: readColumn(attribute, column.engine), column })),
      parts.map(({ call }) => ({ name: call.function, call })));
    const own = new Map(kept.map((key, index) => [key, defined(operator.keys[index], "a key").attribute]));
    return {
      operator,
      expressions: [
        ...finest.keys.map((key): Expression => {
          const attribute = own.get(key);
          const type = key.column.engine;
          return attribute === undefined ? constantOf(null, type) : readColumn(attribute, type);
        }),
        ...parts.map(({ call, value }, index) => {
          const result = readColumn(defined(operator.aggregates[index], "an aggregate").attribute, call.result.engine);
          return value?.(result) ?? result;
        }),
      ],
    };
  }
}
