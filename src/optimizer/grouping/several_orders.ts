// Rows that aggregates of one grouping see in several ways: in some order, as they came, or one for each value in each
// group. They are made once and read once for each way; the readings, one behind the other and with their numbers, are
// what is grouped, and an aggregate counts the rows of its own reading alone. So no groups are joined by keys that may
// be NULL, and a group has all of its aggregates whichever reading it is met in first. Read next: ordered_rows.ts,
// which knows who asks for what.
import { defined } from "#base/assert.js";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead, mapColumns } from "#expr/traverse.js";
import type { Attributes } from "#optimizer/attributes.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { callExpressions, mapCall } from "#plan/calls.js";
import type { CommonBody, LogicalOperator } from "#plan/logical.js";
import type { AggregateCall, SortKey, WindowFrame } from "#plan/physical.js";
import { BOOL, INT4, INT8 } from "#types/engine_type.js";
import { COUNT, type NamedCall, groupedRows, internalKeys } from "./grouped_rows.js";
import { both } from "./ordered_keys.js";

/** Rows, and how they are grouped. */
export interface GroupedInput<K extends { readonly expression: Expression }> {
  readonly input: LogicalOperator;
  readonly keys: readonly K[];
  readonly aggregates: readonly AggregateCall[];
  /** Expected, where the input does not show what its columns were. */
  readonly groups: number | undefined;
}

/** Each reading is sorted or grouped by itself, and all of them are kept. */
export const ORDERS_MAX = 16;

export const wholePartition: WindowFrame = {
  unit: "rows", start: { kind: "unbounded" }, end: { kind: "unbounded" }, exclusion: "none",
};

/** How the rows are read. */
export interface Reading {
  readonly order: readonly SortKey[];
  /** A column: one row for each of its values in each group, and of other columns than it and the keys, nothing. */
  readonly distinct?: Expression;
  /** Of those values the one that most rows have, by the order the first of several. */
  readonly isMode?: true;
}

/** A reading, and its attributes by those that are read. */
interface OwnReading {
  readonly operator: LogicalOperator;
  readonly own: ReadonlyMap<number, number>;
}

/** Common rows with the columns that are read of them. */
class KeptRows {
  readonly #statement: StatementFacts;
  readonly #attributes: Attributes;
  readonly #body: CommonBody;
  readonly read: readonly number[];

