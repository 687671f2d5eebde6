// Constants that are images, as EXPLAIN shows them: close to PostgreSQL's text, whatever the session's interval style.
// Read next: explain.ts.
import { readInterval } from "#functions/interval_image.js";
import { isSpecial, readNumeric } from "#functions/numeric_image.js";

const MICROSECONDS_PER_SECOND = 1_000_000;

export function intervalText(image: Uint8Array): string {
  const { months, days, microseconds } = readInterval(image);
  const parts = [
    months === 0 ? "" : `${months} mons`, days === 0 ? "" : `${days} days`,
    microseconds === 0n ? "" : `${Number(microseconds) / MICROSECONDS_PER_SECOND} s`,
  ].filter((part) => part !== "");
  return `'${parts.length === 0 ? "0 s" : parts.join(" ")}'`;
}

export function numericText(image: Uint8Array): string {
  const value = readNumeric(image);
  return isSpecial(value) ? `'${value}'` : decimalText(value.coefficient, value.scale);
}

export function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0n ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}
