// Images of numeric as PostgreSQL stores them, without the varlena header: read as a number with its own display scale
// or one of the special values, and written the same way make_result() does. Order and equality look through the
// display scale. Compiled code has its own comparison: library/numerics.ts.
import { sqlError } from "#base/errors.js";
import { assert } from "#base/assert.js";

/** coefficient / 10^scale, showing `scale` places. */
export interface NumericNumber {
  readonly coefficient: bigint;
  readonly scale: number;
}

export type SpecialNumeric = "NaN" | "Infinity" | "-Infinity";
export type Numeric = NumericNumber | SpecialNumeric;

const FORM_MASK = 0xc000;
const SHORT_FORM = 0x8000;
const SPECIAL_FORM = 0xc000;
const SHORT_NEGATIVE = 0x2000;
const LONG_NEGATIVE = 0x4000;

const specialHeaders: Readonly<Record<SpecialNumeric, number>> = { NaN: 0xc000, Infinity: 0xd000, "-Infinity": 0xf000 };

/** Of the short form. */
const SHORT_SCALE_MAX = 63;
const SHORT_WEIGHT_MIN = -64;
const SHORT_WEIGHT_MAX = 63;
/** Of any image. */
const SCALE_MAX = 0x3fff;
const WEIGHT_MAX = 0x7fff;

const BASE = 10_000;
const BIG_BASE = 10_000n;
/** Below it a number takes another group and stays exact. */
const EXACT_MAX = Math.floor(Number.MAX_SAFE_INTEGER / BASE);
/** Decimal digits of a stored one. */
const GROUP_DIGITS = 4;

export function isSpecial(value: Numeric): value is SpecialNumeric {
  return typeof value === "string";
}

/** Where the digits begin, for an image of at least two bytes. */
interface Header {
  readonly negative: boolean;
  readonly scale: number;
  readonly weight: number;
  readonly digitsAt: number;
}

const powers: bigint[] = [1n];

