// What a hash aggregate keeps per group: the layout of a group's row, the steps that update it, and how each result
// comes out of it. Equal work is done once: sum(x) and the sum behind avg(x) share a step. Read next:
// aggregate_steps.ts for the code of a step, group_table.ts for finding the row.
import { assert, defined } from "#base/assert.js";
import { FusionError } from "#base/errors.js";
import type { Expression } from "#expr/expression.js";
import { SUMMED_DIGITS_MAX } from "#functions/decimal.js";
import { decimalTwin } from "#functions/decimal_twin.js";
import { isPairFunction } from "#plan/pair_functions.js";
import type { AggregateCall, PhysicalOperator } from "#plan/physical.js";
import type { ArrayElement } from "#types/array_element.js";
import { DECIMAL64_PRECISION_MAX, LEAST128, LEAST64 } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import type { ValueType } from "#wasm/value_type.js";
import type { ExpressionTable } from "./expression_table.js";
import { type Moments, isMomentsFunction } from "./aggregate_moments.js";
import type { Pairs } from "./aggregate_pairs.js";
import { type KeyPlan, NULL_MASK_KEYS, keyImage } from "./group_keys.js";
import { showsWhichIsKept } from "./view_order.js";

/** One number of a group's state; the image its row starts with. */
export interface StateSlot {
  readonly offset: number;
  readonly type: ValueType;
  readonly initial: bigint | number;
}

/** A sum beyond 64 bits: narrow code adds to `narrow`, wide code to the pair. */
export interface WideSum {
  readonly narrow: StateSlot;
  readonly low: StateSlot;
  readonly high: StateSlot;
  /** NaNs among the values; only numeric has them. */
  readonly nans: StateSlot | undefined;
  /** How often the pair wrapped upward less downward: not 0 at the end means the sum needs more than 128 bits. */
  readonly wraps: StateSlot | undefined;
  /** What wide code adds up, of values that are numerics of any precision. */
  readonly rest: ViewState | undefined;
}

/** A result that is a view: a view with absolute addresses, the buffer behind it, whether there is one. */
export interface ViewState {
  readonly first: StateSlot;
  readonly second: StateSlot;
  readonly buffer: StateSlot;
  readonly capacity: StateSlot;
  readonly seen: StateSlot;
}

/** The elements of an array to be, of which `values.seen` is the number, NULLs and all; and the places of the NULLs. */
export interface Collected {
  readonly values: ViewState;
  readonly nulls: ViewState;
}

/** The argument of a step, and what is the same number in narrow code, where that differs (decimal_twin.ts). */
interface Computed {
  readonly argument: Expression;
  readonly twin?: Expression | undefined;
}

export type AggregateStep =
  | { readonly kind: "rows"; readonly slot: StateSlot }
  | ({ readonly kind: "nulls"; readonly slot: StateSlot } & Computed)
  | { readonly kind: "sumInteger"; readonly argument: Expression; readonly slot: StateSlot }
  | ({ readonly kind: "sumWide"; readonly sum: WideSum } & Computed)
  | { readonly kind: "sumFloat"; readonly argument: Expression; readonly slot: StateSlot }
  | {
      readonly kind: "extreme";
      readonly argument: Expression;
      readonly largest: boolean;
      readonly slots: readonly StateSlot[];
    }
  | {
      readonly kind: "extremeView";
      readonly argument: Expression;
      readonly largest: boolean;
      readonly view: ViewState;
    }
  /** Values combined by a function of the host, the first one as it is. */
  | {
      readonly kind: "fold";
      readonly argument: Expression;
      readonly function: string;
      readonly view: ViewState;
    }
  | { readonly kind: "bool"; readonly argument: Expression; readonly all: boolean; readonly slot: StateSlot }
  | { readonly kind: "bits"; readonly argument: Expression; readonly word: BitWord; readonly slot: StateSlot }
  | { readonly kind: "moments"; readonly argument: Expression; readonly moments: Moments }
  | { readonly kind: "pairs"; readonly argument: Expression; readonly second: Expression; readonly pairs: Pairs }
  /** Values one after the other in the group's buffer, the second in front of each but the first. */
  | { readonly kind: "append"; readonly argument: Expression; readonly second: Expression; readonly view: ViewState }
  /** All values, the NULLs among them. */
  | {
      readonly kind: "collect";
      readonly argument: Expression;
      readonly element: ArrayElement;
      readonly collected: Collected;
    };

/** How the bits of integers are combined. */
export type BitWord = "and" | "or" | "xor";

/** Steps under one FILTER; the plain ones have none. */
export interface FilterClass {
  readonly filter: Expression | undefined;
  readonly steps: AggregateStep[];
}

