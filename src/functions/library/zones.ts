// Local times of instants and back in compiled code, over the table of a zone: zone_table.ts says what it does and why.
// Read next: zone_code.ts, which calls these.
import { ZoneHeader } from "#generated/layout.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { TIMESTAMP_END, TIMESTAMP_FIRST, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY } from "../calendar.js";
import type { LibraryFunction } from "../function.js";
import { DAY_SECONDS, ERA_SECONDS, SECOND_MICROSECONDS } from "../zone_table.js";
import { addDays, addMonths, readParts } from "./shifted_times.js";

/** (timestamp) -> seconds, rounded down */
const floorSeconds: LibraryFunction = {
  name: "floorSeconds",
  type: { parameters: ["i64"], results: ["i64"] },
  write(code) {
    const timestamp = code.parameter(0);
    code.get(timestamp).i64(SECOND_MICROSECONDS).op("i64.div_s");
    code.get(timestamp).i64(SECOND_MICROSECONDS).op("i64.rem_s").i64(63n).op("i64.shr_s", "i64.add");
  },
};

/** (seconds, table) -> by how many multiples of 400 years they are later than the years of the table, in seconds */
const secondsBeyond: LibraryFunction = {
  name: "secondsBeyond",
  type: { parameters: ["i64", "i32"], results: ["i64"] },
  write(code) {
    const [seconds, table] = [code.parameter(0), code.parameter(1)];
    const [from, before] = [code.local("i64"), code.local("i64")];
    code.get(table).load("i64.load", ZoneHeader.repeat_from).set(from);
    code.get(seconds, from).op("i64.ge_s").if([], () => {
      code.get(seconds, from).op("i64.sub").i64(ERA_SECONDS).op("i64.div_s").i64(1).op("i64.add");
      code.i64(ERA_SECONDS).op("i64.mul").return();
    });
    code.get(table).load("i64.load", ZoneHeader.repeat_before).set(before);
    code.get(seconds, before).op("i64.lt_s").if([], () => {
      code.get(before).i64(1).op("i64.sub").get(seconds).op("i64.sub").i64(ERA_SECONDS).op("i64.div_s").i64(1);
      code.op("i64.add").i64(-ERA_SECONDS).op("i64.mul").return();
    });
    code.i64(0);
  },
};

function pushBoundary(code: FunctionBuilder, table: Local, index: Local): FunctionBuilder {
  return code.get(table, index).i32(3).op("i32.shl", "i32.add").load("i64.load", ZoneHeader.SIZE);
}

/** The offset in the place of a number on the stack, as i64. */
function pushOffset(code: FunctionBuilder, table: Local): FunctionBuilder {
  code.i32(2).op("i32.shl").get(table).load("i32.load", ZoneHeader.count).i32(3).op("i32.shl", "i32.add");
  return code.get(table).op("i32.add").load("i64.load32_s", ZoneHeader.SIZE);
}

/** (seconds, table) -> how many boundaries are not later */
const boundariesPassed: LibraryFunction = {
  name: "boundariesPassed",
  type: { parameters: ["i64", "i32"], results: ["i32"] },
  write(code) {
    const [seconds, table] = [code.parameter(0), code.parameter(1)];
    const [low, high, middle] = [code.local("i32"), code.local("i32"), code.local("i32")];
    code.get(table).load("i32.load", ZoneHeader.count).set(high);
    code.block([], (found) => code.loop((again) => {
      code.get(low, high).op("i32.ge_u").brIf(found);
      code.get(low, high).op("i32.add").i32(1).op("i32.shr_u").set(middle);
      pushBoundary(code, table, middle).get(seconds).op("i64.le_s");
      code.if([], () => code.get(middle).i32(1).op("i32.add").set(low), () => code.get(middle).set(high));
      code.br(again);
    }));
    code.get(low);
  },
};

/** (table) -> the instant the transaction began */
export const transactionStart: LibraryFunction = {
  name: "transactionStart",
  type: { parameters: ["i32"], results: ["i64"] },
  write: (code) => void code.get(code.parameter(0)).load("i64.load", ZoneHeader.transaction_start),
};

/** (timestamp, table) -> offset in seconds */
export const zoneOffset: LibraryFunction = {
  name: "zoneOffset",
  type: { parameters: ["i64", "i32"], results: ["i64"] },
  write(code, library) {
    const [timestamp, table] = [code.parameter(0), code.parameter(1)];
    const [seconds, passed] = [code.local("i64"), code.local("i32")];
    code.get(timestamp).call(library(floorSeconds)).tee(seconds);
    code.get(seconds, table).call(library(secondsBeyond)).op("i64.sub");
    code.get(table).call(library(boundariesPassed)).tee(passed).op("i32.eqz");
    code.if([], () => code.get(table).load("i64.load32_s", ZoneHeader.first_offset).return());
    pushOffset(code.get(passed), table);
  },
};

