// Group keys as 64-bit words: a key's words are equal exactly when SQL's grouping calls the keys equal, except long
// strings, whose second word is an address and whose bytes are compared. Read next: group_table.ts.
import { defined } from "#base/assert.js";
import type { Expression } from "#expr/expression.js";
import { type LibraryFunction, shapeOf } from "#functions/function.js";
import { widenDecimal } from "#functions/library/int128.js";
import { intervalDays } from "#functions/library/intervals.js";
import { NUMERIC_KEY_BYTES, numericKeyView, SMALL_NUMERIC, SMALL_NUMERIC_KEY, SMALL_NUMERIC_SHIFT } from
  "#functions/library/numerics.js";
import { Encoding } from "#generated/encodings.js";
import { VIEW_INLINE_BYTES, View } from "#generated/layout.js";
import { DECIMAL64_PRECISION_MAX, isPackedText } from "#types/encoding_of.js";
import type { EngineType } from "#types/engine_type.js";
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { ExpressionLowering } from "./expression_lowering.js";
import type { FunctionContext, LoweredValue } from "./function_context.js";
import type { PageSource } from "./page_source.js";

/**
 * - `words`: plain 64-bit words.
 * - `float`: a normalised word to compare (one zero, one NaN) and the image seen first.
 * - `short`: a view known to stay inline; its second word is zero when it has 4 bytes at most.
 * - `long`: a view whose bytes may stand in a tail; in the words its offset is an absolute address.
 *
 * Where equal values look different (numeric, interval), what is compared is computed from the value, whose own view
 * follows in two more words.
 */
export interface KeyPlan {
  readonly expression: Expression;
  readonly type: EngineType;
  readonly image: "words" | "float" | "short" | "long";
  /** Words that are compared, and words kept with the group. */
  readonly compared: number;
  readonly stored: number;
  /** Offset of the first word in the group's row. */
  readonly offset: number;
}

/** Keys of one null mask word; a group's row starts with as many words as its nullable keys need. */
export const NULL_MASK_KEYS = 64;

const VIEW_WORDS = 2;

/** UTF-8 needs up to so many bytes for a character of char(n). */
const BYTES_PER_CHARACTER = 4;

export function keyImage(type: EngineType): Pick<KeyPlan, "image" | "compared" | "stored"> {
  switch (type.kind) {
    case "float4":
    case "float8":
      return { image: "float", compared: 1, stored: 2 };
    case "decimal": {
      const words = type.precision <= DECIMAL64_PRECISION_MAX ? 1 : 2;
      return { image: "words", compared: words, stored: words };
    }
    case "bpchar": {
      const bytes = type.length * BYTES_PER_CHARACTER;
      if (bytes <= BYTES_PER_CHARACTER) return { image: "short", compared: 1, stored: 2 };
      return { image: bytes <= VIEW_INLINE_BYTES ? "short" : "long", compared: 2, stored: 2 };
    }
    case "text":
      return { image: "long", compared: 2, stored: 2 };
    case "numeric":
      return { image: "long", compared: 2, stored: 4 };
    case "interval":
      return { image: "words", compared: 2, stored: 4 };
    case "opaque":
      if (!type.byValue) return { image: "long", compared: 2, stored: 2 };
      return { image: "words", compared: 1, stored: 1 };
    default:
      return { image: "words", compared: 1, stored: 1 };
  }
}

/** Whether the value's own view stands behind the words that are compared. */
export function keepsValue({ compared, stored, image }: Pick<KeyPlan, "image" | "compared" | "stored">): boolean {
  return stored === compared + VIEW_WORDS && image !== "float";
}

/** How a value is kept that nothing is compared with. */
export function storedImage(type: EngineType): Pick<KeyPlan, "image" | "compared" | "stored"> {
  const key = keyImage(type);
  return keepsValue(key) ? { image: "long", compared: VIEW_WORDS, stored: VIEW_WORDS } : key;
}