  constructor(statement: StatementFacts, input: LogicalOperator, read: readonly number[]) {
    const { attributes } = statement;
    this.#statement = statement;
    this.#attributes = attributes;
    this.read = read;
    this.#body = {
      input,
      exports: read.map((attribute) => {
        const column = attributes.typeOf(attribute);
        return { expression: readColumn(attribute, column.engine), column: { ...column, nullable: true } };
      }),
    };
  }

  /** Attributes of its own for the columns of an operator, by those that are read. */
  columns(origin: number): ReadonlyMap<number, number> {
    return new Map(this.read.map((attribute, index) => {
      const { column } = defined(this.#body.exports[index], "an export");
      return [attribute, this.#attributes.add(origin, this.#attributes.nameOf(attribute), column)];
    }));
  }

  reading({ order, distinct, isMode }: Reading, keys: readonly Expression[]): OwnReading {
    if (distinct === undefined) return this.#ordered(order);
    return isMode === true ? this.#modes(keys, distinct, order) : this.#distinct([...keys, distinct]);
  }

  #ordered(order: readonly SortKey[]): OwnReading {
    const origin = this.#attributes.newOrigin();
    const own = this.columns(origin);
    const attributes = new Map(this.read.map((attribute, index) => [index, placeOf(own, attribute)]));
    const { rows } = this.#body.input;
    const common: LogicalOperator = { kind: "commonTable", origin, body: this.#body, attributes, rows };
    const sort = order.map((key) => ({ ...key, expression: moved(key.expression, own) }));
    return { operator: sort.length === 0 ? common : { kind: "limit", input: common, order: sort, rows }, own };
  }

  /** One row for each group: of its values that are not NULL, the one that comes first among the most frequent. */
  #modes(keys: readonly Expression[], value: Expression, order: readonly SortKey[]): OwnReading {
    const { operator, own, count } = this.#distinct([...keys, value], value);
    const { rows } = operator;
    const partition = [...new Set(keys.flatMap((key) => [...columnsRead(key)]))].map((attribute): Expression =>
      readColumn(placeOf(own, attribute), this.#attributes.typeOf(attribute).engine));
    const origin = this.#attributes.newOrigin();
    const place = this.#attributes.add(origin, "place", COUNT);
    const expression = readColumn(defined(count, "a count"), INT8);
    const mostFirst: SortKey = { expression, descending: true, nullsFirst: false };
    const numbered: LogicalOperator = {
      kind: "window", origin, input: operator, partition, rows,
      order: [mostFirst, ...order.map((key) => ({ ...key, expression: moved(key.expression, own) }))],
      calls: [{ attribute: place, call: { function: "rowNumber", frame: wholePartition, result: COUNT } }],
    };
    const predicate = callOf("integer.equal", BOOL, readColumn(place, INT8), constantOf(1n, INT8));
    return { operator: { kind: "filter", input: numbered, predicate, rows }, own };
  }

  /** One row for each combination of the values' columns; `counted` says of what they have a count. */
  #distinct(
    values: readonly Expression[], counted?: Expression,
  ): OwnReading & { readonly count: number | undefined } {
    const { operator, own } = this.#ordered([]);
    const read = [...new Set(values.flatMap((value) => [...columnsRead(value)]))];
    const keys = read.map((attribute): Expression =>
      readColumn(placeOf(own, attribute), this.#attributes.typeOf(attribute).engine));
    const calls = counted === undefined ? [] : [countOf(moved(counted, own))];
    const groups = groupedRows(this.#statement, operator, internalKeys(keys), calls);
    return {
      operator: groups, count: groups.aggregates[0]?.attribute,
      own: new Map(read.map((attribute, index) => [attribute, defined(groups.keys[index], "a key").attribute])),
    };
  }
}

function countOf(argument: Expression): NamedCall {
  return { name: "count", call: { function: "count", argument, result: COUNT } };
}

function placeOf(own: ReadonlyMap<number, number>, attribute: number): number {
  return defined(own.get(attribute), "a column that is kept");
}

function moved(expression: Expression, own: ReadonlyMap<number, number>): Expression {
  return mapColumns(expression, (attribute) => placeOf(own, attribute));
}

/**
 * The grouping over its rows in each of the readings; `readingOf` says which of them an aggregate asks for. Where some
 * are of distinct values, keys are columns or constants, and so are the arguments of those who ask for them.
 */
export function inSeveralReadings<K extends { readonly expression: Expression }>(
  statement: StatementFacts, input: LogicalOperator,
  { keys, aggregates, groups }: Omit<GroupedInput<K>, "input">,
  readings: readonly Reading[], readingOf: (call: AggregateCall) => number,
): GroupedInput<K> {
  const { attributes } = statement;
  const keyValues = keys.map(({ expression }) => expression);
  const expressions = [
    ...keyValues, ...aggregates.flatMap(callExpressions),
    ...readings.flatMap(({ order, distinct }) => [
      ...order.map(({ expression }) => expression), ...(distinct === undefined ? [] : [distinct])]),
  ];
  const kept = new KeptRows(statement, input, [...new Set(expressions.flatMap((each) => [...columnsRead(each)]))]);
  const origin = attributes.newOrigin();
  const own = kept.columns(origin);
  const number = attributes.add(origin, "reading", columnOf(INTERNAL, INT4, false));
  // Readings of all rows come first: it is their columns that EXPLAIN shows.
  const numbered = readings.map((reading, index) => ({ reading, index }));
  const ofAll = numbered.filter(({ reading }) => reading.distinct === undefined);
  const ofValues = numbered.filter(({ reading }) => reading.distinct !== undefined);
  const inputs = [...ofAll, ...ofValues].map(({ reading, index }) => {
    const { operator, own: columns } = kept.reading(reading, keyValues);
    const values = kept.read.map((attribute): Expression => {
      const { engine } = attributes.typeOf(attribute);
      const column = columns.get(attribute);
      return column === undefined ? constantOf(null, engine) : readColumn(column, engine);
    });
    return { operator, expressions: [...values, constantOf(BigInt(index), INT4)] };
  });
  const isOf = (reading: number): Expression =>
    callOf("integer.equal", BOOL, readColumn(number, INT4), constantOf(BigInt(reading), INT4));
  const rows = inputs.reduce((sum, { operator }) => sum + operator.rows, 0);
  return {
    input: { kind: "union", origin, inputs, columns: [...own.values(), number], rows },
    keys: keys.map((key) => ({ ...key, expression: moved(key.expression, own) })),
    aggregates: aggregates.map((call) => {
      const over = mapCall(call, (expression) => moved(expression, own));
      const rows = isOf(readingOf(call));
      return { ...over, filter: over.filter === undefined ? rows : both(rows, over.filter) };
    }),
    groups,
  };
}
