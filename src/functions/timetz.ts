// Times of day with a time zone: casts, and what is added to them. A zone given to one that has no date is taken as it
// is when the transaction begins, which a zone's table says (zone_table.ts). Comparisons go by keys (order_keys.ts).
// Read next: timetz_image.ts; timetz_fields.ts; zone_calls.ts, which makes the calls with a zone.
import { TIME, TIMESTAMPTZ, TIMETZ } from "#types/engine_type.js";
import {
  dateBeyondTimestamps, isInfiniteTimestamp, isTimestamp, splitTimestamp, TIMESTAMP_END_DAY, TIMESTAMP_FIRST,
  timestampOfDate,
} from "./calendar.js";
import { throwTemplate } from "./error_templates.js";
import type { LibraryFunction, ScalarFunction } from "./function.js";
import { type EmitOrHost, emitView, hostFunction } from "./host_function.js";
import { INFINITE_INTERVALS, intervalOf, timeOfDay } from "./interval_arithmetic.js";
import { loadIntervalTime } from "./interval_code.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { timeOfDay as timeOfDayCode } from "./library/calendar.js";
import { localOffset, transactionStart, zoneLocal, zoneOffset } from "./library/zones.js";
import { asBigint, first, push, pushAsI64, second } from "./operand.js";
import { isTableType } from "./parameter_tables.js";
import {
  emitTimetz, isTimetz, loadTimetz, readTimetz, storeTimetz, TIMETZ_ROOM, writeTimetz,
} from "./timetz_image.js";
import { pushZone, zoneOf } from "./zone_functions.js";
import { SECOND_MICROSECONDS } from "./zone_table.js";

/** The same instant of the day under another zone, in seconds west of Greenwich. */
function moved(microseconds: bigint, zone: bigint, target: bigint): Uint8Array {
  return writeTimetz({ microseconds: timeOfDay(microseconds + (zone - target) * SECOND_MICROSECONDS), zone: target });
}

const shiftCode = (word: "i64.add" | "i64.sub"): EmitOrHost => (emission, operands, _types, host) => {
  const { code } = emission;
  const [microseconds, zone] = loadTimetz(emission, first(operands));
  const [by, known] = loadIntervalTime(code, second(operands));
  emitView(emission, TIMETZ_ROOM, host, (room) => {
    const pushTime = (): void =>
      void code.get(microseconds, by).op(word).call(emission.library(timeOfDayCode));
    storeTimetz(code, room, pushTime, () => void code.get(zone));
    code.get(known);
  });
};

const shifts: readonly ScalarFunction[] = ([
  ["addInterval", 1749, "timetz_pl_interval", "i64.add"], ["subtractInterval", 1750, "timetz_mi_interval", "i64.sub"],
] as const).map(([name, oid, source, word]) => hostFunction({
  key: `timetz.${name}`, procedures: [{ oid, source }], changedIn: INFINITE_INTERVALS,
  doc: `A time with time zone ${word === "i64.add" ? "plus" : "minus"} the time of an interval`,
  arguments: ["opaque", "interval"], result: ([time]) => (isTimetz(time) ? TIMETZ : undefined),
  evaluate(values) {
    const { microseconds, zone } = readTimetz(first(values));
    const by = intervalOf(second(values)).microseconds;
    return writeTimetz({ microseconds: timeOfDay(word === "i64.add" ? microseconds + by : microseconds - by), zone });
  },
  emit: shiftCode(word),
}));

const casts: readonly ScalarFunction[] = [
  hostFunction({
    key: "cast.timetz.time", procedures: [{ oid: 2046, source: "timetz_time" }], neverRaises: true,
    doc: "Cast of timetz to time, which is that of its zone", arguments: ["opaque"],
    result: ([time]) => (isTimetz(time) ? TIME : undefined),
    evaluate: (values) => readTimetz(first(values)).microseconds,
    emit: (emission, operands) => void emission.code.get(loadTimetz(emission, first(operands))[0]),
  }),
  hostFunction({
    key: "cast.time.timetz", procedures: [{ oid: 2047, source: "time_timetz" }], neverRaises: true,
    doc: "A time with the zone as it is on the day the transaction began", arguments: ["time", "opaque"],
    result: ([, zone]) => (isTableType(zone) ? TIMETZ : undefined),
    evaluate(values) {
      const [microseconds, zone] = [asBigint(first(values)), zoneOf(second(values))];
      const today = BigInt(splitTimestamp(zone.localOf(zone.transactionStart)).days);
      return writeTimetz({ microseconds, zone: -zone.offsetOfLocal(today * DAY_MICROSECONDS + microseconds) });
    },
    emit(emission, operands) {
      const { code } = emission;
      const [local, table] = [code.local("i64"), code.local("i32")];
      pushZone(emission, second(operands));
      code.set(table);
      code.get(table).call(emission.library(transactionStart)).get(table).call(emission.library(zoneLocal)).tee(local);
      code.get(local).call(emission.library(timeOfDayCode)).op("i64.sub");
      push(code, first(operands)).op("i64.add").set(local);
      emitTimetz(emission, () => void push(code, first(operands)),
        () => void code.i64(0).get(local, table).call(emission.library(localOffset)).op("i64.sub"));
    },
  }),
  hostFunction({
    key: "cast.timestamptz.timetz", procedures: [{ oid: 1388, source: "timestamptz_timetz" }], neverRaises: true,
    doc: "The local time of a finite instant, with its zone", arguments: ["timestamptz", "opaque"],
    result: ([, zone]) => (isTableType(zone) ? TIMETZ : undefined),
    evaluate(values) {
      const [instant, zone] = [asBigint(first(values)), zoneOf(second(values))];
      return writeTimetz({ microseconds: splitTimestamp(zone.localOf(instant)).time, zone: -zone.offsetAt(instant) });
    },
    emit(emission, operands) {
      const { code } = emission;
      const pushOf = (callee: LibraryFunction): void => {
        push(code, first(operands));
        pushZone(emission, second(operands));
        code.call(emission.library(callee));
      };
      emitTimetz(emission, () => {
        pushOf(zoneLocal);
        code.call(emission.library(timeOfDayCode));
      }, () => {
        code.i64(0);
        pushOf(zoneOffset);
        code.op("i64.sub");
      });
    },
  }),
];

