// Functions that the host evaluates for compiled code (see ScalarFunction.emit): their argument kinds, the type of
// their result, and the reference evaluation are all they need. Those that are called for many rows have code for the
// usual values, and the host for the others. Read next: numeric_arithmetic.ts, characters.ts.
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import type { Local } from "#wasm/function_builder.js";
import type { CallTypes, Emission, Operand, Present, Procedure, ScalarFunction } from "./function.js";

/** Code for a call; `host` has the host evaluate it. Either leaves the parts of the result on the stack. */
export type EmitOrHost = (
  emission: Emission, operands: readonly Operand[], types: CallTypes, host: () => void,
) => void;

export interface HostFunction {
  readonly key: string;
  readonly procedures: readonly Procedure[];
  readonly doc: string;
  readonly changedIn?: number;
  /** One kind for each argument. */
  readonly arguments: readonly EngineTypeKind[];
  readonly result: EngineType | ((types: readonly EngineType[], typmod?: number) => EngineType | undefined);
  readonly neverRaises?: true;
  /** Bound of decimal results, among which is no NaN then. */
  readonly magnitude?: number;
  evaluate(values: readonly Present[], types: CallTypes): Present;
  readonly emit?: EmitOrHost | undefined;
}

/** Decimals with NaN among them have no bound, and code that relies on one is not run. */
const UNBOUNDED = Infinity;

export function hostFunction({ arguments: kinds, result, magnitude, emit, ...rest }: HostFunction): ScalarFunction {
  const emitted: Pick<ScalarFunction, "emit"> = emit === undefined ? {} : {
    emit: (emission, operands, types) =>
      emit(emission, operands, types, () => emission.callHost(rest.key, operands, types)),
  };
  return {
    ...rest,
    ...emitted,
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

/** Room for so many bytes: a number, or a local that holds it. */
function roomFor(emission: Emission, bytes: number | Local): Local {
  if (typeof bytes !== "number") return emission.allocate(bytes);
  const size = emission.code.local("i32");
  emission.code.i32(bytes).set(size);
  return emission.allocate(size);
}

/** A value that stands as a view: `write` makes it in room of so many bytes, at whose start its view comes to stand. */
export function emitMadeView(emission: Emission, bytes: number | Local, write: (room: Local) => void): void {
  const room = roomFor(emission, bytes);
  write(room);
  emission.code.get(room).i32(0);
}

/** The same where `write` leaves 1, or 0 and makes nothing: then the host evaluates the call. */
export function emitView(
  emission: Emission, bytes: number | Local, host: () => void, write: (room: Local) => void,
): void {
  const { code } = emission;
  const [view, tail] = [code.local("i32"), code.local("i32")];
  const room = roomFor(emission, bytes);
  write(room);
  code.if([], () => code.get(room).set(view).i32(0).set(tail), () => {
    host();
    code.set(tail).set(view);
  });
  code.get(view, tail);
}
