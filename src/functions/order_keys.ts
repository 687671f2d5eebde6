// Carried types in an order the engine has: a key of each value that is ordered as PostgreSQL orders the values, and
// the value of a key. Of timetz a number that holds its instant and, where those are equal, its zone; of enums the rank
// of the value in a table that comes with each execution; of names their characters. Keys of texts come with the scans.
// Next: optimizer/order_keys.ts.
import { View } from "#generated/layout.js";
import { type EngineType, INT4, INT8, isSameType, NAME, OID, TEXT, TIMETZ } from "#types/engine_type.js";
import type { Local } from "#wasm/function_builder.js";
import { EnumTable } from "./enum_table.js";
import type { Emission, LibraryFunction, Operand, Present, ScalarFunction } from "./function.js";
import { emitMadeView } from "./host_function.js";
import { pushViewBytes } from "./library/bytes.js";
import { writeView } from "./library/views.js";
import { asBigint, asBytes, first, push, second, viewParts } from "./operand.js";
import { isTableType } from "./parameter_tables.js";
import { emitTimetz, loadTimetz, readTimetz, writeTimetz } from "./timetz_image.js";

interface Listed {
  readonly key: string;
  readonly doc: string;
  readonly argument: EngineType;
  readonly result: EngineType;
  /** A second argument tells the order. */
  readonly withTable?: boolean;
  readonly evaluate: (values: readonly Present[]) => Present;
  readonly emit: (emission: Emission, operands: readonly Operand[]) => void;
}

const listed = ({ argument, result, withTable = false, ...rest }: Listed): ScalarFunction => ({
  ...rest,
  procedures: [],
  resultType([value, table, ...more]) {
    const fits = value !== undefined && isSameType(value, argument) && more.length === 0;
    return fits && (withTable ? isTableType(table) : table === undefined) ? result : undefined;
  },
  mayFail: () => false,
});

/** Zones are less than 2^17 seconds, and instants less than 2^38 microseconds. */
const ZONE_BITS = 18n;
const ZONE_HALF = 1n << 17n;
const SECOND = 1_000_000n;

const timetz: readonly ScalarFunction[] = [
  listed({
    key: "timetz.key", doc: "A number ordered as times with time zone are", argument: TIMETZ, result: INT8,
    evaluate(values) {
      const { microseconds, zone } = readTimetz(first(values));
      return BigInt.asIntN(64, ((microseconds + zone * SECOND) << ZONE_BITS) + zone + ZONE_HALF);
    },
    emit(emission, operands) {
      const [microseconds, zone] = loadTimetz(emission, first(operands));
      emission.code.get(microseconds, zone).i64(SECOND).op("i64.mul", "i64.add").i64(ZONE_BITS).op("i64.shl");
      emission.code.get(zone).op("i64.add").i64(ZONE_HALF).op("i64.add");
    },
  }),
  listed({
    key: "timetz.ofKey", doc: "The time with time zone that has the number", argument: INT8, result: TIMETZ,
    evaluate(values) {
      const key = asBigint(first(values));
      const zone = (key & (2n * ZONE_HALF - 1n)) - ZONE_HALF;
      return writeTimetz({ microseconds: BigInt.asIntN(64, (key >> ZONE_BITS) - zone * SECOND), zone });
    },
    emit(emission, operands) {
      const { code } = emission;
      const zone = code.local("i64");
      push(code, first(operands)).i64(2n * ZONE_HALF - 1n).op("i64.and").i64(ZONE_HALF).op("i64.sub").set(zone);
      emitTimetz(emission, () => {
        push(code, first(operands)).i64(ZONE_BITS).op("i64.shr_s").get(zone).i64(SECOND).op("i64.mul", "i64.sub");
      }, () => void code.get(zone));
    },
  }),
];

/** (oid, table) -> rank */
const enumRank: LibraryFunction = {
  name: "enumRank",
  type: { parameters: ["i32", "i32"], results: ["i32"] },
  write(code) {
    const [oid, table] = [code.parameter(0), code.parameter(1)];
    const [low, high, middle, at] = [code.local("i32"), code.local("i32"), code.local("i32"), code.local("i32")];
    code.get(table).load("i32.load").set(high);
    code.block([], (end) => code.loop((again) => {
      code.get(low, high).op("i32.ge_u").brIf(end);
      code.get(low, high).op("i32.add").i32(1).op("i32.shr_u").tee(middle).i32(3).op("i32.shl");
      code.get(table).op("i32.add").set(at);
      code.get(at).load("i32.load", 4).get(oid).op("i32.eq").if([], () => code.get(at).load("i32.load", 8).return());
      code.get(at).load("i32.load", 4).get(oid).op("i32.lt_u");
      code.if([], () => code.get(middle).i32(1).op("i32.add").set(low), () => code.get(middle).set(high));
      code.br(again);
    }));
    code.get(table).load("i32.load");
  },
};