/** Where an aggregate's value is, and which counts say whether there is one: NULL when rows - nulls is 0. */
export interface ResultPlan {
  readonly call: AggregateCall;
  readonly step: AggregateStep;
  readonly rows: StateSlot | undefined;
  readonly nulls: StateSlot | undefined;
}

export interface AggregatePlan {
  readonly keys: readonly KeyPlan[];
  /** Null mask words at the row's start, 0 when no key can be NULL: bit k % 64 of word k / 64 says that key k is. */
  readonly nullMasks: number;
  readonly classes: readonly FilterClass[];
  readonly slots: readonly StateSlot[];
  readonly results: readonly ResultPlan[];
  readonly rowBytes: number;
}

/** Key words travel as parameters of the function that makes a group, and V8 allows 1000 of those. */
const KEY_WORDS_MAX = 900;
const SLOT_BYTES = 8;

/** What numerics are added up with. */
export const NUMERIC_ADD = "numeric.add";

type HashAggregate = Extract<PhysicalOperator, { kind: "hashAggregate" }>;

/** `isNullable` tells whether an expression of the input can be NULL at all. */
export function planAggregate(
  operator: Pick<HashAggregate, "keys" | "aggregates">,
  table: ExpressionTable,
  isNullable: (expression: Expression) => boolean,
): AggregatePlan {
  const nullMasks = operator.keys.some(isNullable) ? Math.ceil(operator.keys.length / NULL_MASK_KEYS) : 0;
  let offset = nullMasks * SLOT_BYTES;
  const keys = operator.keys.map((expression): KeyPlan => {
    const plan = { expression, type: expression.type, ...keyImage(expression.type), offset };
    offset += plan.stored * SLOT_BYTES;
    return plan;
  });
  if (offset > KEY_WORDS_MAX * SLOT_BYTES) {
    throw new FusionError({
      code: "notSupported",
      sqlstate: "0A000",
      message: "pg_fusion: GROUP BY of so many columns is not supported",
      detail: `The ${operator.keys.length} keys take ${offset / SLOT_BYTES} words, ${KEY_WORDS_MAX} are the limit.`,
    });
  }
  const builder = new StateBuilder(table, offset);
  const results = operator.aggregates.map((call) => builder.add(call, operator.keys.length > 0, isNullable));
  return {
    keys,
    nullMasks,
    classes: builder.classes,
    slots: builder.slots,
    results,
    // A row takes room even when there is nothing to keep: rows are told apart by their addresses.
    rowBytes: Math.max(SLOT_BYTES, builder.offset),
  };
}

class StateBuilder {
  readonly slots: StateSlot[] = [];
  readonly classes: FilterClass[] = [];
  offset: number;
  readonly #table: ExpressionTable;
  readonly #steps = new Map<string, AggregateStep>();

  constructor(table: ExpressionTable, offset: number) {
    this.#table = table;
    this.offset = offset;
  }