/** 10^exponent, from a table. */
export function tenTo(exponent: number): bigint {
  for (let last = powers.length - 1; last < exponent && exponent < POWERS_KEPT; last++)
    powers.push((powers[last] ?? 1n) * 10n);
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

/** Powers most numerics come along with. */
const POWERS_KEPT = 256;

function word(image: Uint8Array, at: number): number {
  return (image[at] ?? 0) | ((image[at + 1] ?? 0) << 8);
}

function headerOf(image: Uint8Array): Header | SpecialNumeric {
  const header = word(image, 0);
  if ((header & FORM_MASK) === SPECIAL_FORM) {
    if (header === specialHeaders.NaN) return "NaN";
    return header === specialHeaders.Infinity ? "Infinity" : "-Infinity";
  }
  if ((header & FORM_MASK) === SHORT_FORM) {
    const weight = header & 0x3f;
    return {
      negative: (header & SHORT_NEGATIVE) !== 0,
      scale: (header >> 7) & SHORT_SCALE_MAX,
      weight: (header & 0x40) === 0 ? weight : weight - 64,
      digitsAt: 2,
    };
  }
  const negative = (header & FORM_MASK) === LONG_NEGATIVE;
  return { negative, scale: header & SCALE_MAX, weight: (word(image, 2) << 16) >> 16, digitsAt: 4 };
}

/** The value of an image. */
export function readNumeric(image: Uint8Array): Numeric {
  assert(image.length >= 2 && image.length % 2 === 0, "an image of numeric");
  const header = headerOf(image);
  if (typeof header === "string") return header;
  const groups = (image.length - header.digitsAt) / 2;
  let [small, at] = [0, header.digitsAt];
  for (; at < image.length && small < EXACT_MAX; at += 2) small = small * BASE + word(image, at);
  let digits = BigInt(small);
  for (; at < image.length; at += 2) digits = digits * BIG_BASE + BigInt(word(image, at));
  // The last group stands for 10000^(weight - groups + 1); the scale reaches at least as far as its digits.
  const exponent = (header.weight - groups + 1) * GROUP_DIGITS + header.scale;
  const scaled = exponent >= 0 ? digits * tenTo(exponent) : digits / tenTo(-exponent);
  return { coefficient: header.negative ? -scaled : scaled, scale: header.scale };
}

/** Digits of a magnitude to the base of 10000, highest first, and the power the first stands for. */
export interface Groups {
  readonly digits: readonly number[];
  readonly weight: number;
}

/** Without zeros at either end. */
export function groupsOf({ coefficient, scale }: NumericNumber): Groups {
  const fraction = Math.ceil(scale / GROUP_DIGITS);
  let rest = (coefficient < 0n ? -coefficient : coefficient) * tenTo(fraction * GROUP_DIGITS - scale);
  const digits: number[] = [];
  for (; rest > Number.MAX_SAFE_INTEGER; rest /= BIG_BASE) digits.push(Number(rest % BIG_BASE));
  for (let small = Number(rest); small > 0; small = Math.floor(small / BASE)) digits.push(small % BASE);
  const weight = digits.length - 1 - fraction;
  const first = digits.findIndex((digit) => digit !== 0);
  return { digits: digits.slice(Math.max(0, first)).reverse(), weight: digits.length === 0 ? 0 : weight };
}

/** The image of a value. */
export function writeNumeric(value: Numeric): Uint8Array {
  if (isSpecial(value)) {
    const header = specialHeaders[value];
    return Uint8Array.of(header & 0xff, header >> 8);
  }
  const { digits, weight } = groupsOf(value);
  const { coefficient, scale } = value;
  if (weight > WEIGHT_MAX || scale > SCALE_MAX) throw sqlError("22003", "value overflows numeric format");
  const isShort = scale <= SHORT_SCALE_MAX && weight >= SHORT_WEIGHT_MIN && weight <= SHORT_WEIGHT_MAX;
  const start = isShort ? 2 : 4;
  const image = new Uint8Array(start + 2 * digits.length);
  const put = (at: number, value: number): void => {
    image[at] = value & 0xff;
    image[at + 1] = (value >> 8) & 0xff;
  };
  const negative = coefficient < 0n;
  if (isShort) {
    const sign = negative ? SHORT_NEGATIVE : 0;
    put(0, SHORT_FORM | sign | (scale << 7) | (weight < 0 ? 0x40 : 0) | (weight & 0x3f));
  } else {
    put(0, (negative ? LONG_NEGATIVE : 0) | scale);
    put(2, weight);
  }
  digits.forEach((digit, index) => put(start + 2 * index, digit));
  return image;
}

const specialOrder: Readonly<Record<SpecialNumeric, number>> = { "-Infinity": -1, Infinity: 1, NaN: 2 };

/** Negative, zero or positive; NaN is above all and equal to itself. */
export function orderNumerics(a: Numeric, b: Numeric): number {
  if (isSpecial(a) || isSpecial(b))
    return (isSpecial(a) ? specialOrder[a] : 0) - (isSpecial(b) ? specialOrder[b] : 0);
  const scale = Math.max(a.scale, b.scale);
  const [x, y] = [lifted(a, scale), lifted(b, scale)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** The coefficient at a scale at least the number's own. */
export function lifted({ coefficient, scale }: NumericNumber, to: number): bigint {
  return to === scale ? coefficient : coefficient * tenTo(to - scale);
}

/** A text that two images share exactly when their values are equal. */
export function numericKey(image: Uint8Array): string {
  const value = readNumeric(image);
  if (isSpecial(value)) return value;
  const { digits, weight } = groupsOf(value);
  return `${value.coefficient < 0n ? "-" : "+"}${weight}:${digits.join(".")}`;
}

/** As numeric_out shows it. */
export function numericText(value: Numeric): string {
  if (isSpecial(value)) return value;
  const { coefficient, scale } = value;
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  const shown = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return coefficient < 0n ? `-${shown}` : shown;
}
