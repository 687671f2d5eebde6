// Functions under a time zone, compiled and interpreted, around the hours that clocks skip and repeat, at the ends of
// timestamps, and where the years of a zone's table repeat. What PostgreSQL says of real zones:
// test/cluster/zones.test.ts.
import type { Expression, Scalar } from "#expr/expression.js";
import { DAY_MICROSECONDS, writeInterval } from "#functions/interval_image.js";
import { functionByKey, functionRows } from "#functions/registry.js";
import { isTableType, TABLE_TYPE } from "#functions/parameter_tables.js";
import { ZoneTable } from "#functions/zone_table.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { EngineType } from "#types/engine_type.js";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, pagesOf, runPages, scanColumns } from "../../support/engine.js";
import { Dice } from "../../support/random_plans.js";
import { zoneChanges, zoneImages } from "../../support/zone_images.js";

const ROWS = 200;
const HOUR = 3_600_000_000n;

const kinds: readonly EngineType[] = [
  { kind: "timestamptz" }, { kind: "timestamp" }, { kind: "date" }, { kind: "interval" },
];

function signatureOf(key: string): readonly EngineType[] | undefined {
  const lists = kinds.flatMap((a) => [[a, TABLE_TYPE], ...kinds.map((b) => [a, b, TABLE_TYPE])]);
  return lists.find((list) => functionByKey(key).resultType(list) !== undefined);
}

const far = [
  -(2n ** 63n), 2n ** 63n - 1n, 9_223_371_331_199_999_999n, -211_813_488_000_000_000n, 15_778_540_800_000_000n,
  -9_467_020_800_000_000n, 400_000n * DAY_MICROSECONDS, -700_000n * DAY_MICROSECONDS,
];

/** Nothing comes after it. */
const isLast = (instant: bigint): boolean => instant >= 9_223_371_331_199_999_999n || instant === -(2n ** 63n);

function randomInstant(dice: Dice): bigint {
  if (dice.chance(15)) {
    const instant = dice.pick(far);
    return isLast(instant) || dice.chance(50) ? instant : instant + BigInt(dice.below(48)) * HOUR;
  }
  const nearby = (BigInt(dice.below(200)) - 100n) * (HOUR / 4n);
  const jitter = dice.chance(50) ? 0n : BigInt(dice.below(2_000_001)) - 1_000_000n;
  return dice.pick(zoneChanges) + nearby + jitter;
}

function randomOf(dice: Dice, type: EngineType): Scalar {
  if (type.kind === "date") {
    if (dice.chance(10)) return dice.pick([-(2n ** 31n), 2n ** 31n - 1n, 106_751_982n, 106_751_983n, -2_451_545n]);
    return randomInstant(dice) / DAY_MICROSECONDS % 100_000_000n;
  }
  if (type.kind === "interval") {
    const [months, days] = [dice.chance(50) ? 0 : dice.below(60) - 30, dice.chance(40) ? 0 : dice.below(800) - 400];
    return writeInterval({ microseconds: dice.chance(50) ? 0n : BigInt(dice.below(48) - 24) * HOUR, days, months });
  }
  return randomInstant(dice);
}

function planOf(key: string, types: readonly EngineType[], zone: Uint8Array): PhysicalPlan {
  const result = functionByKey(key).resultType([...types, TABLE_TYPE]) as EngineType;
  const zoned: Expression = { kind: "constant", value: zone, type: TABLE_TYPE };
  const call: Expression = {
    kind: "call", function: key, arguments: [...types.map((type, index) => column(index, type)), zoned], type: result,
  };
  const output = columnType(result);
  const input = { kind: "scan" as const, leaf: 0, columns: types.map((type) => columnType(type, false)) };
  return {
    version: 1, leafCount: 1, parameters: [], outputs: [{ name: "value", type: output }],
    root: { kind: "project", input, expressions: [call], columns: [output] },
  };
}

/** PostgreSQL's errors of these have one code. */
const isError = ([text = ""]: readonly string[]): boolean => /^(?:22008|0A000) /.test(text);

const keys = functionRows().map(({ key }) => key).filter((key) => signatureOf(key) !== undefined);

test("there are such functions", () => expect(keys.length).toBeGreaterThan(15));

describe.each(keys)("%s", (key) => {
  test("is computed as it is evaluated", () => {
    const types = (signatureOf(key) ?? []).filter((type) => !isTableType(type));
    const dice = new Dice(key.length * 17);
    for (const zone of zoneImages) {
      const plan = planOf(key, types, zone);
      const rows = Array.from({ length: ROWS }, () => types.map((type) => randomOf(dice, type)));
      const right = rows.filter((row) => !isError(rowsOrError(() => interpret(plan, [[row]]))));
      const expected = rowsOrError(() => interpret(plan, [right]));
      expect(rowsOrError(() => runPages(plan, pagesOf(scanColumns(plan), right, 50)).rows)).toEqual(expected);
      for (const row of rows.slice(0, 20)) {
        const alone = rowsOrError(() => interpret(plan, [[row]]));
        expect(rowsOrError(() => runPages(plan, pagesOf(scanColumns(plan), [row], 1)).rows)).toEqual(alone);
      }
    }
  });
});

describe("a zone's table", () => {
  const [berlin] = zoneImages.map((image) => new ZoneTable(image));
  const at = (text: string): bigint => BigInt(Date.parse(`${text}Z`) - Date.UTC(2000, 0, 1)) * 1000n;

  test("takes a skipped hour as if the clock had not been set, and a repeated one as if it had", () => {
    expect(berlin?.instantOf(at("2020-04-03T02:30:00"))).toBe(at("2020-04-03T01:30:00"));
    expect(berlin?.instantOf(at("2020-10-30T02:30:00"))).toBe(at("2020-10-30T01:30:00"));
    expect(berlin?.localOf(at("2020-10-30T00:30:00"))).toBe(at("2020-10-30T02:30:00"));
  });

  test("repeats its last 400 years", () => {
    for (const year of ["2500", "2899", "5300"]) {
      expect(berlin?.localOf(at(`+00${year}-07-01T00:00:00`)), year).toBe(at(`+00${year}-07-01T02:00:00`));
      expect(berlin?.localOf(at(`+00${year}-12-01T00:00:00`)), year).toBe(at(`+00${year}-12-01T01:00:00`));
    }
  });
});
