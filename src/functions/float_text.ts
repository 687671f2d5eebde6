// Floats as texts: the shortest digits that name the number, or so many as extra_float_digits says. Holds no functions
// of SQL: those are texts_of_values.ts's. Read next: session_formats.ts.
import { assert } from "#base/assert.js";

/** Digits without trailing zeros, the first of which counts 10^exponent. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

interface FloatForm {
  /** Bits of the fraction, and the exponent of the least number there is. */
  readonly bits: number;
  readonly least: number;
  /** Decimal digits that every such number keeps. */
  readonly precision: number;
  /** Numbers from 10^this on are written with an exponent. */
  readonly fixedEnd: number;
}

const forms: Readonly<Record<"float4" | "float8", FloatForm>> = {
  float4: { bits: 24, least: -149, precision: 6, fixedEnd: 6 },
  float8: { bits: 53, least: -1074, precision: 15, fixedEnd: 15 },
};

/** Smaller numbers are written with an exponent. */
const FIXED_FIRST = -4;
/** Whole numbers of float8 below are exact, and so are their ends: JavaScript's shortest digits are PostgreSQL's. */
const WHOLE_END = 2 ** 53;
/** More than two numbers of 53 bits and of 16 digits can have in common without being equal. */
const PLACES_THAT_TELL = 60;

/** "1.25e+3" as digits and exponent. */
function parsed(text: string): Decimal {
  const [, head = "", tail = "", exponent = ""] = /^(\d)\.?(\d*)e([-+]\d+)$/.exec(text) ?? [];
  return { digits: (head + tail).replace(/(?<=.)0+$/, ""), exponent: Number(exponent) };
}

/** A positive float as whole number and power of two. */
function partsOf(value: number, { bits, least }: FloatForm): readonly [mantissa: bigint, exponent: number] {
  const above = Math.max(least, Math.floor(Math.log2(value)) - bits + 1);
  // The logarithm is rounded: the exponent may be one too high or too low.
  for (let exponent = Math.max(least, above - 1); exponent <= above + 1; exponent++) {
    const mantissa = exponent < -1000 ? value * 2 ** 1000 * 2 ** (-exponent - 1000) : value / 2 ** exponent;
    if (mantissa < 2 ** bits) return [BigInt(mantissa), exponent];
  }
  assert(false, "a float of this form");
}

/**
 * The number of fewest digits between the middles to the two neighbours, neither of which counts, and of those the one
 * nearest. Units of a power of ten are taken together by tens for as long as there is a multiple in between.
 */
function shortestBetween(value: number, form: FloatForm): Decimal {
  const [mantissa, exponent] = partsOf(value, form);
  const isPower = mantissa === 1n << BigInt(form.bits - 1) && exponent > form.least;
  const quarters = exponent - 2;
  let unit = Math.floor(quarters * Math.LOG10E * Math.LN2) - 3;
  const scaleUp = (quarters > 0 ? 1n << BigInt(quarters) : 1n) * (unit < 0 ? 10n ** BigInt(-unit) : 1n);
  const scaleDown = (quarters < 0 ? 1n << BigInt(-quarters) : 1n) * (unit > 0 ? 10n ** BigInt(unit) : 1n);
  const exact = mantissa * 4n * scaleUp;
  let middle = exact / scaleDown;
  let above = ((mantissa * 4n + 2n) * scaleUp - 1n) / scaleDown;
  let below = (mantissa * 4n - (isPower ? 1n : 2n)) * scaleUp / scaleDown;
  let [isExact, last] = [exact % scaleDown === 0n, 0n];
  while (above / 10n > below / 10n) {
    isExact &&= last === 0n;
    last = middle % 10n;
    [middle, above, below] = [middle / 10n, above / 10n, below / 10n];
    unit++;
  }
  const isUp = last > 5n || (last === 5n && !(isExact && middle % 2n === 0n));
  const digits = String(isUp || middle === below ? middle + 1n : middle);
  return { digits: digits.replace(/(?<=.)0+$/, ""), exponent: unit + digits.length - 1 };
}

/** So many digits, of two as near the even one. */
function rounded(value: number, precision: number): Decimal {
  const long = value.toExponential(PLACES_THAT_TELL);
  const digits = long.slice(0, 1) + long.slice(2, PLACES_THAT_TELL + 2);
  const kept = digits.slice(0, precision);
  const isTie = /^50*$/.test(digits.slice(precision));
  if (!isTie || Number(kept.at(-1)) % 2 !== 0) return parsed(value.toExponential(precision - 1));
  return parsed(`${kept.slice(0, 1)}.${kept.slice(1)}${long.slice(long.indexOf("e"))}`);
}

function written({ digits, exponent }: Decimal, fixedEnd: number): string {
  if (exponent < FIXED_FIRST || exponent >= fixedEnd) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${digits.slice(0, 1)}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return digits.length > exponent + 1 ? `${whole}.${digits.slice(exponent + 1)}` : whole;
}

/** A float as its output function writes it. */
export function floatText(value: number, kind: "float4" | "float8", extraDigits: number): string {
  if (Number.isNaN(value)) return "NaN";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  if (size === Infinity) return `${sign}Infinity`;
  if (size === 0) return `${sign}0`;
  const form = forms[kind];
  if (extraDigits <= 0) {
    const precision = Math.max(1, form.precision + extraDigits);
    return sign + written(rounded(size, precision), precision);
  }
  const isPlain = kind === "float8" && size < WHOLE_END;
  return sign + written(isPlain ? parsed(size.toExponential()) : shortestBetween(size, form), form.fixedEnd);
}
