// Functions whose code leaves rare values to the host, over many values of the kinds both sides take: compiled code
// and reference evaluation give the same bytes, or the same error. emission.test.ts covers every function and type,
// this one the values: digits at the borders of groups, characters of several bytes, ends of months.
import { FusionError } from "#base/errors.js";
import type { Expression, Scalar } from "#expr/expression.js";
import { writeInterval } from "#functions/interval_image.js";
import { writeNumeric } from "#functions/numeric_image.js";
import { functionByKey, functionRows } from "#functions/registry.js";
import type { PhysicalPlan } from "#plan/physical.js";
import type { EngineType } from "#types/engine_type.js";
import { expect, test } from "vitest";
import { column, columnType, pagesOf, runPages, scanColumns } from "../../support/engine.js";
import { Dice } from "../../support/random_plans.js";

/** Rows tried per function; PG_FUSION_VALUES widens the search. */
const ROWS = Number(process.env["PG_FUSION_VALUES"] ?? 600);
const ERRORS_MAX = 5;

const engineTypes: Partial<Record<EngineType["kind"], readonly EngineType[]>> = {
  numeric: [{ kind: "numeric" }],
  interval: [{ kind: "interval" }],
  decimal: [{ kind: "decimal", precision: 15, scale: 2 }, { kind: "decimal", precision: 38, scale: 7 }],
  text: [{ kind: "text", byteOrder: true }],
};

const edges = [0n, 1n, 4n, 5n, 9n, 49n, 50n, 99n, 4999n, 5000n, 9999n, 10_000n, 49_995_000n, 99_999_999n, 10n ** 16n];

function randomNumeric(dice: Dice): Scalar {
  const digits = 1 + dice.below(dice.chance(10) ? 60 : 20);
  let coefficient = dice.chance(30) ? dice.pick(edges) : 0n;
  if (coefficient === 0n && dice.chance(95))
    for (let digit = 0; digit < digits; digit++) coefficient = coefficient * 10n + BigInt(dice.below(10));
  if (dice.chance(25)) coefficient *= 10n ** BigInt(dice.below(9));
  if (dice.chance(2)) return writeNumeric(dice.pick(["NaN", "Infinity", "-Infinity"] as const));
  const scale = dice.chance(5) ? 60 + dice.below(20) : dice.below(14);
  return writeNumeric({ coefficient: dice.chance(30) ? -coefficient : coefficient, scale });
}

const pieces = ["a", "b", "A", "Z", "z", " ", " ", "é", "日", "😀", "%", "_", "\\", "ab", "xyz", "1"];

function randomText(dice: Dice): Scalar {
  const count = dice.pick([0, 1, 2, 2, 3, 3, 4, 8, 30]);
  return Buffer.from(Array.from({ length: count }, () => dice.pick(pieces)).join(""));
}

function randomInterval(dice: Dice): Scalar {
  const months = dice.chance(50) ? 0 : dice.below(60) - 30;
  const days = dice.chance(40) ? 0 : dice.below(dice.chance(20) ? 1_000_000 : 80) - 40;
  const span = dice.pick([1_000_000, 86_400_000_000, 400_000_000_000]);
  return writeInterval({ microseconds: dice.chance(30) ? 0n : BigInt(dice.below(span) - span / 2), days, months });
}

function randomOf(dice: Dice, type: EngineType): Scalar {
  const wide = dice.chance(5);
  switch (type.kind) {
    case "bool": return dice.chance(50);
    case "int2": case "int4": return BigInt(dice.below(wide ? 200 : 14) - (wide ? 100 : 5));
    case "int8": return BigInt(dice.below(1_000_000)) * (wide ? 7_000_000_000n : 1n) - 500_000n;
    case "float4": case "float8": {
      const value = (dice.below(2_000_000) - 1_000_000) / dice.pick([1, 1, 2, 3, 4, 10, 1e-12]);
      return type.kind === "float4" ? Math.fround(value) : value;
    }
    case "decimal": return BigInt.asIntN(50, dice.bits()) % 10n ** BigInt(type.precision);
    case "numeric": return randomNumeric(dice);
    case "interval": return randomInterval(dice);
    case "date": return BigInt(dice.below(wide ? 100_000_000 : 40_000) - (wide ? 2_451_545 : 20_000));
    case "time": return BigInt(dice.below(86_400)) * 1_000_000n + BigInt(dice.below(1_000_000));
    case "timestamp": case "timestamptz":
      return BigInt(dice.below(wide ? 60_000_000 : 40_000) - (wide ? 2_451_545 : 20_000)) * 86_400_000_000n
        + BigInt(dice.below(86_400)) * 1_000_000n + (dice.chance(50) ? 0n : BigInt(dice.below(1_000_000)));
    default: return randomText(dice);
  }
}

