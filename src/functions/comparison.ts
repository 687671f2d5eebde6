// The six comparisons of every type whose order the engine knows. Each family gives one reference order and one way
// to emit an operator; text and byte strings are in comparison_text.ts, the operator table is shared.
import { assert } from "#base/assert.js";
import { DECIMAL128_PRECISION_MAX } from "#types/encoding_of.js";
import type { EngineType, EngineTypeKind } from "#types/engine_type.js";
import type { NumericInstruction } from "#wasm/opcodes.js";
import {
  DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_END_DAY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import { asDecimalType, integerDigits, isNan, pushLifted, pushScaled } from "./decimal.js";
import type { CallTypes, Emission, Operand, Present, ScalarFunction } from "./function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { compareDecimal } from "./library/int128.js";
import { tenTo } from "./numeric_image.js";
import { asBigint, asNumber, first, push, pushAsI64, second } from "./operand.js";

export type Comparison = "equal" | "notEqual" | "less" | "lessOrEqual" | "greater" | "greaterOrEqual";

export const comparisons: readonly Comparison[] = [
  "equal",
  "notEqual",
  "less",
  "lessOrEqual",
  "greater",
  "greaterOrEqual",
];

const holds: Readonly<Record<Comparison, (order: number) => boolean>> = {
  equal: (order) => order === 0,
  notEqual: (order) => order !== 0,
  less: (order) => order < 0,
  lessOrEqual: (order) => order <= 0,
  greater: (order) => order > 0,
  greaterOrEqual: (order) => order >= 0,
};

/** Suffixes of the signed integer comparisons. */
export const integerWord = {
  equal: "eq",
  notEqual: "ne",
  less: "lt_s",
  lessOrEqual: "le_s",
  greater: "gt_s",
  greaterOrEqual: "ge_s",
} as const satisfies Record<Comparison, string>;

/** OIDs of the six operators' functions, in the order of `comparisons`, with their pg_proc.prosrc. */
export type ComparisonProcedures = readonly (readonly [oid: number, source: string])[];

export interface ComparisonFamily {
  readonly name: string;
  readonly doc: string;
  readonly procedures: readonly ComparisonProcedures[];
  accepts(a: EngineType, b: EngineType, comparison: Comparison): boolean;
  /** Negative, zero or positive: the family's total order. */
  order(a: Present, b: Present, types: CallTypes): number;
  emit(emission: Emission, operands: readonly Operand[], comparison: Comparison, types: CallTypes): void;
  /** Largest intermediate of narrow code. */
  peak?(magnitudes: readonly number[], types: CallTypes): number;
}

/** The functions of one family. */
function comparisonFunctions(family: ComparisonFamily): readonly ScalarFunction[] {
  return comparisons.map((comparison, index) => ({
    key: `${family.name}.${comparison}`,
    procedures: family.procedures.map((six) => {
      const row = six[index];
      assert(row !== undefined, "six comparisons");
      return { oid: row[0], source: row[1] };
    }),
    doc: `${family.doc}: ${comparison}`,
    resultType([a, b, ...more]) {
      if (a === undefined || b === undefined || more.length > 0) return undefined;
      return family.accepts(a, b, comparison) ? { kind: "bool" } : undefined;
    },
    mayFail: () => false,
    evaluate: (values, types) => holds[comparison](family.order(first(values), second(values), types)),
    emit: (emission, operands, types) => family.emit(emission, operands, comparison, types),
    ...(family.peak === undefined
      ? {}
      : {
          bound: (magnitudes: readonly number[], types: CallTypes) => ({
            result: 1,
            peak: family.peak?.(magnitudes, types) ?? 0,
          }),
        }),
  }));
}

/** The same of values that stand as views, which hold addresses: what stands behind a NULL must not be followed. */
export function comparisonsOfViews(family: ComparisonFamily): readonly ScalarFunction[] {
  return comparisonFunctions(family).map((each) => ({ ...each, mayFail: () => true, neverRaises: true }));
}

export function orderOf<T extends bigint | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const integerKinds: readonly EngineTypeKind[] = ["int2", "int4", "int8"];

const six = (names: string, oids: readonly number[]): ComparisonProcedures =>
  names.split(" ").map((source, index) => [oids[index] ?? 0, source] as const);

const integer: ComparisonFamily = {
  name: "integer",
  doc: "Comparison of integers of any widths",
  procedures: [
    six("int2eq int2ne int2lt int2le int2gt int2ge", [63, 145, 64, 148, 146, 151]),
    six("int4eq int4ne int4lt int4le int4gt int4ge", [65, 144, 66, 149, 147, 150]),
    six("int8eq int8ne int8lt int8le int8gt int8ge", [467, 468, 469, 471, 470, 472]),
    six("int24eq int24ne int24lt int24le int24gt int24ge", [158, 164, 160, 166, 162, 168]),
    six("int42eq int42ne int42lt int42le int42gt int42ge", [159, 165, 161, 167, 163, 169]),
    six("int28eq int28ne int28lt int28le int28gt int28ge", [1850, 1851, 1852, 1854, 1853, 1855]),
    six("int82eq int82ne int82lt int82le int82gt int82ge", [1856, 1857, 1858, 1860, 1859, 1861]),
    six("int48eq int48ne int48lt int48le int48gt int48ge", [852, 853, 854, 856, 855, 857]),
    six("int84eq int84ne int84lt int84le int84gt int84ge", [474, 475, 476, 478, 477, 479]),
  ],
  accepts: (a, b) => integerKinds.includes(a.kind) && integerKinds.includes(b.kind),
  order: (a, b) => orderOf(asBigint(a), asBigint(b)),
  emit({ code }, operands, comparison) {
    const [a, b] = [first(operands), second(operands)];
    if (a.shape === "i32" && b.shape === "i32") push(push(code, a), b).op(`i32.${integerWord[comparison]}`);
    else pushAsI64(pushAsI64(code, a), b).op(`i64.${integerWord[comparison]}`);
  },
};

/** A family whose images compare as signed integers of one width. */
function plain(
  kind: "bool" | "date" | "time" | "timestamp" | "timestamptz",
  procedures: readonly ComparisonProcedures[],
): ComparisonFamily {
  const type = kind === "bool" || kind === "date" ? "i32" : "i64";
  return {
    name: kind,
    doc: `Comparison of ${kind} values`,
    procedures,
    accepts: (a, b) => a.kind === kind && b.kind === kind,
    order: (a, b) => (kind === "bool" ? orderOf(Number(a), Number(b)) : orderOf(asBigint(a), asBigint(b))),
    emit: ({ code }, operands, comparison) =>
      void push(push(code, first(operands)), second(operands)).op(`${type}.${integerWord[comparison]}`),
  };
}

/** A date as a timestamp that compares alike: infinities stay, dates past the last timestamp are just below. */
function dateAsTimestamp(days: bigint): bigint {
  if (days === DATE_MINUS_INFINITY) return TIMESTAMP_MINUS_INFINITY;
  if (days === DATE_INFINITY) return TIMESTAMP_INFINITY;
  return days >= TIMESTAMP_END_DAY ? TIMESTAMP_INFINITY - 1n : days * DAY_MICROSECONDS;
}

function pushDateAsTimestamp({ code }: Emission, operand: Operand): void {
  const days = code.local("i64");
  pushAsI64(code, operand).tee(days).i64(DAY_MICROSECONDS).op("i64.mul");
  code.i64(TIMESTAMP_INFINITY - 1n).get(days).i64(TIMESTAMP_END_DAY).op("i64.lt_s").select();
  code.i64(TIMESTAMP_INFINITY).get(days).i64(DATE_INFINITY).op("i64.ne").select();
  code.i64(TIMESTAMP_MINUS_INFINITY).get(days).i64(DATE_MINUS_INFINITY).op("i64.ne").select();
}

/** A carried type of four bytes passed by value, whose equal values have equal images. */
function carried(type: EngineType): boolean {
  return type.kind === "opaque" && type.byValue && type.width === 4 && type.bitwiseEqual;
}

const unsignedWord = {
  equal: "eq", notEqual: "ne", less: "lt_u", lessOrEqual: "le_u", greater: "gt_u", greaterOrEqual: "ge_u",
} as const satisfies Record<Comparison, string>;

/** Four bytes compared without a sign. */
function unsigned(name: string, procedures: ComparisonProcedures): ComparisonFamily {
  return {
    name,
    doc: `Comparison of ${name} values`,
    procedures: [procedures],
    accepts: (a, b) => carried(a) && carried(b),
    order: (a, b) => orderOf(BigInt.asUintN(32, asBigint(a)), BigInt.asUintN(32, asBigint(b))),
    emit: ({ code }, operands, comparison) =>
      void push(push(code, first(operands)), second(operands)).op(`i32.${unsignedWord[comparison]}`),
  };
}

/** A date against a timestamp without time zone; with one it would depend on the session. */
function dateTimestamp(dateFirst: boolean, procedures: ComparisonProcedures): ComparisonFamily {
  const kinds = dateFirst ? ["date", "timestamp"] : ["timestamp", "date"];
  return {
    name: kinds.join("_"),
    doc: `Comparison of a ${kinds.join(" with a ")}, the date taken at midnight`,
    procedures: [procedures],
    accepts: (a, b) => a.kind === kinds[0] && b.kind === kinds[1],
    order: (a, b) =>
      dateFirst
        ? orderOf(dateAsTimestamp(asBigint(a)), asBigint(b))
        : orderOf(asBigint(a), dateAsTimestamp(asBigint(b))),
    emit(emission, operands, comparison) {
      const { code } = emission;
      if (dateFirst) pushDateAsTimestamp(emission, first(operands));
      else push(code, first(operands));
      if (dateFirst) push(code, second(operands));
      else pushDateAsTimestamp(emission, second(operands));
      code.op(`i64.${integerWord[comparison]}`);
    },
  };
}

const isFloat = (type: EngineType): boolean => type.kind === "float4" || type.kind === "float8";

/** NaN equals NaN and is above everything; the zeros are equal. */
export function orderFloats(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) ? -1 : orderOf(a, b);
}

