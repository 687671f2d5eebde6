// The rows below a grouping as its aggregates ask for them: each with its place among the rows of its group (windows),
// all of them in an order, in several (several_orders.ts), or just as they came; or one for each value. Aggregates that
// depend on order then are those that do not, over the rows their FILTER lets through. Read next: aggregates.ts,
// ordered_sets.ts, hypothetical_rows.ts.
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import { Estimates } from "#optimizer/estimates.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import { orderText } from "#optimizer/expressions/sort_keys.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { AggregateCall, SortKey, WindowCall, WindowFrame } from "#plan/physical.js";
import { INT8 } from "#types/engine_type.js";
import {
  type GroupedInput, ORDERS_MAX, type Reading, inSeveralReadings, wholePartition,
} from "./several_orders.js";

const peers: WindowFrame = {
  unit: "groups", start: { kind: "currentRow" }, end: { kind: "currentRow" }, exclusion: "none",
};

/** Numbers of a row among those of its group. */
export type RowPlace =
  | { readonly function: "rowNumber" | "rank" }
  /** Of values that are not NULL: among all the rows, or among those that the order does not tell apart. */
  | { readonly function: "count"; readonly argument: Expression; readonly among: "rows" | "peers" };

interface Step {
  readonly origin: number;
  readonly partition: readonly Expression[];
  readonly order: readonly SortKey[];
  readonly calls: { readonly attribute: number; readonly call: WindowCall }[];
  readonly known: Map<string, number>;
}

function windowCall(place: RowPlace): WindowCall {
  const result = columnOf(INTERNAL, INT8, true);
  if (place.function !== "count") return { function: place.function, frame: wholePartition, result };
  const frame = place.among === "rows" ? wholePartition : peers;
  return { function: "count", argument: place.argument, frame, result };
}

/** How rows come to aggregates. */
interface Arrangement extends Reading {
  readonly text: string;
}

/** Of rows that are not moved, and of rows however they come. */
const AS_THEY_CAME = "";
const IN_ANY_ORDER = "any";

export class OrderedRows {
  readonly #statement: StatementFacts;
  readonly #keys: readonly Expression[];
  readonly #steps = new Map<string, Step>();
  readonly #computed: { readonly attribute: number; readonly expression: Expression }[] = [];
  readonly #computedByKey = new Map<string, Expression>();
  readonly #origin: number;
  /** How the rows come to aggregates that care. */
  readonly #arrangements: Arrangement[] = [];
  /** Which of the arrangements, for calls that care. */
  readonly #asked = new Map<AggregateCall, number>();

  /** `keys` tell groups apart. */
  constructor(statement: StatementFacts, keys: readonly Expression[]) {
    this.#statement = statement;
    this.#keys = keys;
    this.#origin = statement.attributes.newOrigin();
  }

  /** The value as a column, computed once for all who read it. */
  column(expression: Expression): Expression {
    if (expression.kind === "column" || expression.kind === "constant") return expression;
    const key = expressionKey(expression);
    const known = this.#computedByKey.get(key);
    if (known !== undefined) return known;
    const type = columnOf(INTERNAL, expression.type, true);
    const attribute = this.#statement.attributes.add(this.#origin, "value", type);
    const column = readColumn(attribute, expression.type);
    this.#computed.push({ attribute, expression });
    this.#computedByKey.set(key, column);
    return column;
  }

  /** A row's place among those of its group that are alike in `within`, in an order. */
  place(within: readonly Expression[], order: readonly SortKey[], place: RowPlace): Expression {
    const step = this.#step([...this.#keys, ...within], order);
    const key = place.function === "count"
      ? `count ${place.among} ${expressionKey(place.argument)}` : place.function;
    const known = step.known.get(key);
    if (known !== undefined) return readColumn(known, INT8);
    const call = windowCall(place);
    const attribute = this.#statement.attributes.add(step.origin, place.function, call.result);
    step.calls.push({ attribute, call });
    step.known.set(key, attribute);
    return readColumn(attribute, INT8);
  }

  /** The number of an arrangement in which the rows come in an order. */
  arrange(order: readonly SortKey[]): number {
    return this.#arrangedAs({ text: orderText([], order), order });
  }

  /** The number of an arrangement in which the rows come to the aggregates as they came to the places. */
  arrangeAsTheyCame(): number {
    return this.#arrangedAs({ text: AS_THEY_CAME, order: [] });
  }