function planOf(call: Expression, types: readonly EngineType[]): PhysicalPlan {
  const output = columnType(call.type);
  return {
    version: 1, leafCount: 1, parameters: [], outputs: [{ name: "value", type: output }],
    root: {
      kind: "project", input: { kind: "scan", leaf: 0, columns: types.map((type) => columnType(type, false)) },
      expressions: [call], columns: [output],
    },
  };
}

function attempt<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof FusionError)) throw error;
    return `${error.sqlstate} ${error.message}`;
  }
}

const show = (value: Scalar): string =>
  (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : Object.is(value, -0) ? "-0" : String(value));

/** Argument lists of the functions that have code and a host behind it. */
function signaturesOf(key: string): EngineType[][] {
  const { resultType, emit } = functionByKey(key);
  if (emit === undefined) return [];
  const kinds: EngineType["kind"][] = ["numeric", "text", "interval", "date", "timestamp", "timestamptz", "time"];
  const all = [...kinds, "decimal", "float8", "float4", "int4", "int8", "bool"] as const;
  const typesOf = (kind: EngineType["kind"]): readonly EngineType[] => engineTypes[kind] ?? [{ kind } as EngineType];
  const one = all.flatMap(typesOf).map((type) => [type]);
  const two = one.flatMap((list) => all.flatMap(typesOf).map((type) => [...list, type]));
  const text = typesOf("text");
  const three = [...text, ...typesOf("int4")].flatMap((b) => [...text, ...typesOf("int4")].map((c) => [...text, b, c]));
  return [...one, ...two, ...three].filter((list) => resultType(list, 4 + (12 << 16) + 3) !== undefined);
}

const cases = functionRows().flatMap(({ key }) => signaturesOf(key).map((types) => ({ key, types })))
  .filter(({ key, types }) => {
    const result = functionByKey(key).resultType(types, 4 + (12 << 16) + 3);
    const image = (type: EngineType | undefined): boolean =>
      ["numeric", "interval", "text"].includes(type?.kind ?? "bool");
    const isTime = /^(date|timestamp)\./.test(key);
    return isTime || types.some(image) || image(result);
  });

test.each(cases.map(({ key, types }) => ({ name: `${key}(${types.map(({ kind }) => kind).join()})`, key, types })))(
  "$name", ({ key, types }) => {
    const callee = functionByKey(key);
    const result = callee.resultType(types, 4 + (12 << 16) + 3);
    if (result === undefined) throw new Error("no result");
    const dice = new Dice(key.length * 131 + types.length + Number(process.env["PG_FUSION_SEED"] ?? 1) * 7919);
    const call: Expression = {
      kind: "call", function: key, arguments: types.map((type, index) => column(index, type)), type: result,
    };
    const plan = planOf(call, types);
    const run = (rows: readonly Scalar[][]): Scalar[] =>
      runPages(plan, pagesOf(scanColumns(plan), rows, 200)).rows.map(([value = null]) => value);
    const good: { row: Scalar[]; expected: string }[] = [];
    let errors = 0;
    for (let i = 0; i < ROWS; i++) {
      const row = types.map((type) => randomOf(dice, type));
      const values = row.filter((value) => value !== null);
      const expected = attempt(() => show(callee.evaluate(values, { arguments: types, result })));
      if (/^[0-9A-Z]{5} \w/.test(expected)) {
        const label = row.map(show).join();
        if (errors++ < ERRORS_MAX) expect(attempt(() => run([row]).map(show).join()), label).toBe(expected);
      } else good.push({ row, expected });
    }
    const given = run(good.map(({ row }) => row)).map(show);
    const label = (list: readonly string[]): string[] =>
      list.map((each, i) => `${good[i]?.row.map(show).join(" ") ?? ""} -> ${each}`);
    expect(label(given)).toEqual(label(good.map(({ expected }) => expected)));
  });
