// 64 bits of what a row is ordered by, as one number: its keys' bits one behind the other, each with as many as its
// values need, turned so that an unsigned comparison of two numbers orders their rows, as far as they differ. How many
// bits values need is only known once all rows are there: the host writes the layout then, and another one for rows
// that tie, which begins where the first ends. No rows are compared here; read next: sort_module.ts,
// runtime/prefix_order.ts.
import { defined } from "#base/assert.js";
import { compareViews, pushViewBytes } from "#functions/library/bytes.js";
import { type LibraryFunction, shapeOf } from "#functions/function.js";
import { View } from "#generated/layout.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import { FunctionContext, GROUPS_VARIANT, type LoweredValue } from "./function_context.js";
import type { ModuleContext } from "./module_context.js";
import { readStored } from "./stored_column.js";
import type { RowOrder, StoredColumn, TablePlan } from "./table_plan.js";
import { viewOrder } from "./view_order.js";

/** What is ordered in place of a row. */
export const SortEntry = { prefix: 0, row: 8, SIZE: 12 } as const;

/** The layout in memory: the keys that take part, by the first and the last, then for each what is done to its bits. */
const LayoutField = { first: 0, last: 4, keys: 8 } as const;
const KeyField = {
  minus: 0, base: 8, flip: 16, drop: 24, shift: 32, hasFlag: 40, flagShift: 48, offset: 56, SIZE: 64,
} as const;
const fieldNames = ["minus", "base", "flip", "drop", "shift", "hasFlag", "flagShift", "offset"] as const;
type FieldName = (typeof fieldNames)[number];

/** Keys behind so many are compared: what ties up to there is rare. */
const KEYS_MAX = 64;
export const LAYOUT_BYTES_MAX = LayoutField.keys + KEYS_MAX * KeyField.SIZE;

const PREFIX_BITS = 64;
const SIGN = 1n << 63n;
const LEAST64 = -SIGN;
/** Of a string so many bytes stand in a prefix, and how many of them there are, one more when others follow. */
const STRING_BYTES = 7;
const COUNT_BITS = 4;
/** Strings alike for so long are compared instead. */
const OFFSET_MAX = 10 * STRING_BYTES;

/** Where a prefix begins: rows are alike up to there. */
export interface PrefixStart {
  readonly key: number;
  /** Into a string. */
  readonly offset: number;
  /** All rows have the key, or none has it. */
  readonly isSameNull: boolean;
}

export interface PrefixLayout {
  /** Its image in memory. */
  readonly words: readonly bigint[];
  /** Rows with equal prefixes are equal. */
  readonly isWhole: boolean;
  /** Where rows with equal prefixes, of which the last byte is given, may differ; undefined: they must be compared. */
  next(lastByte: number): PrefixStart | undefined;
}

export const firstPrefix: PrefixStart = { key: 0, offset: 0, isSameNull: false };

type Key = RowOrder["keys"][number];

interface KeyBits {
  readonly bits: number;
  /** What is taken off a value in order. */
  readonly base: bigint;
  /** 1: NaN, which stands below all values and is above them, goes to the top; of 128 bits the high ones count. */
  readonly minus: bigint;
  readonly isWhole: boolean;
}

interface PlacedKey extends KeyBits {
  readonly key: number;
  readonly taken: number;
  readonly hasFlag: boolean;
}

/** The keys in front of one that has no bits to give. */
function leadingKeys({ columns }: TablePlan, { keys }: RowOrder): readonly Key[] {
  const first = keys.findIndex(({ column }) => {
    const { type } = columnOf(columns, column);
    return shapeOf(type, false) === "view" && viewOrder(type) !== compareViews;
  });
  return keys.slice(0, Math.min(first < 0 ? keys.length : first, KEYS_MAX));
}

function columnOf(columns: readonly StoredColumn[], index: number): StoredColumn {
  return defined(columns[index], "a key's column");
}

/** `magnitude` bounds |value| over a column. Undefined when the keys from the start on have no bits to give. */
export function prefixLayout(
  plan: TablePlan, order: RowOrder, magnitude: (column: number) => number, start: PrefixStart,
): PrefixLayout | undefined {
  const placed: PlacedKey[] = [];
  let free = PREFIX_BITS;
  const leading = leadingKeys(plan, order).length;
  for (let key = start.key, isOpen = start.offset < OFFSET_MAX; isOpen && key < leading; key++) {
    const { column } = defined(order.keys[key], "a key");
    const stored = columnOf(plan.columns, column);
    const hasFlag = stored.nullBit !== undefined && !(key === start.key && start.isSameNull);
    const room = free - (hasFlag ? 1 : 0);
    if (room <= 0) break;
    const of = bitsOf(stored, stored.isMeasured ? magnitude(column) : Infinity);
    const taken = Math.min(of.bits, room);
    placed.push({ ...of, key, taken, hasFlag });
    free = room - taken;
    isOpen = of.isWhole && taken === of.bits;
  }
  const last = placed.at(-1);
  if (last === undefined) return undefined;
  const isLastWhole = last.isWhole && last.taken === last.bits;
  return {
    words: layoutWords(placed, order, start),
    isWhole: isLastWhole && last.key === order.keys.length - 1,
    next: (lastByte) => nextStart(start, last, defined(order.keys[last.key], "a key"), plan, lastByte),
  };
}