  add(call: AggregateCall, grouped: boolean, isNullable: (expression: Expression) => boolean): ResultPlan {
    const { argument } = call;
    if (isPairFunction(call.function)) return { call, step: this.#pairs(call), rows: undefined, nulls: undefined };
    if (call.function === "countRows" || argument === undefined) {
      assert(call.function === "countRows", "only countRows has no argument");
      const step = this.#rows(call.filter);
      return { call, step, rows: undefined, nulls: undefined };
    }
    if (call.function === "collect") return { call, step: this.#collect(call), rows: undefined, nulls: undefined };
    // count(x) evaluates x for its errors even where x is never NULL.
    const evaluated = call.function === "count" && this.#table.mayFail(argument, false);
    const nulls = evaluated || isNullable(argument) ? this.#nulls(argument, call.filter) : undefined;
    if (call.function === "count") return { call, step: this.#rows(call.filter), rows: undefined, nulls };
    const step = this.#value(call, argument);
    // Moments count by themselves.
    if (step.kind === "moments" || step.kind === "pairs") return { call, step, rows: undefined, nulls: undefined };
    // A group has a row, so only a filter, NULLs, or no grouping at all can leave an aggregate without input.
    const certain = grouped && call.filter === undefined && nulls === undefined;
    const rows = certain ? undefined : this.#rowsSlot(call.filter);
    return { call, step, rows, nulls };
  }

  #value(call: AggregateCall, argument: Expression): AggregateStep {
    const name = isMomentsFunction(call.function) ? "moments" : call.function;
    const key = `${name} ${this.#table.intern(argument)}`;
    switch (call.function) {
      case "sum":
        return this.#shared(key, call.filter, () => this.#sum(argument));
      case "min":
      case "max":
        return this.#shared(key, call.filter, () => this.#extreme(argument, call.function === "max"));
      case "boolAnd":
      case "boolOr": {
        const all = call.function === "boolAnd";
        return this.#shared(key, call.filter, () => ({
          kind: "bool",
          argument,
          all,
          slot: this.#slot("i32", all ? 1 : 0),
        }));
      }
      case "bitAnd":
        return this.#shared(key, call.filter, () => this.#bits(argument, "and"));
      case "bitOr":
        return this.#shared(key, call.filter, () => this.#bits(argument, "or"));
      case "bitXor":
        return this.#shared(key, call.filter, () => this.#bits(argument, "xor"));
      case "mean":
      case "varPop":
      case "varSamp":
      case "stddevPop":
      case "stddevSamp":
        return this.#shared(key, call.filter, () => ({
          kind: "moments",
          argument,
          moments: { count: this.#slot("f64", 0), sum: this.#slot("f64", 0), squares: this.#slot("f64", 0) },
        }));
      case "concatenate": {
        const second = defined(call.second, "a delimiter");
        return this.#shared(`${key} ${this.#table.intern(second)}`, call.filter, () => (
          { kind: "append", argument, second, view: this.#view() }));
      }
      default:
        throw new Error(`${call.function} keeps no value`);
    }
  }

  #pairs({ argument, second, filter }: AggregateCall): AggregateStep {
    const [y, x] = [defined(argument, "an argument"), defined(second, "a second argument")];
    return this.#shared(`pairs ${this.#table.intern(y)} ${this.#table.intern(x)}`, filter, () => {
      const sum = (): StateSlot => this.#slot("f64", 0);
      const pairs = { count: sum(), x: sum(), xx: sum(), y: sum(), yy: sum(), xy: sum() };
      return { kind: "pairs", argument: y, second: x, pairs };
    });
  }

  #collect(call: AggregateCall): AggregateStep {
    const [argument, element] = [defined(call.argument, "an argument"), defined(call.element, "an element")];
    return this.#shared(`collect ${element.type} ${this.#table.intern(argument)}`, call.filter, () => (
      { kind: "collect", argument, element, collected: { values: this.#view(), nulls: this.#view() } }));
  }

  #sum(argument: Expression): AggregateStep {
    switch (argument.type.kind) {
      case "int2":
      case "int4":
        return { kind: "sumInteger", argument, slot: this.#slot("i64", 0n) };
      case "int8":
        return { kind: "sumWide", argument, sum: this.#wideSum(false, false, undefined) };
      case "decimal":
        return {
          kind: "sumWide", argument, sum: this.#wideSum(true, argument.type.precision > SUMMED_DIGITS_MAX, undefined),
        };
      case "float4":
      case "float8":
        // -0 is the neutral start: -0 + x is x for every x, the zeros included.
        return {
          kind: "sumFloat",
          argument,
          slot: this.#slot(argument.type.kind === "float4" ? "f32" : "f64", -0),
        };
      case "numeric": {
        const twin = decimalTwin(argument);
        if (twin !== undefined)
          return { kind: "sumWide", argument, twin, sum: this.#wideSum(false, false, this.#view()) };
        return { kind: "fold", argument, function: NUMERIC_ADD, view: this.#view() };
      }
      case "interval":
        return { kind: "fold", argument, function: "interval.add", view: this.#view() };
      default:
        throw new Error(`sum of ${argument.type.kind}`);
    }
  }

  #wideSum(hasNans: boolean, mayWrap: boolean, rest: ViewState | undefined): WideSum {
    const word = (): StateSlot => this.#slot("i64", 0n);
    const [narrow, low, high] = [word(), word(), word()];
    const [nans, wraps] = [hasNans ? word() : undefined, mayWrap ? word() : undefined];
    return { narrow, low, high, nans, wraps, rest };
  }

  #bits(argument: Expression, word: BitWord): AggregateStep {
    const initial = word === "and" ? -1 : 0;
    const slot = argument.type.kind === "int8" ? this.#slot("i64", BigInt(initial)) : this.#slot("i32", initial);
    return { kind: "bits", argument, word, slot };
  }

  #extreme(argument: Expression, largest: boolean): AggregateStep {
    const start = extremeStart(argument.type, largest);
    if (start !== undefined) {
      return {
        kind: "extreme",
        argument,
        largest,
        slots: start.map(([type, initial]) => this.#slot(type, initial)),
      };
    }
    return { kind: "extremeView", argument, largest, view: this.#view() };
  }

  #view(): ViewState {
    const word = (): StateSlot => this.#slot("i64", 0n);
    const number = (): StateSlot => this.#slot("i32", 0);
    return { first: word(), second: word(), buffer: number(), capacity: number(), seen: number() };
  }

  #rows(filter: Expression | undefined): AggregateStep {
    return this.#shared("rows", filter, () => ({ kind: "rows", slot: this.#slot("i64", 0n) }));
  }

  #rowsSlot(filter: Expression | undefined): StateSlot {
    const step = this.#rows(filter);
    assert(step.kind === "rows", "a row count");
    return step.slot;
  }

  #nulls(argument: Expression, filter: Expression | undefined): StateSlot {
    const key = `nulls ${this.#table.intern(argument)}`;
    const step = this.#shared(key, filter, () => (
      { kind: "nulls", argument, twin: decimalTwin(argument), slot: this.#slot("i64", 0n) }));
    assert(step.kind === "nulls", "a null count");
    return step.slot;
  }

  #shared(key: string, filter: Expression | undefined, make: () => AggregateStep): AggregateStep {
    const filterNumber = filter === undefined ? -1 : this.#table.intern(filter);
    const known = this.#steps.get(`${filterNumber} ${key}`);
    if (known !== undefined) return known;
    const step = make();
    this.#steps.set(`${filterNumber} ${key}`, step);
    this.#class(filter, filterNumber).steps.push(step);
    return step;
  }

  /** Only neighbours share a class: steps keep the order in which PostgreSQL meets their errors. */
  #class(filter: Expression | undefined, number: number): FilterClass {
    const last = this.classes.at(-1);
    const lastNumber = last?.filter === undefined ? -1 : this.#table.intern(last.filter);
    if (last !== undefined && lastNumber === number) return last;
    const fresh: FilterClass = { filter, steps: [] };
    this.classes.push(fresh);
    return fresh;
  }

  #slot(type: ValueType, initial: bigint | number): StateSlot {
    const slot = { offset: this.offset, type, initial };
    this.offset += SLOT_BYTES;
    this.slots.push(slot);
    return slot;
  }
}

