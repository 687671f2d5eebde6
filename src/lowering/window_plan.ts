// What a window computes over the ordered rows of a table, and the arrays it keeps beside them. A frame is at most
// three runs of rows (exclusions cut it), so counts and sums are differences of running totals, and a minimum is looked
// up in running minima or a tree: no row costs more for a wider frame. Read next: window_module.ts, window_values.ts.
import { assert, defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import type { FrameBound, PhysicalOperator, WindowCall, WindowFrame } from "#plan/physical.js";
import { type WindowReach, windowReach } from "#plan/window_reach.js";
import type { StoredExpressions } from "./stored_expressions.js";
import type { RowOrder } from "./table_plan.js";

type Window = Extract<PhysicalOperator, { kind: "window" }>;

/**
 * An array with an entry for each row and one in front, all of the rows before it taken together:
 * - `present`, `true`, `false`, `nan`: how many rows have such a value (i32);
 * - `sum64`, `sum192`: their sum, NaN left out (i64; low, high and top word);
 * - `least`, `greatest`: the place of the best value since the partition's begin, -1 for none (i32);
 * or `leastTree`, `greatestTree`: places again, in the nodes of a tree over all rows.
 */
export interface WindowArray {
  readonly kind:
    | "present" | "true" | "false" | "nan" | "sum64" | "sum192"
    | "least" | "greatest" | "leastTree" | "greatestTree";
  /** Of the table. */
  readonly column: number;
  /** Where the state keeps its address. */
  readonly address: number;
}

/** A bound by offset or limit: the state keeps the offset, and a place that only ever moves on. */
export interface MovingBound {
  readonly kind: FrameBound["kind"];
  readonly offset: number;
  /** Column of the table. */
  readonly limit: number | undefined;
  readonly place: number;
}

export interface FramePlan {
  readonly frame: WindowFrame;
  readonly start: MovingBound;
  readonly end: MovingBound;
  /** Column of the table that limits are compared with. */
  readonly measure: number | undefined;
}

export interface WindowValue {
  readonly call: WindowCall;
  /** Columns of the table. */
  readonly result: number;
  readonly argument: number | undefined;
  readonly otherwise: number | undefined;
  /** Where the state keeps the call's offset. */
  readonly offset: number;
  readonly frame: FramePlan;
  readonly arrays: readonly WindowArray[];
}

export interface WindowOffset {
  readonly at: number;
  readonly value: Expression;
  /** In the order key's unit; else a number of rows or groups. */
  readonly isDistance: boolean;
}

export interface WindowPlan {
  readonly partition: RowOrder["keys"];
  readonly order: RowOrder["keys"];
  readonly arrays: readonly WindowArray[];
  readonly values: readonly WindowValue[];
  /** Offsets the host writes once, as int8, by where the state keeps them. */
  readonly offsets: readonly WindowOffset[];
  readonly stateBytes: number;
  /** What a piece of a partition must know of the others; undefined when a partition is no more than one piece. */
  readonly reach: WindowReach | undefined;
}

/**
 * Fixed part of the state: addresses of row addresses in order and of places, the number of rows, and where the last
 * row's partition and group end. Of a piece of a partition, rows before `first` stand for those that came before it.
 */
export const WindowState = {
  order: 0, places: 4, rows: 8, first: 12, partitionEnd: 16, groupEnd: 20, SIZE: 24,
} as const;

/**
 * Row numbers that stand for what is not in memory with a piece: in front, the first row of the partition and of the
 * group it goes on with, whose entries are those in front of that row; behind its rows likewise the last of the group
 * and of the partition, whose entries stand one further, as every row's that is taken together with those before it.
 */
export const WindowStandIn = {
  partition: 0, group: 1, FRONT: 2, groupEnd: 0, partitionEnd: 1, BEHIND: 2,
} as const;

/** What is known of a row's surroundings, as row numbers, below 0 for rows long gone; ends are past the last one. */
export const WindowPlace = {
  partition: 0, group: 4, partitionEnd: 8, groupEnd: 12, groupNumber: 16, SIZE: 20,
} as const;

/** Bytes of an array's entry. */
export const windowEntryBytes: Readonly<Record<WindowArray["kind"], number>> = {
  present: 4, true: 4, false: 4, nan: 4, sum64: 8, sum192: 24, least: 4, greatest: 4, leastTree: 4, greatestTree: 4,
};

/** Whether entries are places of rows, each the best of those before. */
export function isRunningPlace({ kind }: WindowArray): boolean {
  return kind === "least" || kind === "greatest";
}

export function isTree({ kind }: WindowArray): boolean {
  return kind === "leastTree" || kind === "greatestTree";
}

/** `firstResult` is the table's column of the first call; `expressions` say where what it reads stands. */
export function planWindow(operator: Window, firstResult: number, expressions: StoredExpressions): WindowPlan {
  return new Planner(operator, firstResult, expressions).plan();
}

class Planner {
  readonly #operator: Window;
  readonly #firstResult: number;
  readonly #arrays = new Map<string, WindowArray>();
  readonly #frames = new Map<string, FramePlan>();
  readonly #offsets: WindowOffset[] = [];
  readonly #expressions: StoredExpressions;
  #bytes: number = WindowState.SIZE;

  constructor(operator: Window, firstResult: number, expressions: StoredExpressions) {
    this.#operator = operator;
    this.#firstResult = firstResult;
    this.#expressions = expressions;
  }

  plan(): WindowPlan {
    const { partition, order, calls } = this.#operator;
    const values = calls.map((call, index): WindowValue => {
      const [argument, otherwise] = [this.#column(call.argument), this.#column(call.otherwise)];
      return {
        call, argument, otherwise, result: this.#firstResult + index,
        offset: this.#offset(call.offset), frame: this.#frame(call.frame), arrays: this.#arraysOf(call, argument),
      };
    });
    return {
      partition: partition.map((expression) => (
        { column: this.#expressions.column(expression), descending: false, nullsFirst: false })),
      order: order.map(({ expression, descending, nullsFirst }) => (
        { column: this.#expressions.column(expression), descending, nullsFirst })),
      arrays: [...this.#arrays.values()],
      values,
      offsets: this.#offsets,
      stateBytes: this.#bytes,
      reach: windowReach(calls),
    };
  }

  #column(expression: Expression | undefined): number | undefined {
    return expression === undefined ? undefined : this.#expressions.column(expression);
  }

  #take(bytes: number): number {
    const at = this.#bytes;
    this.#bytes += bytes;
    return at;
  }

  #offset(value: Expression | undefined, isDistance = false): number {
    if (value === undefined) return 0;
    const at = this.#take(8);
    this.#offsets.push({ at, value, isDistance });
    return at;
  }

  #frame(frame: WindowFrame): FramePlan {
    const key = JSON.stringify(frame, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    const known = this.#frames.get(key);
    if (known !== undefined) return known;
    const bound = (each: FrameBound): MovingBound => ({
      kind: each.kind,
      offset: this.#offset("offset" in each ? each.offset : undefined, frame.unit === "range"),
      limit: this.#column("limit" in each ? each.limit : undefined),
      place: this.#take(8),
    });
    const plan = {
      frame, start: bound(frame.start), end: bound(frame.end), measure: this.#column(frame.measure),
    };
    this.#frames.set(key, plan);
    return plan;
  }

  #array(kind: WindowArray["kind"], column: number): WindowArray {
    const key = `${kind} ${column}`;
    const known = this.#arrays.get(key);
    if (known !== undefined) return known;
    const array = { kind, column, address: this.#take(8) };
    this.#arrays.set(key, array);
    return array;
  }

  #arraysOf({ function: name, argument, frame }: WindowCall, column: number | undefined): readonly WindowArray[] {
    const of = (...kinds: readonly WindowArray["kind"][]): readonly WindowArray[] =>
      kinds.map((kind) => this.#array(kind, defined(column, "an argument")));
    // From the partition's begin on, running minima are enough.
    const runs = frame.start.kind === "unbounded" && frame.exclusion === "none";
    switch (name) {
      case "count": return of("present");
      case "boolAnd": return of("present", "false");
      case "boolOr": return of("present", "true");
      case "min": return of(runs ? "least" : "leastTree");
      case "max": return of(runs ? "greatest" : "greatestTree");
      case "sum": {
        const kind = argument?.type.kind;
        if (kind === "int2" || kind === "int4") return of("present", "sum64");
        assert(kind === "int8" || kind === "decimal", "sums of floats depend on the way they are added");
        return kind === "int8" ? of("present", "sum192") : of("present", "sum192", "nan");
      }
      default: return [];
    }
  }
}