/** A key of the current row: its words in locals. */
export interface LoweredKey {
  readonly plan: KeyPlan;
  readonly words: readonly Local[];
  readonly isNull: Local | undefined;
}

/** Computes a key's words; a NULL key has zero words and its bit in the row's null mask. */
export function lowerKey(
  context: FunctionContext,
  lowering: ExpressionLowering,
  source: PageSource | undefined,
  plan: KeyPlan,
): LoweredKey {
  const { code } = context;
  const packed = packedText(source, plan);
  if (packed !== undefined) return { plan, words: packed.words.slice(0, plan.stored), isNull: packed.isNull };
  const value = rawDecimal(source, plan) ?? lowering.lower(plan.expression);
  const words = Array.from({ length: plan.stored }, () => code.local("i64"));
  const assign = (): void => {
    if (keepsValue(plan)) return assignComputed(context, plan, value, words);
    pushWords(context, plan, value);
    context.setAll(words);
    if (plan.image === "long") absoluteAddress(code, value, words);
  };
  if (value.isNull === undefined) {
    assign();
  } else if (plan.image === "long" || keepsValue(plan)) {
    for (const word of words) code.i64(0).set(word);
    code.get(value.isNull).op("i32.eqz").if([], assign);
  } else {
    assign();
    for (const word of words) code.i64(0).get(word, value.isNull).select().set(word);
  }
  return { plan, words, isNull: value.isNull };
}

/** The words of a key that is computed from its value, then the value's view. */
function assignComputed(context: FunctionContext, plan: KeyPlan, value: LoweredValue, words: readonly Local[]): void {
  const { code } = context;
  const [view, tail] = [defined(value.parts[0], "a view"), defined(value.parts[1], "a tail")];
  if (plan.type.kind === "numeric") {
    assignNumericKey(context, value, words.slice(0, VIEW_WORDS));
  } else {
    code.get(view, tail).call(context.library(intervalDays));
    context.setAll(words.slice(0, VIEW_WORDS));
  }
  assignView(code, value, words.slice(VIEW_WORDS));
}

/** The view of a numeric's key; that of a small whole number needs no room. */
function assignNumericKey(context: FunctionContext, value: LoweredValue, words: readonly Local[]): void {
  const { code } = context;
  const [view, tail] = [defined(value.parts[0], "a view"), defined(value.parts[1], "a tail")];
  const [first, second] = [defined(words[0], "a word"), defined(words[1], "a second word")];
  code.get(view).load("i64.load").tee(first).i64((1n << SMALL_NUMERIC_SHIFT) - 1n).op("i64.and");
  code.i64(SMALL_NUMERIC).op("i64.eq").if([], () => {
    code.get(first).i64(SMALL_NUMERIC_SHIFT).op("i64.shr_u").set(second).i64(SMALL_NUMERIC_KEY).set(first);
  }, () => {
    const [bytes, none] = [code.local("i32"), code.local("i32")];
    code.get(view).load("i32.load").i32(NUMERIC_KEY_BYTES).op("i32.add").i32(-8).op("i32.and").set(bytes);
    const key = context.allocate(bytes);
    code.get(view, tail, key).call(context.library(numericKeyView)).i32(0).set(none);
    assignView(code, { ...value, parts: [key, none] }, words);
  });
}

function assignView(code: FunctionBuilder, value: LoweredValue, [first, second]: readonly Local[]): void {
  const view = defined(value.parts[0], "a view");
  const words = [defined(first, "a word"), defined(second, "a second word")] as const;
  code.get(view).load("i64.load").set(words[0]).get(view).load("i64.load", View.buffer).set(words[1]);
  absoluteAddress(code, value, words);
}

/** A column of packed text gives its words without becoming a view; those of NULL are zero. */
function packedText(
  source: PageSource | undefined,
  { expression }: KeyPlan,
): Pick<LoweredKey, "words" | "isNull"> | undefined {
  if (source === undefined || expression.kind !== "column") return undefined;
  const encoding = source.encoding(expression.index);
  if (encoding === undefined || !isPackedText(encoding)) return undefined;
  return source.packedWords(expression.index);
}