/** Sets a local to the address of a table. */
function tableAt({ code }: Emission, table: Operand): Local {
  const at = code.local("i32");
  pushViewBytes(code, ...viewParts(table));
  code.set(at);
  return at;
}

const enums: readonly ScalarFunction[] = [
  listed({
    key: "enum.rank", doc: "The place of a value in its enum's order", argument: OID, result: INT4, withTable: true,
    evaluate: (values) =>
      BigInt(new EnumTable(asBytes(second(values))).rankOf(Number(BigInt.asUintN(32, asBigint(first(values)))))),
    emit(emission, operands) {
      const table = tableAt(emission, second(operands));
      push(emission.code, first(operands)).get(table).call(emission.library(enumRank));
    },
  }),
  listed({
    key: "enum.ofRank", doc: "The value in a place of an enum's order", argument: INT4, result: OID, withTable: true,
    evaluate: (values) =>
      BigInt.asIntN(32, BigInt(new EnumTable(asBytes(second(values))).oidAt(Number(asBigint(first(values)))))),
    emit(emission, operands) {
      const { code } = emission;
      const [table, count] = [tableAt(emission, second(operands)), code.local("i32")];
      push(code, first(operands)).get(table).load("i32.load").tee(count).op("i32.lt_u");
      code.if(["i32"], () => {
        push(code.get(table), first(operands)).get(count).i32(1).op("i32.shl", "i32.add").i32(2).op("i32.shl");
        code.op("i32.add").load("i32.load", 4);
      }, () => code.i32(0));
    },
  }),
];

const names: readonly ScalarFunction[] = [
  listed({
    key: "name.text", doc: "The characters of a name", argument: NAME, result: TEXT,
    evaluate(values) {
      const bytes = asBytes(first(values));
      const end = bytes.indexOf(0);
      return end < 0 ? bytes : bytes.slice(0, end);
    },
    emit(emission, operands) {
      emitMadeView(emission, View.SIZE, (room) => {
        const { code } = emission;
        const [bytes, length] = [code.local("i32"), code.local("i32")];
        pushViewBytes(code, ...viewParts(first(operands)));
        code.set(bytes).i32(0).set(length);
        code.block([], (end) => code.loop((again) => {
          code.get(length).i32(NAME.width).op("i32.ge_u").brIf(end);
          code.get(bytes, length).op("i32.add").load("i32.load8_u").op("i32.eqz").brIf(end);
          code.get(length).i32(1).op("i32.add").set(length).br(again);
        }));
        code.get(room, bytes, length).call(emission.library(writeView));
      });
    },
  }),
];

const texts: readonly ScalarFunction[] = [
  listed({
    key: "text.ofKey", doc: "The text that a key of a scan's belongs to: what stands behind its zero",
    argument: TEXT, result: { kind: "text", byteOrder: false },
    evaluate(values) {
      const bytes = asBytes(first(values));
      const zero = bytes.indexOf(0);
      return bytes.slice(zero < 0 ? bytes.length : zero + 1);
    },
    emit(emission, operands) {
      emitMadeView(emission, View.SIZE, (room) => {
        const { code } = emission;
        const [at, end] = [code.local("i32"), code.local("i32")];
        const operand = viewParts(first(operands));
        pushViewBytes(code, ...operand);
        code.tee(at).get(operand[0]).load("i32.load", View.length).op("i32.add").set(end);
        code.block([], (found) => code.loop((again) => {
          code.get(at, end).op("i32.ge_u").brIf(found);
          code.get(at).load("i32.load8_u").get(at).i32(1).op("i32.add").set(at).op("i32.eqz").brIf(found);
          code.br(again);
        }));
        code.get(room, at, end, at).op("i32.sub").call(emission.library(writeView));
      });
    },
  }),
];

export const orderKeyFunctions: readonly ScalarFunction[] = [...timetz, ...enums, ...names, ...texts];
