// The rows below a grouping as its aggregates ask for them: each with its place among the rows of its group (windows),
// all of them in an order, or just as they came. Aggregates that depend on order then are those that do not, over
// the rows their FILTER lets through. Read next: aggregates.ts, ordered_sets.ts, hypothetical_rows.ts.
import { readColumn } from "#expr/construct.js";
import type { Expression } from "#expr/expression.js";
import { expressionKey } from "#expr/traverse.js";
import { INTERNAL, columnOf } from "#optimizer/expressions/column_types.js";
import { orderText } from "#optimizer/expressions/sort_keys.js";
import type { StatementFacts } from "#optimizer/from/table_source.js";
import { WINDOW_ROWS_MAX } from "#optimizer/windows/row_numbers.js";
import type { LogicalOperator } from "#plan/logical.js";
import type { SortKey, WindowCall, WindowFrame } from "#plan/physical.js";
import { INT8 } from "#types/engine_type.js";

const wholePartition: WindowFrame = {
  unit: "rows", start: { kind: "unbounded" }, end: { kind: "unbounded" }, exclusion: "none",
};
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

export class OrderedRows {
  readonly #statement: StatementFacts;
  readonly #keys: readonly Expression[];
  readonly #steps = new Map<string, Step>();
  readonly #computed: { readonly attribute: number; readonly expression: Expression }[] = [];
  readonly #computedByKey = new Map<string, Expression>();
  readonly #origin: number;
  /** How the rows come to the aggregates; undefined while none cares. */
  #arrangement: { readonly text: string; readonly order: readonly SortKey[] } | undefined;

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

  /** Has the rows come in an order; false when another is asked for already. */
  arrange(order: readonly SortKey[]): boolean {
    return this.#arrangeAs(orderText([], order), order);
  }

  /** Has the rows come to the aggregates as they came to the places; false when an order is asked for. */
  arrangeAsTheyCame(): boolean {
    return this.#arrangeAs("", []);
  }

  #arrangeAs(text: string, order: readonly SortKey[]): boolean {
    this.#arrangement ??= { text, order };
    return this.#arrangement.text === text;
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

  /** Why the engine does not order so many rows; undefined when it does. */
  obstacle({ rows }: LogicalOperator): string | undefined {
    return this.#steps.size > 0 && rows > WINDOW_ROWS_MAX
      ? "so many rows are sorted by PostgreSQL, which has disks" : undefined;
  }

  /** The rows with all that was asked for. */
  over(input: LogicalOperator): LogicalOperator {
    const { rows } = input;
    const hasPlaces = this.#steps.size > 0;
    const arrangement = this.#arrangement;
    let order = arrangement?.order ?? [];
    // Numbered before anything moves them.
    const numbers = arrangement?.text === "" && hasPlaces
      ? this.place([], [], { function: "rowNumber" }) : undefined;
    if (numbers !== undefined) order = [{ expression: numbers, descending: false, nullsFirst: false }];
    let operator = input;
    if (this.#computed.length > 0)
      operator = { kind: "compute", origin: this.#origin, input: operator, columns: this.#computed, rows };
    const steps = [...this.#steps.values()];
    const isNumbering = ({ calls }: Step): boolean =>
      numbers?.kind === "column" && calls.some(({ attribute }) => attribute === numbers.index);
    for (const step of [...steps.filter(isNumbering), ...steps.filter((each) => !isNumbering(each))]) {
      const { origin, partition, order: within, calls } = step;
      operator = { kind: "window", origin, input: operator, partition, order: within, calls, rows };
    }
    return order.length === 0 ? operator : { kind: "limit", input: operator, order, rows };
  }
}
