// Fields of times with time zone that those of times do not have: the zone's own, and the epoch, which is that of the
// instant. The others are the fields of the time (span_fields.ts, field_floats.ts). Read next: field_calls.ts.
import { type EngineType, FLOAT8 } from "#types/engine_type.js";
import type { Emission, Operand, Present, ScalarFunction } from "./function.js";
import { hostFunction } from "./host_function.js";
import { first } from "./operand.js";
import { isTimetz, loadTimetz, readTimetz } from "./timetz_image.js";
import { OFFSET_TYPE, offsetFields } from "./zone_functions.js";
import { SECOND_MICROSECONDS } from "./zone_table.js";

interface Field {
  readonly name: string;
  readonly type: Extract<EngineType, { readonly kind: "decimal" }>;
  readonly evaluate: (value: Present) => bigint;
  readonly emit: (emission: Emission, operand: Operand) => void;
  /** date_part()'s, where it is another number than the decimal's. */
  readonly part?: (value: Present) => number;
}

const fields: readonly Field[] = [
  ...Object.entries(offsetFields).map(([name, [unit, within]]): Field => ({
    name, type: OFFSET_TYPE,
    evaluate: (value) => -readTimetz(value).zone % within / unit,
    emit(emission, operand) {
      const [, zone] = loadTimetz(emission, operand);
      emission.code.i64(0).get(zone).op("i64.sub").i64(within).op("i64.rem_s").i64(unit).op("i64.div_s");
    },
  })),
  {
    name: "epoch", type: { kind: "decimal", precision: 12, scale: 6 },
    evaluate(value) {
      const { microseconds, zone } = readTimetz(value);
      return microseconds + zone * SECOND_MICROSECONDS;
    },
    emit(emission, operand) {
      const [microseconds, zone] = loadTimetz(emission, operand);
      emission.code.get(microseconds, zone).i64(SECOND_MICROSECONDS).op("i64.mul", "i64.add");
    },
    part(value) {
      const { microseconds, zone } = readTimetz(value);
      return Number(microseconds) / 1e6 + Number(zone);
    },
  },
];

/** The type of a field as extract() has it; undefined for what is none of these. */
export function timetzField(name: string): EngineType | undefined {
  return fields.find((field) => field.name === name)?.type;
}

export const timetzFields: readonly ScalarFunction[] = fields.flatMap(({ name, type, evaluate, emit, part }) => [
  hostFunction({
    key: `timetz.${name}`, procedures: [], doc: `extract(${name} FROM timetz)`, neverRaises: true,
    arguments: ["opaque"], result: ([time]) => (isTimetz(time) ? type : undefined), magnitude: 10 ** type.precision,
    evaluate: (values) => evaluate(first(values)),
    emit: (emission, operands) => emit(emission, first(operands)),
  }),
  hostFunction({
    key: `timetz.part.${name}`, procedures: [], doc: `date_part('${name}', timetz)`, neverRaises: true,
    arguments: ["opaque"], result: ([time]) => (isTimetz(time) ? FLOAT8 : undefined),
    evaluate: (values) => (part === undefined ? Number(evaluate(first(values))) : part(first(values))),
    emit(emission, operands) {
      const { code } = emission;
      if (part === undefined) {
        emit(emission, first(operands));
        code.op("f64.convert_i64_s");
        return;
      }
      const [microseconds, zone] = loadTimetz(emission, first(operands));
      code.get(microseconds).op("f64.convert_i64_s").f64(1e6).op("f64.div");
      code.get(zone).op("f64.convert_i64_s", "f64.add");
    },
  }),
]);