/** A decimal128 column as key is compared bit by bit: no page bound is needed to read it. */
function rawDecimal(source: PageSource | undefined, plan: KeyPlan): LoweredValue | undefined {
  if (source === undefined || !isRawDecimalKey(plan, (index) => source.encoding(index))) return undefined;
  return source.rawPair(plan.expression.kind === "column" ? plan.expression.index : 0);
}

export function isRawDecimalKey(
  plan: Pick<KeyPlan, "expression" | "stored">,
  encoding: (index: number) => Encoding | undefined,
): boolean {
  const { expression } = plan;
  return (
    expression.kind === "column" && plan.stored === 2 && encoding(expression.index) === Encoding.decimal128
  );
}

function pushWords(context: FunctionContext, plan: KeyPlan, value: LoweredValue): void {
  const { code } = context;
  const [first] = value.parts;
  switch (value.shape) {
    case "i32":
      code.get(...value.parts).op("i64.extend_i32_s");
      return;
    case "i64":
      code.get(...value.parts);
      if (plan.stored === 1) return;
      if (!context.narrow) code.call(context.library(widenDecimal));
      else
        code
          .get(...value.parts)
          .i64(63)
          .op("i64.shr_s");
      return;
    case "i128":
      code.get(...value.parts);
      return;
    case "f32":
    case "f64":
      pushFloatWords(code, defined(first, "a float"), value.shape);
      return;
    case "view":
      code.get(defined(first, "a view")).load("i64.load");
      if (plan.compared === 1) code.i64(0);
      else code.get(defined(first, "a view")).load("i64.load", View.buffer);
  }
}

function pushFloatWords(code: FunctionBuilder, value: Local, shape: "f32" | "f64"): void {
  const bits = code.local("i64");
  code.get(value);
  if (shape === "f32") code.op("i32.reinterpret_f32", "i64.extend_i32_u");
  else code.op("i64.reinterpret_f64");
  code.set(bits);
  // Zero of either sign groups as 0; NaN of any payload as all ones, which no number is.
  code.i64(0).get(bits).get(value);
  if (shape === "f32") code.f32(0).op("f32.eq");
  else code.f64(0).op("f64.eq");
  code.select().i64(-1n).get(value, value).op(`${shape}.eq`).select();
  code.get(bits);
}

/** Turns the second word of a view longer than it can hold into an absolute address in its upper half. */
function absoluteAddress(code: FunctionBuilder, view: LoweredValue, words: readonly Local[]): void {
  const [address, tail] = [defined(view.parts[0], "a view"), defined(view.parts[1], "a tail")];
  const second = defined(words[1], "a second word");
  code.get(address).load("i32.load").i32(VIEW_INLINE_BYTES).op("i32.gt_u");
  code.if([], () => {
    code.get(address).load("i32.load", View.offset).get(tail).op("i32.add");
    code.op("i64.extend_i32_u").i64(32).op("i64.shl").set(second);
  });
}

/** Pushes 1 when a long key's words say that its bytes stand elsewhere. */
export function pushIsLong(code: FunctionBuilder, firstWord: Local): void {
  code.get(firstWord).op("i32.wrap_i64").i32(VIEW_INLINE_BYTES).op("i32.gt_u");
}

const MIX = 0x9e3779b97f4a7c15n;

/** h = (h ^ word) folded onto its low half, times an odd constant: the upper half then depends on every bit. */
function mixWord(code: FunctionBuilder, hash: Local, pushWord: () => void): void {
  code.get(hash);
  pushWord();
  code.op("i64.xor").tee(hash).get(hash).i64(32).op("i64.shr_u", "i64.xor").i64(MIX).op("i64.mul").set(hash);
}