/** Takes the zone to move to, in seconds west of Greenwich, off the stack. */
const moveCode = (pushTarget: (...[emission, operands]: Parameters<EmitOrHost>) => void): EmitOrHost =>
  (emission, operands, types, host) => {
    const { code } = emission;
    const target = code.local("i64");
    const [microseconds, zone] = loadTimetz(emission, first(operands));
    pushTarget(emission, operands, types, host);
    code.set(target);
    emitTimetz(emission, () => {
      code.get(microseconds, zone, target).op("i64.sub").i64(SECOND_MICROSECONDS).op("i64.mul", "i64.add");
      code.call(emission.library(timeOfDayCode));
    }, () => void code.get(target));
  };

const moves: readonly ScalarFunction[] = [
  hostFunction({
    key: "timetz.atZone", procedures: [{ oid: 2037, source: "timetz_zone" }], neverRaises: true,
    doc: "A time in another zone, as that is when the transaction begins", arguments: ["opaque", "opaque"],
    result: ([time, zone]) => (isTimetz(time) && isTableType(zone) ? TIMETZ : undefined),
    evaluate(values) {
      const [{ microseconds, zone }, table] = [readTimetz(first(values)), zoneOf(second(values))];
      return moved(microseconds, zone, -table.offsetAt(table.transactionStart));
    },
    emit: moveCode((emission, operands) => {
      const { code } = emission;
      const table = code.local("i32");
      pushZone(emission, second(operands));
      code.set(table).i64(0);
      code.get(table).call(emission.library(transactionStart)).get(table).call(emission.library(zoneOffset));
      code.op("i64.sub");
    }),
  }),
  hostFunction({
    key: "timetz.atOffset", procedures: [], neverRaises: true,
    doc: "A time in another zone, given as seconds west of Greenwich", arguments: ["opaque", "int4"],
    result: ([time]) => (isTimetz(time) ? TIMETZ : undefined),
    evaluate(values) {
      const { microseconds, zone } = readTimetz(first(values));
      return moved(microseconds, zone, asBigint(second(values)));
    },
    emit: moveCode(({ code }, operands) => void pushAsI64(code, second(operands))),
  }),
];

const ofDate = hostFunction({
  key: "date.addTimetz", doc: "The instant of a date at a time with time zone",
  procedures: [{ oid: 1359, source: "datetimetz_timestamptz" }, { oid: 1297, source: "datetimetz_timestamptz" }],
  arguments: ["date", "opaque"], result: ([, time]) => (isTimetz(time) ? TIMESTAMPTZ : undefined),
  evaluate(values) {
    const midnight = timestampOfDate(asBigint(first(values)));
    if (isInfiniteTimestamp(midnight)) return midnight;
    const { microseconds, zone } = readTimetz(second(values));
    const instant = midnight + microseconds + zone * SECOND_MICROSECONDS;
    return isTimestamp(instant) ? instant : throwTemplate(dateBeyondTimestamps);
  },
  emit(emission, operands, _types, host) {
    const { code } = emission;
    const days = code.local("i64");
    const [microseconds, zone] = loadTimetz(emission, second(operands));
    // Two days from the ends no time of day leads beyond them; the host decides the others, and the infinite ones.
    const [least, most] = [TIMESTAMP_FIRST / DAY_MICROSECONDS + 2n, TIMESTAMP_END_DAY - 2n];
    pushAsI64(code, first(operands)).tee(days).i64(least).op("i64.sub").i64(most - least).op("i64.lt_u");
    code.if(["i64"], () => {
      code.get(days).i64(DAY_MICROSECONDS).op("i64.mul").get(microseconds).op("i64.add");
      code.get(zone).i64(SECOND_MICROSECONDS).op("i64.mul", "i64.add");
    }, host);
  },
});

export const timesWithZone: readonly ScalarFunction[] = [...casts, ...shifts, ...moves, ofDate];