  /** The number of an arrangement with one row for each value of a column in each group. */
  arrangeDistinct(value: Expression): number {
    return this.#arrangedAs({ text: `distinct ${expressionKey(value)}`, order: [], distinct: value });
  }

  /** The number of an arrangement with one row for each group: its most frequent value, in an order the first. */
  arrangeMode(value: Expression, order: readonly SortKey[]): number {
    return this.#arrangedAs({ text: `mode ${orderText([value], order)}`, order, distinct: value, isMode: true });
  }

  /** Has an aggregate see the rows in an arrangement. */
  show(call: AggregateCall, arrangement: number): void {
    this.#asked.set(call, arrangement);
  }

  #arrangedAs(arrangement: Arrangement): number {
    const known = this.#arrangements.findIndex(({ text }) => text === arrangement.text);
    return known >= 0 ? known : this.#arrangements.push(arrangement) - 1;
  }

  #step(partition: readonly Expression[], order: readonly SortKey[]): Step {
    const key = orderText(partition, order);
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const origin = this.#statement.attributes.newOrigin();
    const step: Step = { origin, partition, order, calls: [], known: new Map() };
    this.#steps.set(key, step);
    return step;
  }

  /** Why the engine does not order the rows; undefined when it does. */
  get obstacle(): string | undefined {
    return this.#arrangements.length > ORDERS_MAX ? "aggregates see their rows in very many orders" : undefined;
  }

  /** The grouping over the rows with all that was asked for. */
  over<K extends { readonly expression: Expression }>(
    input: LogicalOperator, { keys, aggregates }: Pick<GroupedInput<K>, "keys" | "aggregates">,
  ): GroupedInput<K> {
    const isDistinct = this.#arrangements.some(({ distinct }) => distinct !== undefined);
    const usual = this.#usual(aggregates);
    const readings = this.#readings();
    const own = isDistinct ? keys.map((key) => ({ ...key, expression: this.column(key.expression) })) : keys;
    const operator = this.#placed(input);
    const [{ order } = { order: [] }] = readings;
    if (readings.length > 1 || isDistinct) {
      const groups = new Estimates(this.#statement.tables).groups(input, keys.map(({ expression }) => expression));
      return inSeveralReadings(this.#statement, operator, { keys: own, aggregates, groups }, readings,
        (call) => this.#asked.get(call) ?? usual);
    }
    const { rows } = input;
    const sorted: LogicalOperator = order.length === 0 ? operator : { kind: "limit", input: operator, order, rows };
    return { input: sorted, keys, aggregates, groups: undefined };
  }

  /** The arrangement for those who do not care: as the rows came if anybody sees them so, but all of them. */
  #usual(aggregates: readonly AggregateCall[]): number {
    if (aggregates.every((call) => this.#asked.has(call))) return 0;
    const asTheyCame = this.#arrangements.findIndex(({ text }) => text === AS_THEY_CAME);
    const all = asTheyCame >= 0 ? asTheyCame : this.#arrangements.findIndex(({ distinct }) => distinct === undefined);
    if (all >= 0 || this.#arrangements.length === 0) return Math.max(0, all);
    return this.#arrangedAs({ text: IN_ANY_ORDER, order: [] });
  }

  /** The arrangements; where windows move the rows, those that stay as they came are ordered by a number of theirs. */
  #readings(): readonly Reading[] {
    const hasPlaces = this.#steps.size > 0;
    return this.#arrangements.map((arrangement) => {
      if (arrangement.text !== AS_THEY_CAME || !hasPlaces) return arrangement;
      const numbers = this.place([], [], { function: "rowNumber" });
      return { order: [{ expression: numbers, descending: false, nullsFirst: false }] };
    });
  }

  /** The rows with what is computed of them and their places; numbered before anything moves them. */
  #placed(input: LogicalOperator): LogicalOperator {
    const { rows } = input;
    let operator = input;
    if (this.#computed.length > 0)
      operator = { kind: "compute", origin: this.#origin, input: operator, columns: this.#computed, rows };
    const steps = [...this.#steps.values()];
    const isNumbering = ({ partition, order }: Step): boolean =>
      partition.length === this.#keys.length && order.length === 0;
    for (const step of [...steps.filter(isNumbering), ...steps.filter((each) => !isNumbering(each))]) {
      const { origin, partition, order, calls } = step;
      operator = { kind: "window", origin, input: operator, partition, order, calls, rows };
    }
    return operator;
  }
}