/** (address, length) -> a hash of the bytes, eight at a time. */
const hashBytes: LibraryFunction = {
  name: "hashBytes",
  type: { parameters: ["i32", "i32"], results: ["i64"] },
  write(code) {
    const [address, length] = [code.parameter(0), code.parameter(1)];
    const hash = code.local("i64");
    code.get(length).op("i64.extend_i32_u").set(hash);
    const step = (bytes: number, again: Parameters<FunctionBuilder["br"]>[0]): void => {
      mixWord(
        code,
        hash,
        () => void (bytes === 8 ? code.get(address).load("i64.load") : code.get(address).load("i64.load8_u")),
      );
      code
        .get(address)
        .i32(bytes)
        .op("i32.add")
        .set(address)
        .get(length)
        .i32(bytes)
        .op("i32.sub")
        .set(length)
        .br(again);
    };
    for (const bytes of [8, 1]) {
      code.loop((again) => {
        code
          .get(length)
          .i32(bytes)
          .op("i32.ge_u")
          .if([], () => step(bytes, again));
      });
    }
    code.get(hash);
  },
};

/** The 32-bit hash of the row's keys, in a local. */
export function hashKeys(
  context: FunctionContext,
  keys: readonly LoweredKey[],
  nulls: readonly Local[],
): Local {
  const { code } = context;
  const [hash, hash32] = [code.local("i64"), code.local("i32")];
  code.i64(0).set(hash);
  nulls.forEach((mask) => mixWord(code, hash, () => void code.get(mask)));
  for (const { plan, words } of keys) {
    words.slice(0, plan.compared).forEach((word, index) => {
      if (plan.image !== "long" || index === 0) {
        mixWord(code, hash, () => void code.get(word));
        return;
      }
      mixWord(code, hash, () => {
        pushIsLong(code, defined(words[0], "a first word"));
        code.if(
          ["i64"],
          () => {
            code.get(word).i64(32).op("i64.shr_u", "i32.wrap_i64");
            code.get(defined(words[0], "a first word")).op("i32.wrap_i64").call(context.library(hashBytes));
          },
          () => code.get(word),
        );
      });
    });
  }
  // The lower bits choose the place. Folded once more they depend on all others: keys in steps would crowd otherwise
  // (the orders of TPC-H took five looks at the directory each, now 1.3).
  code.get(hash).i64(32).op("i64.shr_u", "i32.wrap_i64").tee(hash32).get(hash32).i32(16).op("i32.shr_u", "i32.xor");
  code.set(hash32);
  return hash32;
}

/** A key of a group read back, with `row` the group's address. */
export function readKey(
  context: FunctionContext,
  plan: KeyPlan,
  index: number,
  row: Local,
  nullable: boolean,
): LoweredValue {
  const { code } = context;
  const shape = shapeOf(plan.type, context.narrow);
  const word = (place: number): void => void code.get(row).load("i64.load", plan.offset + 8 * place);
  switch (shape) {
    case "i32":
      word(0);
      code.op("i32.wrap_i64");
      break;
    case "f32":
      word(1);
      code.op("i32.wrap_i64", "f32.reinterpret_i32");
      break;
    case "f64":
      word(1);
      code.op("f64.reinterpret_i64");
      break;
    case "i64":
      word(0);
      break;
    case "i128":
      word(0);
      word(1);
      break;
    case "view":
      code.get(row).i32(plan.offset + (keepsValue(plan) ? 8 * plan.compared : 0)).op("i32.add").i32(0);
  }
  const parts = context.take(shape);
  if (!nullable) return { type: plan.type, shape, parts, isNull: undefined };
  const isNull = code.local("i32");
  code
    .get(row)
    .load("i64.load", 8 * Math.floor(index / NULL_MASK_KEYS))
    .i64(index % NULL_MASK_KEYS)
    .op("i64.shr_u", "i32.wrap_i64")
    .i32(1)
    .op("i32.and")
    .set(isNull);
  return { type: plan.type, shape, parts, isNull };
}
