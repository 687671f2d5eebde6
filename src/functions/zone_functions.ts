// Functions of instants under a time zone, which each takes as its last argument: the planner adds the session's, or
// one the statement names (zone_calls.ts). Local times are timestamps, whose own functions do the rest. Read next:
// zone_table.ts; library/zones.ts for compiled code.
import {
  type EngineType, type EngineTypeKind, FLOAT8, INTERVAL, TIME, TIMESTAMP, TIMESTAMPTZ,
} from "#types/engine_type.js";
import {
  checkedTimestamp, DATE_INFINITY, dateBeyondTimestamps, isInfiniteDate, isInfiniteTimestamp, splitTimestamp,
  TIMESTAMP_END, TIMESTAMP_END_DAY, TIMESTAMP_FIRST, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import { errorTemplates, throwTemplate } from "./error_templates.js";
import type { Emission, ErrorTemplate, Operand, Present, Procedure, ScalarFunction } from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import {
  age, checkAge, INFINITE_INTERVALS, intervalOf, monthsLater, negated,
} from "./interval_arithmetic.js";
import { DAY_MICROSECONDS, type Interval, writeInterval } from "./interval_image.js";
import { pushViewBytes } from "./library/bytes.js";
import { timeOfDay } from "./library/calendar.js";
import { INTERVAL_ROOM, timestampAge } from "./library/shifted_times.js";
import {
  pushIsBeyond, shiftedInstant, transactionStart as transactionStartCode, zoneInstant, zoneLocal, zoneOffset,
} from "./library/zones.js";
import { asBigint, asBytes, first, push, pushAsI64, second, third, viewParts } from "./operand.js";
import { isTableType } from "./parameter_tables.js";
import { ZoneTable } from "./zone_table.js";

/** What stands for an instant beyond all finite ones in comparisons. */
const AFTER_ALL = TIMESTAMP_INFINITY - 1n;
const BEFORE_ALL = TIMESTAMP_MINUS_INFINITY + 1n;

export const zoneOf = (value: Present): ZoneTable => new ZoneTable(asBytes(value));

/** Pushes the address of a table. */
export function pushZone(emission: Emission, zone: Operand): void {
  pushViewBytes(emission.code, ...viewParts(zone));
}

interface Zoned {
  readonly key: string;
  readonly doc: string;
  readonly procedures?: readonly Procedure[];
  readonly argument: EngineTypeKind;
  readonly result: EngineType;
  readonly mayFail: boolean;
  readonly evaluate: (value: bigint, zone: ZoneTable) => Present;
  readonly emit: (emission: Emission, value: Operand, zone: Operand) => void;
}

/** A function of one value and a zone. */
const zoned = ({ argument, result, mayFail, evaluate, emit, procedures, ...named }: Zoned): ScalarFunction => ({
  ...named,
  procedures: procedures ?? [],
  resultType: ([value, zone, ...more]) =>
    (value?.kind === argument && isTableType(zone) && more.length === 0 ? result : undefined),
  mayFail: () => mayFail,
  evaluate: (values) => evaluate(asBigint(first(values)), zoneOf(second(values))),
  emit: (emission, operands) => emit(emission, first(operands), second(operands)),
});

/** An i64 from the stack, which must be a timestamp. */
function checkTimestamp(emission: Emission, error: ErrorTemplate): void {
  const { code } = emission;
  const timestamp = code.local("i64");
  code.set(timestamp);
  pushIsBeyond(code, timestamp);
  emission.raiseIf(error);
  code.get(timestamp);
}

const checkedOrInfinite = (timestamp: bigint): bigint =>
  (isInfiniteTimestamp(timestamp) ? timestamp : checkedTimestamp(timestamp));

function emitLocal(emission: Emission, value: Operand, zone: Operand): void {
  push(emission.code, value);
  pushZone(emission, zone);
  emission.code.call(emission.library(zoneLocal));
}

function emitInstant(emission: Emission, value: Operand, zone: Operand): void {
  push(emission.code, value);
  pushZone(emission, zone);
  emission.code.call(emission.library(zoneInstant));
}

type Checked = Omit<Zoned, "mayFail" | "evaluate"> & { readonly evaluate: (value: bigint, zone: ZoneTable) => bigint };

/** A function whose result must be a timestamp. */
const checkedZoned = ({ evaluate, emit, ...rest }: Checked): ScalarFunction => zoned({
  ...rest, mayFail: true, evaluate: (value, zone) => checkedOrInfinite(evaluate(value, zone)),
  emit(emission, value, zone) {
    emit(emission, value, zone);
    checkTimestamp(emission, errorTemplates.timestampOutOfRange);
  },
});

const conversions: readonly ScalarFunction[] = [
  zoned({
    key: "zone.local", doc: "The local time of an instant, as its fields are taken", argument: "timestamptz",
    result: TIMESTAMP, mayFail: false, evaluate: (value, zone) => zone.localOf(value), emit: emitLocal,
  }),
  checkedZoned({
    key: "zone.timestamp", doc: "The local time of an instant", argument: "timestamptz", result: TIMESTAMP,
    procedures: [{ oid: 2027, source: "timestamptz_timestamp" }, { oid: 1159, source: "timestamptz_zone" }],
    evaluate: (value, zone) => zone.localOf(value), emit: emitLocal,
  }),
  checkedZoned({
    key: "zone.instant", doc: "The instant of a local time", argument: "timestamp", result: TIMESTAMPTZ,
    procedures: [{ oid: 2028, source: "timestamp_timestamptz" }, { oid: 2069, source: "timestamp_zone" }],
    evaluate: (value, zone) => zone.instantOf(value), emit: emitInstant,
  }),
];

/** Midnight of a date, which may be beyond all timestamps. */
function midnightOf(date: bigint): bigint {
  if (isInfiniteDate(date)) return date === DATE_INFINITY ? TIMESTAMP_INFINITY : TIMESTAMP_MINUS_INFINITY;
  return date >= TIMESTAMP_END_DAY ? AFTER_ALL : date * DAY_MICROSECONDS;
}

/** The instant of midnight or of a timestamp, where there is none one beyond the finite ones. */
function nearestInstant(local: bigint, zone: ZoneTable): bigint {
  if (isInfiniteTimestamp(local) || local === AFTER_ALL) return local;
  const instant = zone.instantOf(local);
  if (instant >= TIMESTAMP_END) return AFTER_ALL;
  return instant < TIMESTAMP_FIRST ? BEFORE_ALL : instant;
}

/** Sets a local to midnight, as midnightOf. */
function emitMidnight({ code }: Emission, date: Operand): void {
  const days = code.local("i64");
  pushAsI64(code, date).tee(days).i64(DAY_MICROSECONDS).op("i64.mul");
  code.i64(AFTER_ALL).get(days).i64(TIMESTAMP_END_DAY).op("i64.lt_s").select();
  code.i64(TIMESTAMP_INFINITY).get(days).i64(DATE_INFINITY).op("i64.ne").select();
  code.i64(TIMESTAMP_MINUS_INFINITY).get(days).i64(-DATE_INFINITY - 1n).op("i64.ne").select();
}

/** Takes a local time off the stack. */
function emitNearest(emission: Emission, zone: Operand): void {
  const { code } = emission;
  const [local, instant] = [code.local("i64"), code.local("i64")];
  code.tee(local);
  pushZone(emission, zone);
  code.call(emission.library(zoneInstant)).set(instant);
  code.get(instant).i64(AFTER_ALL).get(instant).i64(TIMESTAMP_END).op("i64.lt_s").select();
  code.i64(BEFORE_ALL).get(instant).i64(TIMESTAMP_FIRST).op("i64.ge_s").select().set(instant);
  // Infinite ones, and what is beyond all already, stay.
  code.get(local, instant);
  code.get(local).i64(AFTER_ALL).op("i64.ge_s");
  code.get(local).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or").select();
}

const procedures = (names: string, oids: readonly number[]): readonly Procedure[] =>
  names.split(" ").map((source, index) => ({ oid: oids[index] ?? 0, source }));

const midnights: readonly ScalarFunction[] = [
  zoned({
    key: "zone.midnight", doc: "The instant a day begins", argument: "date", result: TIMESTAMPTZ, mayFail: true,
    procedures: [{ oid: 1174, source: "date_timestamptz" }],
    evaluate(value, zone) {
      const instant = nearestInstant(midnightOf(value), zone);
      return instant === AFTER_ALL || instant === BEFORE_ALL ? throwTemplate(dateBeyondTimestamps) : instant;
    },
    emit(emission, value, zone) {
      emitMidnight(emission, value);
      emitNearest(emission, zone);
      checkTimestamp(emission, dateBeyondTimestamps);
    },
  }),
  zoned({
    key: "zone.nearestMidnight", doc: "Midnight of a date, to compare with instants", argument: "date",
    procedures: procedures(
      "date_lt_timestamptz date_le_timestamptz date_eq_timestamptz date_gt_timestamptz date_ge_timestamptz "
        + "date_ne_timestamptz timestamptz_lt_date timestamptz_le_date timestamptz_eq_date timestamptz_gt_date "
        + "timestamptz_ge_date timestamptz_ne_date",
      [2351, 2352, 2353, 2354, 2355, 2356, 2377, 2378, 2379, 2380, 2381, 2382]),
    result: TIMESTAMPTZ, mayFail: false, evaluate: (value, zone) => nearestInstant(midnightOf(value), zone),
    emit(emission, value, zone) {
      emitMidnight(emission, value);
      emitNearest(emission, zone);
    },
  }),
  zoned({
    key: "zone.nearestInstant", doc: "The instant of a local time, to compare with instants", argument: "timestamp",
    procedures: procedures(
      "timestamp_lt_timestamptz timestamp_le_timestamptz timestamp_eq_timestamptz timestamp_gt_timestamptz "
        + "timestamp_ge_timestamptz timestamp_ne_timestamptz timestamptz_lt_timestamp timestamptz_le_timestamp "
        + "timestamptz_eq_timestamp timestamptz_gt_timestamp timestamptz_ge_timestamp timestamptz_ne_timestamp",
      [2520, 2521, 2522, 2523, 2524, 2525, 2527, 2528, 2529, 2530, 2531, 2532]),
    result: TIMESTAMPTZ, mayFail: false, evaluate: nearestInstant,
    emit(emission, value, zone) {
      push(emission.code, value);
      emitNearest(emission, zone);
    },
  }),
];

/** Units of a local day, which a time is cut to without asking the zone again. */
const dayUnits: Readonly<Record<string, bigint>> = {
  microseconds: 1n, milliseconds: 1000n, second: 1_000_000n, minute: 60_000_000n, hour: 3_600_000_000n,
};

/** Whether date_trunc() to the unit keeps the offset. */
export const keepsOffset = (unit: string): boolean => dayUnits[unit] !== undefined;

const cuts: readonly ScalarFunction[] = Object.entries(dayUnits).map(([name, unit]) => zoned({
  key: `zone.truncate.${name}`, doc: `date_trunc('${name}', timestamptz)`, argument: "timestamptz",
  result: TIMESTAMPTZ, mayFail: true,
  evaluate(value, zone) {
    if (isInfiniteTimestamp(value)) return value;
    return checkedTimestamp(value - splitTimestamp(zone.localOf(value)).time % unit);
  },
  emit(emission, value, zone) {
    const { code } = emission;
    const rest = code.local("i64");
    emitLocal(emission, value, zone);
    code.i64(unit).op("i64.rem_s").set(rest);
    push(code, value).get(rest).op("i64.sub").get(rest).i64(63n).op("i64.shr_s").i64(unit).op("i64.and", "i64.sub");
    const cut = code.local("i64");
    code.set(cut);
    // Infinite ones stay.
    push(code, value).get(cut);
    push(code, value).i64(TIMESTAMP_INFINITY).op("i64.eq");
    push(code, value).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or").select();
    checkTimestamp(emission, errorTemplates.timestampOutOfRange);
  },
}));

/** Divisors and moduli of an offset's fields. */
export const offsetFields: Readonly<Record<string, readonly [unit: bigint, within: bigint]>> = {
  timezone: [1n, 1_000_000n], timezone_hour: [3600n, 1_000_000n], timezone_minute: [60n, 3600n],
};

export const isOffsetField = (name: string): boolean => offsetFields[name] !== undefined;

export const OFFSET_TYPE = { kind: "decimal", precision: 7, scale: 0 } as const;

const offsets: readonly ScalarFunction[] = Object.entries(offsetFields).flatMap(([name, [unit, within]]) => {
  const emitField: Zoned["emit"] = (emission, value, zone) => {
    push(emission.code, value);
    pushZone(emission, zone);
    emission.code.call(emission.library(zoneOffset)).i64(within).op("i64.rem_s").i64(unit).op("i64.div_s");
  };
  const evaluate = (value: bigint, zone: ZoneTable): bigint => zone.offsetAt(value) % within / unit;
  const extracted = zoned({
    key: `zone.${name}`, doc: `extract(${name} FROM timestamptz), of a finite one`, argument: "timestamptz",
    result: OFFSET_TYPE, mayFail: false, evaluate, emit: emitField,
  });
  const part = zoned({
    key: `zone.part.${name}`, doc: `date_part('${name}', timestamptz), of a finite one`, argument: "timestamptz",
    result: FLOAT8, mayFail: false, evaluate: (value, zone) => Number(evaluate(value, zone)),
    emit(emission, value, zone) {
      emitField(emission, value, zone);
      emission.code.op("f64.convert_i64_s");
    },
  });
  return [{ ...extracted, bound: () => ({ result: 1e6, peak: 1e6 }) }, part];
});

/** An instant moved by an interval: months, then days, each of the local time. */
function shifted(timestamp: bigint, { microseconds, days, months }: Interval, zone: ZoneTable): bigint {
  if (isInfiniteTimestamp(timestamp)) return timestamp;
  let moved = timestamp;
  const locally = (move: (local: ReturnType<typeof splitTimestamp>) => ReturnType<typeof splitTimestamp>): void => {
    const { days: day, time } = move(splitTimestamp(zone.localOf(moved)));
    moved = checkedTimestamp(zone.instantOf(BigInt(day) * DAY_MICROSECONDS + time));
  };
  if (months !== 0) locally((local) => monthsLater(local, months));
  if (days !== 0) locally((local) => ({ ...local, days: local.days + days }));
  return checkedTimestamp(moved + microseconds);
}

const shiftCode = (sign: 1 | -1): EmitOrHost => (emission, operands, _types, host) => {
  const { code } = emission;
  const [moved, known] = [code.local("i64"), code.local("i32")];
  push(push(code, first(operands)), second(operands)).i64(sign);
  pushZone(emission, third(operands));
  code.call(emission.library(shiftedInstant)).set(known).set(moved);
  code.get(known).if(["i64"], () => code.get(moved), host);
};

/** Local times in the order of their instants; where a repeated hour turns it round, the host counts. */
const ageCode: EmitOrHost = (emission, operands, _types, host) => {
  const { code } = emission;
  const [a, b] = [code.local("i64"), code.local("i64")];
  const [left, right, zone] = [first(operands), second(operands), third(operands)];
  emitLocal(emission, left, zone);
  code.set(a);
  emitLocal(emission, right, zone);
  code.set(b);
  emitView(emission, INTERVAL_ROOM, host, (room) => {
    push(push(code, left), right).op("i64.lt_s").get(a, b).op("i64.lt_s", "i32.eq");
    code.if(["i32"], () => code.get(a, b, room).call(emission.library(timestampAge)), () => code.i32(0));
  });
};

const shifts: readonly ScalarFunction[] = ([
  ["addInterval", 1189, "timestamptz_pl_interval", 1], ["subtractInterval", 1190, "timestamptz_mi_interval", -1],
] as const).map(([name, oid, source, sign]) => hostFunction({
  key: `timestamptz.${name}`, procedures: [{ oid, source }], changedIn: INFINITE_INTERVALS,
  doc: `A timestamptz ${sign < 0 ? "minus" : "plus"} an interval`,
  arguments: ["timestamptz", "interval", "opaque"],
  result: ([, , zone]) => (isTableType(zone) ? TIMESTAMPTZ : undefined),
  evaluate(values) {
    const interval = intervalOf(second(values));
    return shifted(asBigint(first(values)), sign < 0 ? negated(interval) : interval, zoneOf(third(values)));
  },
  emit: shiftCode(sign),
}));

const ageOfInstants: ScalarFunction = hostFunction({
  key: "timestamptz.age", procedures: [{ oid: 1199, source: "timestamptz_age" }], changedIn: INFINITE_INTERVALS,
  doc: "Years to microseconds between the local times of two instants",
  arguments: ["timestamptz", "timestamptz", "opaque"],
  result: ([, , zone]) => (isTableType(zone) ? INTERVAL : undefined),
  evaluate(values) {
    const [a, b, zone] = [asBigint(first(values)), asBigint(second(values)), zoneOf(third(values))];
    checkAge(a, b);
    const [x, y] = [zone.clockOf(a), zone.clockOf(b)];
    return writeInterval(a >= b ? age(x, y) : negated(age(y, x)));
  },
  emit: ageCode,
});

/** An instant as its local time in Greenwich, and back. */
const inGreenwich = (kind: "timestamp" | "timestamptz", doc: string): ScalarFunction => ({
  key: `${kind}.utc`, procedures: [], doc,
  resultType: ([value, ...more]) =>
    (value?.kind !== kind || more.length > 0 ? undefined : kind === "timestamp" ? TIMESTAMPTZ : TIMESTAMP),
  mayFail: () => false,
  evaluate: (values) => first(values),
  emit: ({ code }, operands) => void push(code, first(operands)),
});

/** Where no zone is asked for. */
const plain: readonly ScalarFunction[] = [
  inGreenwich("timestamptz", "The local time of an instant in Greenwich, whatever the session's"),
  inGreenwich("timestamp", "The instant of a local time in Greenwich, whatever the session's"),
  {
    key: "timestamp.time", doc: "The time of day of a finite timestamp", procedures: [],
    resultType: ([value, ...more]) =>
      (value?.kind === "timestamp" && more.length === 0 ? TIME : undefined),
    mayFail: () => false,
    evaluate: (values) => splitTimestamp(asBigint(first(values))).time,
    emit: (emission, operands) => void push(emission.code, first(operands)).call(emission.library(timeOfDay)),
  },
];

const transactionStart: ScalarFunction = {
  key: "zone.transactionStart", doc: "The instant the transaction began",
  procedures: [{ oid: 1299, source: "now" }, { oid: 2647, source: "now" }],
  resultType: ([zone, ...more]) => (isTableType(zone) && more.length === 0 ? TIMESTAMPTZ : undefined),
  mayFail: () => false,
  evaluate: (values) => zoneOf(first(values)).transactionStart,
  emit(emission, operands) {
    pushZone(emission, first(operands));
    emission.code.call(emission.library(transactionStartCode));
  },
};

export const zoneFunctions: readonly ScalarFunction[] = [
  ...conversions, ...midnights, ...cuts, ...offsets, ...shifts, ageOfInstants, ...plain, transactionStart,
];
