// Scalar expressions of a plan: a closed union over columns of the operator's input. Evaluation order is
// PostgreSQL's: `case`, `and`, `or` and `coalesce` guard what stands behind them; every other argument is evaluated.
// Emission is in src/lowering, reference evaluation in src/runtime/interpreter.
import type { EngineType } from "#types/engine_type.js";

/**
 * Value images in plain TypeScript: null, boolean, number (float4/8), bigint (integers, dates, times, decimals as
 * scaled integers), bytes.
 */
export type Value = null | boolean | number | bigint | Uint8Array;

/** A decimal NaN in reference evaluation. */
export const DECIMAL_NAN: unique symbol = Symbol("numeric NaN");
export type Scalar = Value | typeof DECIMAL_NAN;

export type Expression =
  | { readonly kind: "column"; readonly index: number; readonly type: EngineType }
  | { readonly kind: "constant"; readonly value: Scalar; readonly type: EngineType }
  /** External parameter $id, bound at start; its value stands in the parameter block. */
  | { readonly kind: "parameter"; readonly id: number; readonly type: EngineType }
  /** A registered function (src/functions), named by its registry key such as "int4.add" or "decimal.multiply". */
  | {
      readonly kind: "call";
      readonly function: string;
      readonly arguments: readonly Expression[];
      readonly type: EngineType;
    }
  | { readonly kind: "and" | "or"; readonly arguments: readonly Expression[]; readonly type: { readonly kind: "bool" } }
  | { readonly kind: "not"; readonly argument: Expression; readonly type: { readonly kind: "bool" } }
  | {
      readonly kind: "isNull";
      readonly argument: Expression;
      readonly negated: boolean;
      readonly type: { readonly kind: "bool" };
    }
  /** IS [NOT] TRUE | FALSE | UNKNOWN */
  | {
      readonly kind: "booleanTest";
      readonly argument: Expression;
      readonly test: "true" | "false" | "unknown";
      readonly negated: boolean;
      readonly type: { readonly kind: "bool" };
    }
  | {
      readonly kind: "case";
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
      readonly otherwise: Expression;
      readonly type: EngineType;
    }
  | { readonly kind: "coalesce"; readonly arguments: readonly Expression[]; readonly type: EngineType }
  /**
   * An argument that may fail, held back: `value` is NULL where it fails, and `failure` the number of the error then
   * (functions/held_errors.ts), else NULL.
   */
  | {
      readonly kind: "attempt";
      readonly argument: Expression;
      readonly yields: "value" | "failure";
      readonly type: EngineType;
    };
