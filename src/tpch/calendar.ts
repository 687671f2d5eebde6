// The days of the TPC-H period as numbers from its first day, with their text made once.
// It knows no other dates; PostgreSQL parses what is written here.

const dayMs = 86_400_000;
const firstDayMs = Date.UTC(1992, 0, 1);

/** Day number of a calendar date, counted from 1992-01-01. */
export function dayNumber(year: number, month: number, day: number): number {
  return (Date.UTC(year, month - 1, day) - firstDayMs) / dayMs;
}

/** The last day of the period. */
const lastDay = dayNumber(1998, 12, 31);
/** "Today" of the specification: what is shipped later is still open. */
export const currentDay = dayNumber(1995, 6, 17);
/** The last order leaves room for shipping (121 days) and receipt (30 days) within the period. */
export const lastOrderDay = lastDay - 151;

/** Every day of the period as the bytes of YYYY-MM-DD. */
export const dayTexts: readonly Uint8Array[] = Array.from({ length: lastDay + 1 }, (_, day) =>
  new TextEncoder().encode(new Date(firstDayMs + day * dayMs).toISOString().slice(0, 10)),
);