function emitFloat({ code }: Emission, operands: readonly Operand[], comparison: Comparison): void {
  const [x, y] = [first(operands), second(operands)];
  const type = x.shape === "f32" && y.shape === "f32" ? "f32" : "f64";
  const pushed = (operand: Operand): void => {
    push(code, operand);
    if (type === "f64" && operand.shape === "f32") code.op("f64.promote_f32");
  };
  const test = (a: Operand, b: Operand, word: "eq" | "ne" | "lt" | "le"): void => {
    pushed(a);
    pushed(b);
    code.op(`${type}.${word}` as NumericInstruction);
  };
  const swapped = comparison === "greater" || comparison === "greaterOrEqual";
  const [a, b] = swapped ? [y, x] : [x, y];
  switch (comparison) {
    case "equal":
    case "notEqual":
      test(a, b, "eq");
      test(a, a, "ne");
      test(b, b, "ne");
      code.op("i32.and", "i32.or");
      if (comparison === "notEqual") code.op("i32.eqz");
      return;
    case "less":
    case "greater":
      test(a, b, "lt");
      test(b, b, "ne");
      test(a, a, "eq");
      code.op("i32.and", "i32.or");
      return;
    case "lessOrEqual":
    case "greaterOrEqual":
      test(a, b, "le");
      test(b, b, "ne");
      code.op("i32.or");
  }
}

