// Division of a scaled integer by a count, digit by digit as PostgreSQL's numeric shows it: the quotient has at least
// sixteen significant digits, in groups of four, so how many places it has depends on the values. Read next:
// decimal_average.ts.
import type { FunctionBuilder, Local } from "#wasm/function_builder.js";
import type { LibraryFunction } from "../function.js";
import { multiplyDecimal } from "./int128.js";

/** PostgreSQL keeps numerics in groups of four decimal digits. */
const GROUP_DIGITS = 4;
/** NUMERIC_MIN_SIG_DIGITS. */
const SIGNIFICANT_DIGITS = 16;
/** The largest power of ten whose next group still fits 64 bits. */
const LAST_POWER = 10n ** 15n;

/** Counts below this leave room for one more decimal digit of the rest in 64 bits. */
export const COUNT_LIMIT = 1n << 59n;
/** Counts below this leave room for nine. */
const NINE_DIGITS_COUNT = 1n << 33n;

interface Leading {
  /** Of the first group that is not zero: 0 holds the digits just before the point. */
  readonly weight: number;
  readonly firstGroup: bigint;
}

function leadingGroup(value: bigint, scale: number): Leading {
  if (value === 0n) return { weight: 0, firstGroup: 0n };
  const padding = (GROUP_DIGITS - (scale % GROUP_DIGITS)) % GROUP_DIGITS;
  const padded = value * 10n ** BigInt(padding);
  const groups = Math.ceil(padded.toString().length / GROUP_DIGITS);
  const firstGroup = padded / 10n ** BigInt(GROUP_DIGITS * (groups - 1));
  return { weight: groups - 1 - (scale + padding) / GROUP_DIGITS, firstGroup };
}

/** Places that value / 10^scale / count shows; both are not negative. */
export function quotientPlaces(value: bigint, scale: number, count: bigint): number {
  const [dividend, divisor] = [leadingGroup(value, scale), leadingGroup(count, 0)];
  let weight = dividend.weight - divisor.weight;
  if (dividend.firstGroup <= divisor.firstGroup) weight -= 1;
  return Math.max(SIGNIFICANT_DIGITS - weight * GROUP_DIGITS, scale, 0);
}

/** Sets `weight` and `first` to what leadingGroup() says of an i64 at a scale known when the code is written. */
function emitLeading(code: FunctionBuilder, value: Local, scale: number, weight: Local, first: Local): void {
  const padding = (GROUP_DIGITS - (scale % GROUP_DIGITS)) % GROUP_DIGITS;
  const [power, next] = [code.local("i64"), code.local("i64")];
  code.i32(-(scale + padding) / GROUP_DIGITS).set(weight);
  code.i64(0).set(power).i64(10n ** BigInt(GROUP_DIGITS - padding)).set(next);
  code.block([], (done) => {
    code.loop((again) => {
      code.get(value, next).op("i64.lt_u").brIf(done);
      code.get(weight).i32(1).op("i32.add").set(weight).get(next).set(power);
      code.get(next).i64(LAST_POWER).op("i64.gt_u").brIf(done);
      code.get(next).i64(10n ** BigInt(GROUP_DIGITS)).op("i64.mul").set(next).br(again);
    });
  });
  code.get(power).op("i64.eqz").if(
    [],
    () => code.get(value).i64(10n ** BigInt(padding)).op("i64.mul").set(first),
    () => code.get(value, power).op("i64.div_u").set(first),
  );
  code.get(value).op("i64.eqz").if([], () => code.i32(0).set(weight));
}

/** (value, count) -> places, both not negative; count is not zero. */
export function quotientPlacesFunction(scale: number): LibraryFunction {
  return {
    name: `quotientPlaces${scale}`,
    type: { parameters: ["i64", "i64"], results: ["i32"] },
    write(code) {
      const [value, count] = [code.parameter(0), code.parameter(1)];
      const [weight, other, places] = [code.local("i32"), code.local("i32"), code.local("i32")];
      const [first, second] = [code.local("i64"), code.local("i64")];
      emitLeading(code, value, scale, weight, first);
      emitLeading(code, count, 0, other, second);
      code.i32(SIGNIFICANT_DIGITS).get(weight, other).op("i32.sub");
      code.get(first, second).op("i64.le_u", "i32.sub").i32(GROUP_DIGITS).op("i32.mul", "i32.sub").set(places);
      const least = Math.max(scale, 0);
      code.get(places).i32(least).get(places).i32(least).op("i32.gt_s").select();
    },
  };
}

/**
 * (value, count) -> value / 10^scale / count times 10^shown as (low, high), rounded where PostgreSQL rounds it, and 1
 * when that is not exact or too wide. The value is not negative, the count neither zero nor beyond COUNT_LIMIT.
 */
export function quotientFunction(scale: number, shown: number): LibraryFunction {
  return {
    name: `quotient${scale}of${shown}`,
    type: { parameters: ["i64", "i64"], results: ["i64", "i64", "i32"] },
    write(code, library) {
      const [value, count] = [code.parameter(0), code.parameter(1)];
      const [places, digits, tooWide] = [code.local("i32"), code.local("i32"), code.local("i32")];
      const [low, high, rest, factor, digit] =
        [code.local("i64"), code.local("i64"), code.local("i64"), code.local("i64"), code.local("i64")];
      const multiply = library(multiplyDecimal);
      const scaleBy = (): void => {
        code.get(low, high, factor).i64(0).call(multiply);
        code.get(tooWide).op("i32.or").set(tooWide).set(high).set(low);
      };
      code.get(value, count).call(library(quotientPlacesFunction(scale))).set(places);
      code.get(places).i32(shown).get(places).i32(shown).op("i32.lt_s").select().i32(scale).op("i32.sub").set(digits);
      code.get(value, count).op("i64.div_u").set(low).get(value, count).op("i64.rem_u").set(rest);
      code.loop((again) => {
        code.get(digits).i32(0).op("i32.gt_s").if([], () => {
          code.get(digits).i32(9).op("i32.ge_s").get(count).i64(NINE_DIGITS_COUNT).op("i64.lt_u", "i32.and");
          code.if([],
            () => code.i64(10n ** 9n).set(factor).get(digits).i32(9).op("i32.sub").set(digits),
            () => code.i64(10n).set(factor).get(digits).i32(1).op("i32.sub").set(digits));
          scaleBy();
          code.get(rest, factor).op("i64.mul").tee(rest).get(count).op("i64.div_u").set(digit);
          code.get(rest, count).op("i64.rem_u").set(rest);
          code.get(low, digit).op("i64.add").tee(low).get(digit).op("i64.lt_u", "i64.extend_i32_u");
          code.get(high).op("i64.add").set(high).br(again);
        });
      });
      code.get(places).i32(shown).op("i32.gt_s").if([], () => {
        // Places that are not kept must all be zero.
        code.get(rest).op("i64.eqz", "i32.eqz").get(tooWide).op("i32.or").set(tooWide);
      }, () => {
        code.get(rest).i64(1).op("i64.shl").get(count).op("i64.ge_u").if([], () => {
          code.get(low).i64(1).op("i64.add").tee(low).op("i64.eqz", "i64.extend_i32_u");
          code.get(high).op("i64.add").set(high);
        });
        // By one first: the rounding may have been one digit too many.
        code.i64(1).set(factor);
        scaleBy();
        code.i64(10n).set(factor);
        code.loop((again) => {
          code.get(places).i32(shown).op("i32.lt_s").if([], () => {
            scaleBy();
            code.get(places).i32(1).op("i32.add").set(places).br(again);
          });
        });
      });
      code.get(low, high, tooWide);
    },
  };
}
