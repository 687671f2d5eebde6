// Every function, compiled and interpreted over the ends of its argument types: same value, same error, with and
// without NULLs, in narrow and in wide code.
import type { Expression } from "#expr/expression.js";
import { emptyArrayImage } from "#functions/array_image.js";
import { enumImage } from "#functions/enum_table.js";
import { functionByKey, functionRows } from "#functions/registry.js";
import { isTableType, TABLE_TYPE } from "#functions/parameter_tables.js";
import type { PhysicalPlan } from "#plan/physical.js";
import { interpret } from "#runtime/interpreter/interpreter.js";
import type { EngineType } from "#types/engine_type.js";
import { sqlTypes } from "#types/sql_types.js";
import { describe, expect, test } from "vitest";
import { rowsOrError } from "../../support/compared_runs.js";
import { column, columnType, pagesOf, runPages, scanColumns } from "../../support/engine.js";
import { Dice, randomValue, types } from "../../support/random_plans.js";
import { formatImages } from "../../support/format_images.js";
import { lettersOfLatin1 } from "../../support/letter_images.js";
import { zoneImages } from "../../support/zone_images.js";

const ROWS = 40;
/** Argument types tried per function; PG_FUSION_SIGNATURES widens the search. */
const SIGNATURES = Number(process.env["PG_FUSION_SIGNATURES"] ?? 3);

function signatures(key: string): { arguments: readonly EngineType[]; result: EngineType }[] {
  const { resultType } = functionByKey(key);
  const lists = [...types.map((a) => [a]), ...types.flatMap((a) => types.map((b) => [a, b]))];
  const few = types.filter(({ kind }) => ["text", "int4", "int8", "bool", "numeric"].includes(kind));
  const three = few.flatMap((a) => few.flatMap((b) => few.map((c) => [a, b, c])));
  const longer = [...three, ...three.flatMap((list) => few.map((d) => [...list, d]))];
  const [whole, float]: readonly EngineType[] = [{ kind: "int4" }, { kind: "float8" }];
  const long: EngineType = { kind: "int8" };
  const made = [
    [float, long, long], [float, float, float], [whole, whole, float], [whole, whole, whole, whole, whole, float],
    [whole, whole, whole, whole, whole, whole, float],
    ...(["timestamp", "timestamptz"] as const).map((kind) => [{ kind: "interval" }, { kind }, { kind }]),
  ] as EngineType[][];
  const typmods = [4 + (10 << 16) + 2, 4 + (38 << 16) + 20, 4 + (3 << 16), 4 + (2 << 16) + 5];
  const zoned = lists.map((list) => [...list, TABLE_TYPE]);
  const formatted = types.map((type) => [type, TABLE_TYPE, TABLE_TYPE]);
  const found = [...lists, [NAME], ...longer, ...made, [TABLE_TYPE], ...zoned, ...formatted].flatMap((list) =>
    (/^cast\.(decimal|numeric)\.decimal$/.test(key) ? typmods : [-1]).flatMap((typmod) => {
      const result = resultType(list, typmod);
      return result === undefined ? [] : [{ arguments: list, result }];
    }),
  );
  return found;
}

/** So many elements, evenly apart. */
function spread<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, list.length / count);
  return Array.from({ length: Math.min(count, list.length) }, (_, i) => list[Math.floor(i * step)] as T);
}

/** Tables are constants of a statement; what stands in their columns is not looked at. */
function valueOf(dice: Dice, type: EngineType, calm: boolean): ReturnType<typeof randomValue> {
  return isTableType(type) ? Buffer.from("table") : randomValue(dice, type, calm);
}

function tableFor(dice: Dice, key: string, index: number): Uint8Array {
  if (key.startsWith("enum.")) return enumImage([7, 20, 3, 1]);
  if (key.startsWith("letters.")) return lettersOfLatin1;
  return key.endsWith(".text") && index === 1 ? dice.pick(formatImages) : dice.pick(zoneImages);
}

function argumentOf(dice: Dice, key: string, type: EngineType, index: number): Expression {
  if (key === "array.append" && index === 1) return { kind: "constant", value: 8n, type };
  if (!isTableType(type)) return column(index, type);
  if (key === "array.append") return { kind: "constant", value: emptyArrayImage(sqlTypes.int8), type };
  return { kind: "constant", value: tableFor(dice, key, index), type };
}

/** name is carried as such. */
const NAME: EngineType = { kind: "opaque", width: 64, byValue: false, bitwiseEqual: true };

function planOf(call: Expression, argumentTypes: readonly EngineType[], nullable: boolean): PhysicalPlan {
  const output = columnType(call.type);
  return {
    version: 1,
    leafCount: 1,
    parameters: [],
    outputs: [{ name: "value", type: output }],
    root: {
      kind: "project",
      input: { kind: "scan", leaf: 0, columns: argumentTypes.map((type) => columnType(type, nullable)) },
      expressions: [call],
      columns: [output],
    },
  };
}

describe.each(functionRows().map(({ key }) => key))("%s", (key) => {
  const found = signatures(key);
  test("is reachable", () => expect(found.length).toBeGreaterThan(0));

  // What the host evaluates agrees by construction: one signature shows that arguments and results come across.
  const tried = functionByKey(key).emit === undefined ? 1 : SIGNATURES;
  test.each(spread(found, tried).map((each) => ({ ...each, name: JSON.stringify(each.arguments) })))(
    "computes $name",
    ({ arguments: argumentTypes, result }) => {
      const dice = new Dice(key.length * 31 + argumentTypes.length);
      const call: Expression = {
        kind: "call",
        function: key,
        arguments: argumentTypes.map((type, index) => argumentOf(dice, key, type, index)),
        type: result,
      };
      for (const nullable of [false, true]) {
        const plan = planOf(call, argumentTypes, nullable);
        for (let round = 0; round < 3; round++) {
          const calm = round < 2;
          const rows = Array.from({ length: ROWS }, () =>
            argumentTypes.map((type) => (nullable && dice.chance(20) ? null : valueOf(dice, type, calm))),
          );
          const expected = rowsOrError(() => interpret(plan, [rows]));
          expect(rowsOrError(() => runPages(plan, pagesOf(scanColumns(plan), rows, 100)).rows)).toEqual(expected);
        }
        // One row at a time, so that each error at the ends of a type is met on its own.
        for (let i = 0; i < 10; i++) {
          const rows = [argumentTypes.map((type) => valueOf(dice, type, false))];
          const expected = rowsOrError(() => interpret(plan, [rows]));
          expect(rowsOrError(() => runPages(plan, pagesOf(scanColumns(plan), rows, 1)).rows)).toEqual(expected);
        }
      }
    },
  );
});
