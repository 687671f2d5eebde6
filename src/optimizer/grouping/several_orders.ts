// Rows that aggregates of one grouping see in several orders. They are made once and read once for each order; the
// readings, one behind the other and with their numbers, are what is grouped, and an aggregate counts the rows of its
// own reading alone. So no groups are joined by keys that may be NULL, and a group has all of its aggregates whichever
// reading it is met in first. Read next: ordered_rows.ts, which knows who asks for which order.
import { assert, defined } from "#base/assert.js";
import { callOf, constantOf, readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { columnsRead, mapColumns } from "#expr/traverse.js";
import type { Attributes } from "#optimizer/attributes.js";
import { Estimates } from "#optimizer/estimates.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { callExpressions, mapCall } from "#plan/calls.js";
import type { CommonBody, LogicalOperator } from "#plan/logical.js";
import type { AggregateCall, SortKey } from "#plan/physical.js";
import { BOOL, INT4 } from "#types/engine_type.js";
import { both } from "./ordered_keys.js";

/** Rows, and how they are grouped. */
export interface GroupedInput<K extends { readonly expression: Expression }> {
  readonly input: LogicalOperator;
  readonly keys: readonly K[];
  readonly aggregates: readonly AggregateCall[];
  /** Expected, where the input does not show what its columns were. */
  readonly groups: number | undefined;
}

/** Each reading is sorted by itself, and all of them are kept. */
export const ORDERS_MAX = 16;

/** Common rows with the columns that are read of them. */
class KeptRows {
  readonly #attributes: Attributes;
  readonly #body: CommonBody;
  readonly read: readonly number[];

  constructor(attributes: Attributes, input: LogicalOperator, read: readonly number[]) {
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

  /** One reading in an order, with its attributes by those that are read. */
  reading(order: readonly SortKey[]): {
    readonly operator: LogicalOperator; readonly own: ReadonlyMap<number, number>;
  } {
    const origin = this.#attributes.newOrigin();
    const own = this.columns(origin);
    const attributes = new Map(this.read.map((attribute, index) => [index, placeOf(own, attribute)]));
    const { rows } = this.#body.input;
    const common: LogicalOperator = { kind: "commonTable", origin, body: this.#body, attributes, rows };
    const sort = order.map((key) => ({ ...key, expression: moved(key.expression, own) }));
    return { operator: sort.length === 0 ? common : { kind: "limit", input: common, order: sort, rows }, own };
  }
}

function placeOf(own: ReadonlyMap<number, number>, attribute: number): number {
  return defined(own.get(attribute), "a column that is kept");
}

function moved(expression: Expression, own: ReadonlyMap<number, number>): Expression {
  return mapColumns(expression, (attribute) => placeOf(own, attribute));
}

/** The grouping over its rows in each of the orders; `orderOf` says which of them an aggregate asks for. */
export function inSeveralOrders<K extends { readonly expression: Expression }>(
  { attributes, tables }: StatementFacts, input: LogicalOperator,
  { keys, aggregates }: Pick<GroupedInput<K>, "keys" | "aggregates">,
  orders: readonly (readonly SortKey[])[], orderOf: (call: AggregateCall) => number,
): GroupedInput<K> {
  assert(orders.length > 1, "several orders");
  const expressions = [
    ...keys.map(({ expression }) => expression), ...aggregates.flatMap(callExpressions),
    ...orders.flatMap((order) => order.map(({ expression }) => expression)),
  ];
  const kept = new KeptRows(attributes, input, [...new Set(expressions.flatMap((each) => [...columnsRead(each)]))]);
  const origin = attributes.newOrigin();
  const own = kept.columns(origin);
  const number = attributes.add(origin, "reading", columnOf(INTERNAL, INT4, false));
  const inputs = orders.map((order, reading) => {
    const { operator, own: columns } = kept.reading(order);
    const values = kept.read.map((attribute) =>
      readColumn(placeOf(columns, attribute), attributes.typeOf(attribute).engine));
    return { operator, expressions: [...values, constantOf(BigInt(reading), INT4)] };
  });
  const isOf = (reading: number): Expression =>
    callOf("integer.equal", BOOL, readColumn(number, INT4), constantOf(BigInt(reading), INT4));
  const columns = [...own.values(), number];
  return {
    input: { kind: "union", origin, inputs, columns, rows: orders.length * input.rows },
    keys: keys.map((key) => ({ ...key, expression: moved(key.expression, own) })),
    aggregates: aggregates.map((call) => {
      const over = mapCall(call, (expression) => moved(expression, own));
      const rows = isOf(orderOf(call));
      return { ...over, filter: over.filter === undefined ? rows : both(rows, over.filter) };
    }),
    groups: new Estimates(tables).groups(input, keys.map(({ expression }) => expression)),
  };
}
