// What a scalar function is to the engine: which PostgreSQL functions it implements exactly, its reference
// evaluation, and its emission as WebAssembly. Nulls are not its business: every function here is strict, and
// callers skip it for NULL arguments. Read next: registry.ts, then any of the families beside it.
import type { Scalar } from "#expr/expression.js";
import { DECIMAL64_PRECISION_MAX } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import type { Callable, FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { FunctionType } from "#wasm/value_type.js";

/** A reference argument or result: never null. */
export type Present = Exclude<Scalar, null>;

/** A PostgreSQL function: the OID decides, the name and argument type OIDs are for tests and documentation. */
export interface Procedure {
  readonly oid: number;
  /** pg_proc.prosrc of the built-in. */
  readonly source: string;
}

/** An error with PostgreSQL's texts; equal templates share a number in a compiled module. */
export interface ErrorTemplate {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
}

/**
 * How a value stands in locals: one number; `i128` a low and a high i64; `view` the address of an Arrow view and
 * the address its offsets count from.
 */
export type Shape = "i32" | "i64" | "f32" | "f64" | "i128" | "view";

export interface Operand {
  readonly shape: Shape;
  readonly parts: readonly Local[];
}

/** A function shared by everything in one module, written on first use. */
export interface LibraryFunction {
  readonly name: string;
  readonly type: FunctionType;
  write(code: FunctionBuilder, library: (callee: LibraryFunction) => Callable): void;
}

/** Where a function writes its code. */
export interface Emission {
  readonly code: FunctionBuilder;
  /**
   * Narrow code runs only on pages whose bounds prove that no decimal is NaN and that every decimal, and every
   * intermediate `peak` of `bound`, stays below 2^62 in magnitude: all decimals are plain i64.
   */
  readonly narrow: boolean;
  library(callee: LibraryFunction): Callable;
  /** Takes an i32 off the stack; when it is not zero the row fails with this error. */
  raiseIf(error: ErrorTemplate): void;
  /** Room of the row's own for the number of bytes in a local: its address in a fresh one. */
  allocate(bytes: Local): Local;
  /** Has the host evaluate a function: leaves the parts of its result on the stack. */
  callHost(key: string, operands: readonly Operand[], types: CallTypes): void;
}

export interface CallTypes {
  readonly arguments: readonly EngineType[];
  readonly result: EngineType;
}

/** Magnitudes of the scaled integers a call yields (`result`) and passes through (`peak`). */
export interface Bound {
  readonly result: number;
  readonly peak: number;
}

export interface ScalarFunction {
  /** Names the function in plans: family dot operation. */
  readonly key: string;
  readonly procedures: readonly Procedure[];
  /** One line for the documentation. */
  readonly doc: string;
  /** The first major version of PostgreSQL that answers otherwise, and so keeps the call; missing: none does. */
  readonly changedIn?: number;
  /**
   * The type of the result, or undefined when the engine cannot be exact for these arguments and PostgreSQL must
   * evaluate the call. A length coercion is passed its value argument alone and the target typmod.
   */
  resultType(argumentTypes: readonly EngineType[], typmod?: number): EngineType | undefined;
  /** Whether some non-null arguments raise an error; if not, any bit pattern is harmless. */
  mayFail(types: CallTypes, narrow: boolean): boolean;
  /** No arguments raise an error; `mayFail` keeps code away from what stands behind a NULL, an address perhaps. */
  readonly neverRaises?: true;
  /** Reference evaluation; throws FusionError as PostgreSQL would. */
  evaluate(values: readonly Present[], types: CallTypes): Present;
  /**
   * Leaves the parts of the result on the stack. A function without it is evaluated by the host: compiled code hands
   * its arguments over for `evaluate`, which costs one to ten microseconds. Such a function counts as failing.
   */
  emit?(emission: Emission, operands: readonly Operand[], types: CallTypes): void;
  /** Only for functions with decimal arguments or result, whose narrow code depends on it. */
  bound?(magnitudes: readonly number[], types: CallTypes): Bound;
}

/** The shape of a type's values in narrow or wide code. */
export function shapeOf(type: EngineType, narrow: boolean): Shape {
  switch (type.kind) {
    case "bool":
    case "int2":
    case "int4":
    case "date":
      return "i32";
    case "int8":
    case "time":
    case "timestamp":
    case "timestamptz":
      return "i64";
    case "float4":
      return "f32";
    case "float8":
      return "f64";
    case "decimal":
      return narrow || type.precision <= DECIMAL64_PRECISION_MAX ? "i64" : "i128";
    case "text":
    case "bpchar":
    case "numeric":
    case "interval":
      return "view";
    case "opaque":
      if (!type.byValue) return "view";
      return type.width === 8 ? "i64" : "i32";
  }
}