const float: ComparisonFamily = {
  name: "float",
  doc: "Comparison of floats, NaN equal to itself and largest",
  procedures: [
    six("float4eq float4ne float4lt float4le float4gt float4ge", [287, 288, 289, 290, 291, 292]),
    six("float8eq float8ne float8lt float8le float8gt float8ge", [293, 294, 295, 296, 297, 298]),
    six("float48eq float48ne float48lt float48le float48gt float48ge", [299, 300, 301, 302, 303, 304]),
    six("float84eq float84ne float84lt float84le float84gt float84ge", [305, 306, 307, 308, 309, 310]),
  ],
  accepts: (a, b) => isFloat(a) && isFloat(b),
  order: (a, b) => orderFloats(asNumber(a), asNumber(b)),
  emit: emitFloat,
};

function decimalLifts(types: CallTypes): readonly [number, number] {
  const [a, b] = [asDecimalType(types.arguments[0]), asDecimalType(types.arguments[1])];
  const scale = Math.max(a.scale, b.scale);
  return [scale - a.scale, scale - b.scale];
}

const decimal: ComparisonFamily = {
  name: "decimal",
  doc: "Comparison of numerics of fixed scale, NaN equal to itself and largest",
  procedures: [
    six(
      "numeric_eq numeric_ne numeric_lt numeric_le numeric_gt numeric_ge",
      [1718, 1719, 1722, 1723, 1720, 1721],
    ),
  ],
  accepts(a, b) {
    if (a.kind !== "decimal" || b.kind !== "decimal") return false;
    return Math.max(integerDigits(a), integerDigits(b)) + Math.max(a.scale, b.scale) <= DECIMAL128_PRECISION_MAX;
  },
  order(a, b, types) {
    if (isNan(a) || isNan(b)) return Number(isNan(a)) - Number(isNan(b));
    const [liftA, liftB] = decimalLifts(types);
    return orderOf(asBigint(a) * tenTo(liftA), asBigint(b) * tenTo(liftB));
  },
  emit(emission, operands, comparison, types) {
    const { code } = emission;
    const [liftA, liftB] = decimalLifts(types);
    if (emission.narrow) {
      pushScaled(emission, first(operands), liftA);
      pushScaled(emission, second(operands), liftB);
      code.op(`i64.${integerWord[comparison]}`);
      return;
    }
    // The lifted operand has at most 38 digits, see `accepts`.
    pushLifted(emission, first(operands), liftA);
    code.drop();
    pushLifted(emission, second(operands), liftB);
    code.drop().call(emission.library(compareDecimal)).i32(0).op(`i32.${integerWord[comparison]}`);
  },
  peak(magnitudes, types) {
    const [liftA, liftB] = decimalLifts(types);
    return Math.max(first(magnitudes) * 10 ** liftA, second(magnitudes) * 10 ** liftB);
  },
};

