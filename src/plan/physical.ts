// Physical plans: what the engine executes, leaf scans to result columns. A plan is data: it travels as
// protobuf (src/codec, schemas/plan/physical.proto) and holds no catalogue references beyond ColumnType.
import type { Expression } from "#expr/expression.js";
import type { ArrayElement } from "#types/array_element.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";

/**
 * Aggregates, named by what they compute and over what; the edge finishes averages from sum and count.
 * Result types: count and sum(int2, int4) give int8 (22003 beyond it, as PostgreSQL); sum(int8) and
 * sum(decimal) give decimal128 of the argument's scale, or numeric where 38 digits may not do; sum(float8) float8 in
 * row order (float4: float4);
 * mean, variances and standard deviations are of float8, in row order; bitAnd, bitOr and bitXor of integers.
 * Those over pairs take two float8, Y and X, and give one, in row order; concatenate takes strings of one kind, the
 * second in front of all but the first value; collect makes an array of all values, the NULLs too.
 */
export type AggregateFunction =
  | "countRows" | "count" | "sum" | "min" | "max" | "boolAnd" | "boolOr" | "bitAnd" | "bitOr" | "bitXor"
  | "mean" | "varPop" | "varSamp" | "stddevPop" | "stddevSamp" | PairFunction | "concatenate"
  | "collect";

/** Aggregates over pairs of numbers: a row with a NULL on either side is none. */
export type PairFunction =
  | "regrSxx" | "regrSyy" | "regrSxy" | "regrAvgX" | "regrAvgY" | "regrR2" | "regrSlope" | "regrIntercept"
  | "covarPop" | "covarSamp" | "corr";

export interface AggregateCall {
  readonly function: AggregateFunction;
  /** Absent for countRows. */
  readonly argument?: Expression;
  /** Of pairs, and of concatenate: evaluated for the same rows. */
  readonly second?: Expression;
  /** FILTER: rows for which it is not true are not aggregated and the argument is not evaluated for them. */
  readonly filter?: Expression;
  /** Of collect: what the array is made of. */
  readonly element?: ArrayElement;
  readonly result: ColumnType;
}

export interface NamedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * What a join yields: probe columns then build columns for inner, left (keeps unmatched probe rows), right (keeps
 * unmatched build rows) and full; probe columns for semi, anti and nullAwareAnti (NOT IN over one key); build columns
 * for rightSemi and rightAnti. nullAwareAnti has one key and no residual: with more to its condition, NOT IN is an
 * anti join without keys whose residual says (probe = build) IS NOT FALSE.
 */
export type JoinKind =
  | "inner" | "left" | "right" | "full" | "semi" | "anti" | "nullAwareAnti" | "rightSemi" | "rightAnti";

/** Where a frame begins or ends; `unbounded` is the partition's first row for a start, its last for an end. */
export type FrameBound =
  | { readonly kind: "unbounded" | "currentRow" }
  /** Rows, peer groups, or with `range` a distance in the order key's own unit: a constant int8, never negative. */
  | { readonly kind: "preceding" | "following"; readonly offset: Expression }
  /** Only with `range`: how far the frame's `measure` may be, computed of each row; NULL where the order key is. */
  | { readonly kind: "preceding" | "following"; readonly limit: Expression };

export interface WindowFrame {
  readonly unit: "rows" | "range" | "groups";
  readonly start: FrameBound;
  readonly end: FrameBound;
  readonly exclusion: "none" | "currentRow" | "group" | "ties";
  /** The order key as limits compare with it: of their type, in its order. */
  readonly measure?: Expression;
}

/** Aggregates over frames: those whose answer can be put together from runs of rows, whatever their order. */
export type FrameAggregate = Extract<
  AggregateFunction, "countRows" | "count" | "sum" | "min" | "max" | "boolAnd" | "boolOr">;

/** Names of SQL's functions, and aggregates over the frame. percentRank and cumeDist give float8, ntile int4. */
export type WindowFunction =
  | "rowNumber" | "rank" | "denseRank" | "percentRank" | "cumeDist" | "ntile"
  | "lag" | "lead" | "firstValue" | "lastValue" | "nthValue" | FrameAggregate;

export interface WindowCall {
  readonly function: WindowFunction;
  /** Of lag, lead, firstValue, lastValue, nthValue and aggregates but countRows; never fails. */
  readonly argument?: Expression;
  /** A constant int8: groups of ntile, rows of lag and lead, the row of nthValue. */
  readonly offset?: Expression;
  /** Of lag and lead, beyond the partition; NULL when absent. */
  readonly otherwise?: Expression;
  readonly frame: WindowFrame;
  readonly result: ColumnType;
}

