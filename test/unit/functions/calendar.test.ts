// The calendar against JavaScript's, and parts of dates against known ones.
import fc from "fast-check";
import { expect, test } from "vitest";
import { civilOf, daysInMonth, daysOf } from "#functions/calendar.js";
import { functionByKey } from "#functions/registry.js";

const EPOCH = Date.UTC(2000, 0, 1);
const DAY_MILLISECONDS = 86_400_000;

test("days are those of JavaScript's calendar", () => {
  fc.assert(fc.property(fc.integer({ min: -3_000_000, max: 3_000_000 }), (days) => {
    const date = new Date(EPOCH + days * DAY_MILLISECONDS);
    const civil = civilOf(days);
    expect(civil).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
    expect(daysOf(civil)).toBe(days);
    expect(civil.day).toBeLessThanOrEqual(daysInMonth(civil.year, civil.month));
  }));
});

const part = (name: string, days: number): bigint => {
  const result = { kind: "decimal", precision: 7, scale: 0 } as const;
  return functionByKey(`date.${name}`).evaluate([BigInt(days)], { arguments: [{ kind: "date" }], result }) as bigint;
};

test("weeks and weekdays are ISO's", () => {
  const on = (year: number, month: number, day: number): number => daysOf({ year, month, day });
  // 2021-01-03 was a Sunday of 2020's last week; 2021-01-04 began 2021.
  expect(["week", "isodow", "dow"].map((name) => part(name, on(2021, 1, 3)))).toEqual([53n, 7n, 0n]);
  expect([part("week", on(2021, 1, 4)), part("isodow", on(2021, 1, 4))]).toEqual([1n, 1n]);
  expect(part("doy", on(2024, 12, 31))).toBe(366n);
  expect(part("quarter", on(1999, 10, 1))).toBe(4n);
});