function nextStart(
  start: PrefixStart, { key, taken, bits, isWhole }: PlacedKey, { column, descending }: Key, { columns }: TablePlan,
  lastByte: number,
): PrefixStart | undefined {
  const following = { key: key + 1, offset: 0, isSameNull: false };
  if (taken < bits) return key === start.key && start.isSameNull ? undefined : { key, offset: 0, isSameNull: true };
  if (isWhole) return following;
  if (shapeOf(columnOf(columns, column).type, false) !== "view") return undefined;
  const most = (1 << COUNT_BITS) - 1;
  const count = descending ? most - (lastByte & most) : lastByte & most;
  if (count !== STRING_BYTES + 1) return following;
  return { key, offset: (key === start.key ? start.offset : 0) + STRING_BYTES, isSameNull: true };
}

function layoutWords(placed: readonly PlacedKey[], { keys }: RowOrder, start: PrefixStart): bigint[] {
  const last = defined(placed.at(-1), "a key").key;
  const words = [BigInt(start.key) | (BigInt(last) << 32n)];
  // Keys are at their places: those before the first have none.
  for (let skipped = 0; skipped < start.key * fieldNames.length; skipped++) words.push(0n);
  let at = placed.reduce((sum, { taken, hasFlag }) => sum + taken + (hasFlag ? 1 : 0), 0);
  for (const { key, bits, base, minus, taken, hasFlag } of placed) {
    const flagShift = hasFlag ? --at : 0;
    at -= taken;
    const flip = keys[key]?.descending === true ? (1n << BigInt(bits)) - 1n : 0n;
    const fields: Record<FieldName, bigint> = {
      minus, base, flip, drop: BigInt(bits - taken), shift: BigInt(at), hasFlag: hasFlag ? 1n : 0n,
      flagShift: BigInt(flagShift), offset: BigInt(key === start.key ? start.offset : 0),
    };
    words.push(...fieldNames.map((name) => fields[name]));
  }
  return words;
}

/** Numbers of so many bits and a sign are taken whole. */
const WHOLE_BITS_MAX = 62;

/** How many bits values below the magnitude have, without a sign. */
function bitsWithin(magnitude: number): number {
  let bits = 0;
  while (bits <= WHOLE_BITS_MAX && 2 ** bits < magnitude) bits++;
  return bits;
}

function bitsOf({ type }: StoredColumn, magnitude: number): KeyBits {
  const whole = { base: 0n, minus: 0n, bits: PREFIX_BITS, isWhole: true };
  const signed = (bits: number): KeyBits => ({ ...whole, base: SIGN - (1n << BigInt(bits)), bits: bits + 1 });
  const shape = shapeOf(type, false);
  switch (shape) {
    case "view": return { ...whole, bits: 8 * STRING_BYTES + COUNT_BITS, isWhole: false };
    case "f32": case "f64": return whole;
    case "i32": {
      const most = type.kind === "bool" ? 1 : type.kind === "int2" ? 15 : 31;
      return signed(Math.min(most, bitsWithin(magnitude)));
    }
    case "i64": case "i128": {
      const bits = bitsWithin(magnitude);
      if (bits <= WHOLE_BITS_MAX) return signed(bits);
      if (type.kind !== "decimal") return whole;
      return { ...whole, minus: 1n, isWhole: shape === "i64" };
    }
  }
}

/** (layout, first entry, end): writes the prefixes of their rows. */
export function emitPrefixes(module: ModuleContext, plan: TablePlan, order: RowOrder): void {
  const type = { parameters: ["i32", "i32", "i32"], results: [] } as const;
  module.builder.function(type, "prefixes", (code) => {
    const [layout, entry, end] = [code.parameter(0), code.parameter(1), code.parameter(2)];
    const context = new FunctionContext(code, module, GROUPS_VARIANT);
    const [prefix, row] = [code.local("i64"), code.local("i32")];
    code.loop((again) => {
      code.get(entry, end).op("i32.lt_u").if([], () => {
        code.i64(0).set(prefix).get(entry).load("i32.load", SortEntry.row).set(row);
        leadingKeys(plan, order).forEach((key, index) => {
          code.i32(index).get(layout).load("i32.load", LayoutField.first).op("i32.ge_u");
          code.i32(index).get(layout).load("i32.load", LayoutField.last).op("i32.le_u", "i32.and").if([], () => {
            const fields = LayoutField.keys + index * KeyField.SIZE;
            addKey(context, readStored(context, columnOf(plan.columns, key.column), row), key, prefix,
              (field) => void code.get(layout).load("i64.load", fields + KeyField[field]));
          });
        });
        code.get(entry, prefix).store("i64.store", SortEntry.prefix);
        code.get(entry).i32(SortEntry.SIZE).op("i32.add").set(entry).br(again);
      });
    });
  });
}