/** Views of a step's state, which stay in memory. */
export function viewsOf(step: AggregateStep): readonly ViewState[] {
  if ("view" in step) return [step.view];
  if (step.kind === "collect") return [step.collected.values, step.collected.nulls];
  return step.kind === "sumWide" && step.sum.rest !== undefined ? [step.sum.rest] : [];
}

/** A value of a group that may become long; two parts of it together are one behind the other, or one of the two. */
export interface GrowingValue {
  readonly view: ViewState;
  readonly combined: "appended" | "least" | "greatest";
}

/** Values that may be kept in parts: lists, and the least and greatest strings. */
export function growingValues({ classes }: Pick<AggregatePlan, "classes">): readonly GrowingValue[] {
  return classes.flatMap(({ steps }) => steps).flatMap((step): GrowingValue[] => {
    if (step.kind === "append" || step.kind === "collect")
      return viewsOf(step).map((view) => ({ view, combined: "appended" }));
    if (step.kind !== "extremeView" || showsWhichIsKept(step.argument.type)) return [];
    return [{ view: step.view, combined: step.largest ? "greatest" : "least" }];
  });
}

/** Whether a sum is delivered as a numeric of any precision, made when its group is read. */
export function isTotal({ call, step }: ResultPlan): boolean {
  return step.kind === "sumWide" && call.result.engine.kind === "numeric";
}

/** Whether a result needs room of its own each time its group is read. */
export function takesRoom(result: ResultPlan): boolean {
  return isTotal(result) || result.step.kind === "collect";
}

export const LEAST32 = -(2 ** 31);
const BELOW_DECIMALS = -(10n ** 38n);

/**
 * The value every other one replaces, in the order of the type; undefined for views. Decimals of 64 bits are kept with
 * NaN at the upper end of i64, where it belongs in the order.
 */
function extremeStart(
  type: EngineType,
  largest: boolean,
): readonly (readonly [ValueType, bigint | number])[] | undefined {
  switch (type.kind) {
    case "int2":
    case "int4":
    case "date":
      return [["i32", largest ? LEAST32 : -LEAST32 - 1]];
    case "int8":
    case "time":
    case "timestamp":
    case "timestamptz":
      return [["i64", largest ? LEAST64 : -LEAST64 - 1n]];
    case "opaque":
      // An oid, moved to where signed order is its own: see pushOrdered() in aggregate_steps.ts.
      return type.byValue && type.width === 4 ? [["i32", largest ? LEAST32 : -LEAST32 - 1]] : undefined;
    case "float4":
      return [["f32", largest ? -Infinity : NaN]];
    case "float8":
      return [["f64", largest ? -Infinity : NaN]];
    case "decimal": {
      if (type.precision <= DECIMAL64_PRECISION_MAX) return [["i64", largest ? LEAST64 : -LEAST64 - 1n]];
      const least = largest ? BELOW_DECIMALS : LEAST128;
      return [
        ["i64", BigInt.asIntN(64, least)],
        ["i64", least >> 64n],
      ];
    }
    default:
      return undefined;
  }
}
