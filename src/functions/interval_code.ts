// Code for the functions of interval_arithmetic.ts, over library/shifted_times.ts. What those do not decide is the
// host's.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import {
  DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_END_DAY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY,
} from "./calendar.js";
import type { Emission, LibraryFunction, Operand } from "./function.js";
import { type EmitOrHost, emitMadeView, emitView } from "./host_function.js";
import { DAY_MICROSECONDS } from "./interval_image.js";
import { pushViewBytes } from "./library/bytes.js";
import { timeOfDay } from "./library/calendar.js";
import {
  INTERVAL_ROOM, intervalOfTime, intervalSum, negatedInterval, scaledInterval, shiftedTimestamp, timestampAge,
  timestampDifference,
} from "./library/shifted_times.js";
import { first, push, pushAsI64, second, viewParts } from "./operand.js";

/** Pushes a date as a timestamp, and whether it has one. */
function pushMidnight({ code }: Emission, date: Operand): void {
  const [days, known] = [code.local("i64"), code.local("i32")];
  pushAsI64(code, date).tee(days).i64(TIMESTAMP_END_DAY).op("i64.lt_s");
  code.get(days).i64(DATE_INFINITY).op("i64.eq", "i32.or").set(known);
  code.get(days).i64(DAY_MICROSECONDS).op("i64.mul");
  code.i64(TIMESTAMP_INFINITY).get(days).i64(DATE_INFINITY).op("i64.ne").select();
  code.i64(TIMESTAMP_MINUS_INFINITY).get(days).i64(DATE_MINUS_INFINITY).op("i64.ne").select().get(known);
}

/** A date or timestamp and an interval. */
export const shiftCode = (kind: "date" | "timestamp", sign: 1 | -1): EmitOrHost =>
  (emission, operands, _types, host) => {
    const { code } = emission;
    const [start, known] = [code.local("i64"), code.local("i32")];
    if (kind === "date") {
      pushMidnight(emission, first(operands));
      code.set(known).set(start);
    } else {
      push(code, first(operands)).set(start).i32(1).set(known);
    }
    push(code.get(start), second(operands)).i64(sign).call(emission.library(shiftedTimestamp));
    code.get(known).op("i32.and").set(known).set(start);
    code.get(known).if(["i64"], () => code.get(start), host);
  };

/** The operands, then the room; the library function says whether it made the interval. */
const made = (callee: LibraryFunction, pushOperands: (emission: Emission, operands: readonly Operand[]) => void):
  EmitOrHost => (emission, operands, _types, host) => emitView(emission, INTERVAL_ROOM, host, (room) => {
  pushOperands(emission, operands);
  emission.code.get(room).call(emission.library(callee));
});

function pushAll({ code }: Emission, operands: readonly Operand[]): void {
  for (const operand of operands) push(code, operand);
}

const sum = (sign: 1 | -1): EmitOrHost => made(intervalSum, (emission, operands) => {
  pushAll(emission, operands);
  emission.code.i64(sign);
});

export const intervalCode = {
  add: sum(1),
  subtract: sum(-1),
  negate: made(negatedInterval, pushAll),
  multiply: made(scaledInterval, pushAll),
  multiplied: made(scaledInterval, ({ code }, operands) => void push(push(code, second(operands)), first(operands))),
} satisfies Record<string, EmitOrHost>;

/** An interval of the microseconds the caller pushes. */
const ofMicroseconds = (pushTime: (emission: Emission, operands: readonly Operand[]) => void): EmitOrHost =>
  (emission, operands) => emitMadeView(emission, INTERVAL_ROOM, (room) => {
    pushTime(emission, operands);
    emission.code.get(room).call(emission.library(intervalOfTime));
  });

/** The microseconds of an interval, and whether it is surely finite: its ends stand for infinity. */
export function loadIntervalTime(code: FunctionBuilder, interval: Operand): readonly [time: Local, known: Local] {
  const [bytes, time, known] = [code.local("i32"), code.local("i64"), code.local("i32")];
  pushViewBytes(code, ...viewParts(interval));
  code.tee(bytes).load("i64.load32_s", 12).i64(1).op("i64.add", "i64.extend32_s").i64(-(2n ** 31n)).op("i64.ne");
  code.get(bytes).load("i64.load32_s", 12).i64(-(2n ** 31n)).op("i64.ne", "i32.and").set(known);
  code.get(bytes).load("i64.load").set(time);
  return [time, known];
}

/** A time of day and the time of an interval: midnight at its end is midnight at its start. */
const shiftedTime = (word: "i64.add" | "i64.sub"): EmitOrHost => (emission, operands, _types, host) => {
  const { code } = emission;
  const [by, known] = loadIntervalTime(code, second(operands));
  code.get(known).if(["i64"], () => {
    push(code, first(operands)).get(by).op(word).call(emission.library(timeOfDay));
  }, host);
};

export const timeCode = {
  difference: made(timestampDifference, pushAll),
  age: made(timestampAge, pushAll),
  timeDifference: ofMicroseconds(({ code }, operands) =>
    void push(push(code, first(operands)), second(operands)).op("i64.sub")),
  timeAsInterval: ofMicroseconds(pushAll),
  addInterval: shiftedTime("i64.add"),
  subtractInterval: shiftedTime("i64.sub"),
  dateAndTime(emission, operands, _types, host) {
    const { code } = emission;
    const [midnight, known] = [code.local("i64"), code.local("i32")];
    pushMidnight(emission, first(operands));
    code.set(known).set(midnight);
    // Infinite ones stay; times of day lead past the last timestamp from its last day alone.
    code.get(known).get(midnight).i64(TIMESTAMP_INFINITY).op("i64.ne", "i32.and");
    code.get(midnight).i64(TIMESTAMP_MINUS_INFINITY).op("i64.ne", "i32.and");
    code.get(midnight).i64((TIMESTAMP_END_DAY - 1n) * DAY_MICROSECONDS).op("i64.lt_s", "i32.and");
    code.if(["i64"], () => push(code.get(midnight), second(operands)).op("i64.add"), host);
  },
} satisfies Record<string, EmitOrHost>;