interface Estimated {
  /** Expected rows, where the planner knew: for EXPLAIN only, it does not travel with the plan. */
  readonly rowsEstimate?: number;
}

/**
 * Rows of a leaf that can be left out when no build row has their keys. Always advisory: whether the filter is made,
 * and when it is seen, changes no result. Which leaves are legal is src/optimizer/physical/runtime_filters.ts.
 */
export interface RuntimeFilter {
  /** Numbered through the plan. */
  readonly number: number;
  readonly leaf: number;
  /** A key of the join, and the leaf's column that it is. */
  readonly keys: readonly { readonly key: number; readonly column: number }[];
  /** Rows the leaf is expected to deliver. */
  readonly rowsEstimate: number;
}

/**
 * Operators form a tree; `columns` are the operator's output. Operators are numbered in preorder for statistics,
 * a join's probe side before its build side.
 */
export type PhysicalOperator = Estimated & (
  | { readonly kind: "scan"; readonly leaf: number; readonly columns: readonly ColumnType[] }
  | { readonly kind: "filter"; readonly input: PhysicalOperator; readonly predicate: Expression }
  | {
      readonly kind: "project";
      readonly input: PhysicalOperator;
      readonly expressions: readonly Expression[];
      readonly columns: readonly ColumnType[];
    }
  | {
      readonly kind: "hashAggregate";
      readonly input: PhysicalOperator;
      /** Output columns: keys, then aggregates. No keys: exactly one row. A group shows the key image it saw first. */
      readonly keys: readonly Expression[];
      readonly aggregates: readonly AggregateCall[];
      readonly columns: readonly ColumnType[];
      /** Expected groups, for sizing; 0 unknown. */
      readonly groupsEstimate: number;
    }
  | {
      readonly kind: "hashJoin";
      readonly join: JoinKind;
      readonly probe: PhysicalOperator;
      /** Read whole before the first probe row. */
      readonly build: PhysicalOperator;
      /** Pairs equal as SQL's = of their type; a NULL never matches. No keys: every row meets every row. */
      readonly probeKeys: readonly Expression[];
      readonly buildKeys: readonly Expression[];
      /** The rest of the join's condition, over probe columns then build columns. */
      readonly residual?: Expression;
      readonly columns: readonly ColumnType[];
      /** Expected build rows; 0 unknown. */
      readonly buildRowsEstimate: number;
      /** Leaves below the probe side that the build side's keys may filter. */
      readonly filters?: readonly RuntimeFilter[];
    }
  /** A scalar subquery: one row, of NULLs when the input has none; more than one is an error. */
  | { readonly kind: "singleRow"; readonly input: PhysicalOperator; readonly columns: readonly ColumnType[] }
  /** All rows of all inputs, whose columns agree. */
  | {
      readonly kind: "union";
      readonly inputs: readonly PhysicalOperator[];
      readonly columns: readonly ColumnType[];
    }
  /** Constants or parameters of type int8; NULL is no limit and no offset. */
  | {
      readonly kind: "limit";
      readonly input: PhysicalOperator;
      readonly count?: Expression;
      readonly offset?: Expression;
      readonly columns: readonly ColumnType[];
    }
  /** Rows in order of partition and keys, each with what the calls make of its partition, peers and frame. */
  | {
      readonly kind: "window";
      readonly input: PhysicalOperator;
      /** Rows whose values group together are a partition. */
      readonly partition: readonly Expression[];
      readonly order: readonly SortKey[];
      readonly calls: readonly WindowCall[];
      /** The input's columns, then one for each call. */
      readonly columns: readonly ColumnType[];
    }
  /** Rows in order; rows of equal keys stay in the order they came. */
  | {
      readonly kind: "sort";
      readonly input: PhysicalOperator;
      readonly keys: readonly SortKey[];
      /** Rows wanted, from the first. */
      readonly limit?: number;
      readonly columns: readonly ColumnType[];
    }
  /**
   * The input's rows, made once for several readers: this one and each `sharedReading` of the number. Inside, only
   * lower numbers are read.
   */
  | {
      readonly kind: "shared";
      readonly share: number;
      readonly input: PhysicalOperator;
      readonly columns: readonly ColumnType[];
    }
  | { readonly kind: "sharedReading"; readonly share: number; readonly columns: readonly ColumnType[] }
);

/** Of a type whose order the engine knows: text only in byte order. */
export interface SortKey {
  readonly expression: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface PhysicalPlan {
  readonly version: 1;
  readonly root: PhysicalOperator;
  readonly leafCount: number;
  readonly outputs: readonly NamedColumn[];
  /** External parameters the plan reads. */
  readonly parameters: readonly { readonly id: number; readonly type: EngineType }[];
}