/** (local timestamp, table) -> offset in seconds */
export const localOffset: LibraryFunction = {
  name: "localOffset",
  type: { parameters: ["i64", "i32"], results: ["i64"] },
  write(code, library) {
    const [local, table] = [code.parameter(0), code.parameter(1)];
    const [beyond, passed, boundary] = [code.local("i64"), code.local("i32"), code.local("i64")];
    const [before, after] = [code.local("i64"), code.local("i64")];
    code.get(local).call(library(floorSeconds)).tee(local).i64(DAY_SECONDS).op("i64.sub").tee(boundary);
    code.get(boundary, table).call(library(secondsBeyond)).tee(beyond).op("i64.sub");
    code.get(table).call(library(boundariesPassed)).set(passed);
    pushOffset(code.get(passed), table).set(before);
    code.get(passed).get(table).load("i32.load", ZoneHeader.count).op("i32.eq");
    code.if([], () => code.get(before).return());
    pushBoundary(code, table, passed).get(beyond).op("i64.add").set(boundary);
    pushOffset(code.get(passed).i32(1).op("i32.add"), table).set(after);
    code.get(local, before).op("i64.sub").get(boundary).op("i64.lt_s");
    code.get(local, after).op("i64.sub").get(boundary).op("i64.lt_s", "i32.and");
    code.if([], () => code.get(before).return());
    code.get(local, before).op("i64.sub").get(boundary).op("i64.gt_s");
    code.get(local, after).op("i64.sub").get(boundary).op("i64.ge_s", "i32.and");
    code.if([], () => code.get(after).return());
    code.get(before, after, after, before).op("i64.gt_s").select();
  },
};

function returnIfInfinite(code: FunctionBuilder, timestamp: Local): void {
  code.get(timestamp).i64(TIMESTAMP_INFINITY).op("i64.eq");
  code.get(timestamp).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or").if([], () => code.get(timestamp).return());
}

/** (timestamp, table) -> local time */
export const zoneLocal: LibraryFunction = {
  name: "zoneLocal",
  type: { parameters: ["i64", "i32"], results: ["i64"] },
  write(code, library) {
    const [timestamp, table] = [code.parameter(0), code.parameter(1)];
    returnIfInfinite(code, timestamp);
    code.get(timestamp, timestamp, table).call(library(zoneOffset)).i64(SECOND_MICROSECONDS).op("i64.mul", "i64.add");
  },
};

/** (local time, table) -> timestamp, which may be beyond all */
export const zoneInstant: LibraryFunction = {
  name: "zoneInstant",
  type: { parameters: ["i64", "i32"], results: ["i64"] },
  write(code, library) {
    const [local, table] = [code.parameter(0), code.parameter(1)];
    returnIfInfinite(code, local);
    code.get(local, local, table).call(library(localOffset)).i64(SECOND_MICROSECONDS).op("i64.mul", "i64.sub");
  },
};

/** Pushes whether a timestamp is neither infinite nor one PostgreSQL has. */
export function pushIsBeyond(code: FunctionBuilder, timestamp: Local): FunctionBuilder {
  code.get(timestamp).i64(TIMESTAMP_FIRST).op("i64.lt_s");
  code.get(timestamp).i64(TIMESTAMP_MINUS_INFINITY).op("i64.ne", "i32.and");
  code.get(timestamp).i64(TIMESTAMP_END).op("i64.ge_s");
  return code.get(timestamp).i64(TIMESTAMP_INFINITY).op("i64.ne", "i32.and", "i32.or");
}

/**
 * (timestamp, interval, tail, sign, table) -> (timestamp, whether it is right): months and days are added to the local
 * time, each time anew.
 */
export const shiftedInstant: LibraryFunction = {
  name: "shiftedInstant",
  type: { parameters: ["i64", "i32", "i32", "i64", "i32"], results: ["i64", "i32"] },
  write(code, library) {
    const [timestamp, sign, table] = [code.parameter(0), code.parameter(3), code.parameter(4)];
    const giveUp = (): void => void code.i64(0).i32(0).return();
    const parts = readParts(code, code.parameter(1), code.parameter(2), giveUp);
    for (const part of [parts.time, parts.days, parts.months]) code.get(part, sign).op("i64.mul").set(part);
    code.get(timestamp).i64(TIMESTAMP_INFINITY).op("i64.eq");
    code.get(timestamp).i64(TIMESTAMP_MINUS_INFINITY).op("i64.eq", "i32.or");
    code.if([], () => code.get(timestamp).i32(1).return());
    const locally = (part: Local, add: () => void): void => void code.get(part).op("i64.eqz", "i32.eqz").if([], () => {
      code.get(timestamp, table).call(library(zoneLocal)).set(timestamp);
      add();
      code.get(timestamp, table).call(library(zoneInstant)).set(timestamp);
      pushIsBeyond(code, timestamp).if([], giveUp);
    });
    locally(parts.months, () => addMonths(code, library, timestamp, parts.months));
    locally(parts.days, () => addDays(code, library, timestamp, parts.days));
    code.get(timestamp, parts.time).op("i64.add").tee(timestamp).i64(TIMESTAMP_FIRST).op("i64.lt_s");
    code.get(timestamp).i64(TIMESTAMP_END).op("i64.ge_s", "i32.or").if([], giveUp);
    code.get(timestamp).i32(1);
  },
};
