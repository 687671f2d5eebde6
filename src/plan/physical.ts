// Physical plans: what the engine executes, leaf scans to result columns. A plan is data: it travels as
// protobuf (src/codec, schemas/plan/physical.proto) and holds no catalogue references beyond ColumnType.
import type { Expression } from "#expr/expression.js";
import type { ColumnType } from "#types/column_type.js";
import type { EngineType } from "#types/engine_type.js";

/**
 * Aggregates, named by what they compute and over what; the edge finishes averages from sum and count.
 * Result types: count and sum(int2, int4) give int8 (22003 beyond it, as PostgreSQL); sum(int8) and
 * sum(decimal) give decimal128 of the argument's scale; sum(float8) float8 in row order (float4: float4).
 */
export type AggregateFunction = "countRows" | "count" | "sum" | "min" | "max" | "boolAnd" | "boolOr";

export interface AggregateCall {
  readonly function: AggregateFunction;
  /** Absent for countRows. */
  readonly argument?: Expression;
  /** FILTER: rows for which it is not true are not aggregated and the argument is not evaluated for them. */
  readonly filter?: Expression;
  readonly result: ColumnType;
}

export interface NamedColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** Operators form a tree; `columns` are the operator's output. Operators are numbered in preorder for statistics. */
export type PhysicalOperator =
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
    };

export interface PhysicalPlan {
  readonly version: 1;
  readonly root: PhysicalOperator;
  readonly leafCount: number;
  readonly outputs: readonly NamedColumn[];
  /** External parameters the plan reads. */
  readonly parameters: readonly { readonly id: number; readonly type: EngineType }[];
}