function addKey(
  context: FunctionContext, value: LoweredValue, { nullsFirst }: Key, prefix: Local, push: (field: FieldName) => void,
): void {
  const { code } = context;
  const { isNull } = value;
  const add = (): void => {
    code.get(prefix);
    pushOrdered(context, value, push);
    push("base");
    code.op("i64.sub");
    push("flip");
    code.op("i64.xor");
    push("drop");
    code.op("i64.shr_u");
    push("shift");
    code.op("i64.shl", "i64.or").set(prefix);
  };
  if (isNull === undefined) return add();
  code.get(prefix, isNull);
  if (nullsFirst) code.op("i32.eqz");
  code.op("i64.extend_i32_u");
  push("hasFlag");
  code.op("i64.and");
  push("flagShift");
  code.op("i64.shl", "i64.or").set(prefix);
  code.get(isNull).op("i32.eqz").if([], add);
}

/** Pushes bits that are in the order of values when they are compared without a sign. */
function pushOrdered(
  context: FunctionContext, { shape, parts, type }: LoweredValue, push: (field: FieldName) => void,
): void {
  const { code } = context;
  const [first, second] = [defined(parts[0], "a part"), parts[1]];
  switch (shape) {
    case "i32": return void code.get(first).op("i64.extend_i32_s").i64(LEAST64).op("i64.xor");
    case "i64": case "i128":
      if (second === undefined) code.get(first);
      else {
        code.get(second, first);
        push("minus");
        code.op("i32.wrap_i64").select();
      }
      if (type.kind === "decimal") {
        push("minus");
        code.op("i64.sub");
      }
      return void code.i64(LEAST64).op("i64.xor");
    case "f32": case "f64": return pushFloat(code, first);
    case "view": {
      const [bytes, left] = [code.local("i32"), code.local("i32")];
      pushViewBytes(code, first, defined(second, "a tail"));
      push("offset");
      code.op("i32.wrap_i64", "i32.add").set(bytes);
      code.get(first).load("i32.load", View.length);
      push("offset");
      code.op("i32.wrap_i64", "i32.sub").set(left);
      return void code.get(bytes, left).call(context.library(stringBits));
    }
  }
}

/** NaN is above all others, and both zeros are one. */
function pushFloat(code: FunctionBuilder, value: Local): void {
  const [wide, bits] = [code.local("f64"), code.local("i64")];
  code.get(value);
  if (value.type === "f32") code.op("f64.promote_f32");
  code.f64(0).op("f64.add").tee(wide).op("i64.reinterpret_f64").set(bits);
  code.i64(-1n).get(bits, bits).i64(63).op("i64.shr_s").i64(LEAST64).op("i64.or", "i64.xor");
  code.get(wide, wide).op("f64.ne").select();
}

/** (bytes, how many are left) -> the first ones, of which the very first counts most, and how many they are. */
const stringBits: LibraryFunction = {
  name: "stringBits",
  type: { parameters: ["i32", "i32"], results: ["i64"] },
  write(code) {
    const [bytes, left] = [code.parameter(0), code.parameter(1)];
    const [bits, at] = [code.local("i64"), code.local("i32")];
    code.i64(0).set(bits);
    code.get(left).i32(0).op("i32.le_s").if([], () => code.i64(0).return());
    code.get(left).i32(8).op("i32.ge_s").if([], () => {
      code.get(bytes).load("i64.load").set(bits);
      for (const [shift, mask] of [[8n, 0x00ff00ff00ff00ffn], [16n, 0x0000ffff0000ffffn]] as const) {
        code.get(bits).i64(shift).op("i64.shr_u").i64(mask).op("i64.and");
        code.get(bits).i64(mask).op("i64.and").i64(shift).op("i64.shl", "i64.or").set(bits);
      }
      code.get(bits).i64(32).op("i64.rotl").i64(8).op("i64.shr_u").i64(COUNT_BITS).op("i64.shl");
      code.i64(STRING_BYTES + 1).op("i64.or").return();
    });
    code.loop((again) => {
      code.get(at, left).op("i32.lt_s").if([], () => {
        code.get(bits).i64(8).op("i64.shl").get(bytes, at).op("i32.add").load("i64.load8_u").op("i64.or").set(bits);
        code.get(at).i32(1).op("i32.add").set(at).br(again);
      });
    });
    code.get(bits).i32(STRING_BYTES).get(left).op("i32.sub").i32(8).op("i32.mul", "i64.extend_i32_u", "i64.shl");
    code.i64(COUNT_BITS).op("i64.shl").get(left).op("i64.extend_i32_u", "i64.or");
  },
};