const families: readonly ComparisonFamily[] = [
  integer,
  plain("bool", [six("booleq boolne boollt boolle boolgt boolge", [60, 84, 56, 1691, 57, 1692])]),
  plain("date", [
    six("date_eq date_ne date_lt date_le date_gt date_ge", [1086, 1091, 1087, 1088, 1089, 1090]),
  ]),
  plain("time", [
    six("time_eq time_ne time_lt time_le time_gt time_ge", [1145, 1106, 1102, 1103, 1104, 1105]),
  ]),
  plain("timestamp", [
    six(
      "timestamp_eq timestamp_ne timestamp_lt timestamp_le timestamp_gt timestamp_ge",
      [2052, 2053, 2054, 2055, 2057, 2056],
    ),
  ]),
  plain("timestamptz", [
    six(
      "timestamp_eq timestamp_ne timestamp_lt timestamp_le timestamp_gt timestamp_ge",
      [1152, 1153, 1154, 1155, 1157, 1156],
    ),
  ]),
  dateTimestamp(
    true,
    six(
      "date_eq_timestamp date_ne_timestamp date_lt_timestamp date_le_timestamp date_gt_timestamp date_ge_timestamp",
      [2340, 2343, 2338, 2339, 2341, 2342],
    ),
  ),
  dateTimestamp(
    false,
    six(
      "timestamp_eq_date timestamp_ne_date timestamp_lt_date timestamp_le_date timestamp_gt_date timestamp_ge_date",
      [2366, 2369, 2364, 2365, 2367, 2368],
    ),
  ),
  float,
  decimal,
  unsigned("oid", six("oideq oidne oidlt oidle oidgt oidge", [184, 185, 716, 717, 1638, 1639])),
];

/** The order of enum values is in the catalogue; the engine knows whether two are the same. */
const enumEquality = comparisonFunctions(
  unsigned("enum", six("enum_eq enum_ne enum_lt enum_le enum_gt enum_ge", [3508, 3509, 3510, 3512, 3511, 3513])),
).filter(({ key }) => key === "enum.equal" || key === "enum.notEqual");

export const comparisonsOfNumbersAndTimes: readonly ScalarFunction[] = [
  ...families.flatMap(comparisonFunctions), ...enumEquality,
];
