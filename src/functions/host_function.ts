// Functions that the host evaluates for compiled code (see ScalarFunction.emit): their argument kinds, the type of
// their result, and the reference evaluation are all there is to them. Read next: numeric_arithmetic.ts, characters.ts.
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import type { CallTypes, Present, Procedure, ScalarFunction } from "./function.js";

export interface HostFunction {
  readonly key: string;
  readonly procedures: readonly Procedure[];
  readonly doc: string;
  /** One kind for each argument. */
  readonly arguments: readonly EngineTypeKind[];
  readonly result: EngineType | ((types: readonly EngineType[], typmod?: number) => EngineType | undefined);
  /** Bound of decimal results, among which is no NaN then. */
  readonly magnitude?: number;
  evaluate(values: readonly Present[], types: CallTypes): Present;
}

/** Decimals with NaN among them have no bound, and code that relies on one is not run. */
const UNBOUNDED = Infinity;

export function hostFunction({ arguments: kinds, result, magnitude, ...rest }: HostFunction): ScalarFunction {
  return {
    ...rest,
    resultType(types, typmod) {
      const fits = types.length === kinds.length && types.every((type, index) => type.kind === kinds[index]);
      if (!fits) return undefined;
      return typeof result === "function" ? result(types, typmod) : result;
    },
    mayFail: () => true,
    bound: (magnitudes, types) => ({
      result: types.result.kind === "decimal" ? magnitude ?? UNBOUNDED : 2 ** 63,
      peak: Math.max(0, ...magnitudes.filter((_, index) => types.arguments[index]?.kind === "decimal")),
    }),
  };
}
