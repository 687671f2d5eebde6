// Reference evaluation against PostgreSQL: every function the engine claims, called by the server with the same
// arguments, gives the same bytes, or the same SQLSTATE, message and DETAIL.
import { FusionError } from "#base/errors.js";
import { DATE_INFINITY, DATE_MINUS_INFINITY, TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY } from
  "#functions/calendar.js";
import { fieldCall } from "#functions/field_calls.js";
import { functionByKey, functionRows, isExactIn } from "#functions/registry.js";
import type { EngineType } from "#types/engine_type.js";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dice, randomValue } from "../support/random_plans.js";
import { engineTypeOf, literal, sendFunctions, sendImage, sqlNames } from "../support/sql_values.js";

/** Calls per PostgreSQL function; PG_FUSION_CALLS widens the search. */
const CALLS = Number(process.env["PG_FUSION_CALLS"] ?? 12);

const decimals: readonly EngineType[] = [
  [15, 2],
  [7, 0],
  [18, 6],
  [38, 4],
  [25, 10],
  [5, 5],
  [3, 1],
  [38, 0],
].map(([precision = 1, scale = 0]) => ({ kind: "decimal", precision, scale }));

const NUMERIC: EngineType = { kind: "numeric" };

const client = new pg.Client();
let serverMajor = 0;
beforeAll(async () => {
  await client.connect();
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  serverMajor = Math.floor((rows[0]?.version ?? 0) / 10000);
  await client.query("SET timezone = 'UTC'");
});
afterAll(() => client.end());

interface Signature {
  readonly name: string;
  readonly arguments: readonly number[];
  readonly result: number;
}

async function signature(oid: number): Promise<Signature> {
  const { rows } = await client.query<{ name: string; arguments: string; result: number }>(
    `SELECT proname AS name, proargtypes::text AS arguments, prorettype::int AS result
       FROM pg_proc WHERE oid = $1`,
    [oid],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`no function ${oid}`);
  return { name: row.name, arguments: row.arguments.split(" ").map(Number), result: row.result };
}

/** NaN has many images and one meaning. */
function meaning(image: string, type: EngineType): string {
  const nan = type.kind === "float4" ? /^[7f]f[c-f]/ : /^[7f]ff[89a-f]/;
  return (type.kind === "float4" || type.kind === "float8") && nan.test(image) ? "NaN" : image;
}

async function ask(expression: string, result: number): Promise<string> {
  const send = sendFunctions[result];
  const output = send === undefined ? `(${expression})::text` : `encode(${send}(${expression}), 'hex')`;
  try {
    const { rows } = await client.query<{ output: string }>(`SELECT ${output} AS output`);
    return rows[0]?.output ?? "NULL";
  } catch (error) {
    const { code, message, detail } = error as pg.DatabaseError;
    return `${code} ${message} ${detail ?? ""}`;
  }
}

const LENGTH_COERCIONS = ["cast.decimal.decimal", "cast.numeric.decimal"];

test.for(functionRows().map(({ key }) => key))("%s", async (key, { skip }) => {
  const callee = functionByKey(key);
  skip(!isExactIn(callee, serverMajor), `a call of PostgreSQL ${serverMajor}'s own`);
  const dice = new Dice(key.length + (Number(process.env["PG_FUSION_SEED"] ?? 1) << 8));
  for (const { oid } of callee.procedures) {
    const { name, arguments: oids, result } = await signature(oid);
    for (let round = 0; round < CALLS; round++) {
      const coercion = LENGTH_COERCIONS.includes(key);
      const typmod = coercion ? 4 + ((dice.below(38) + 1) << 16) + dice.below(12) : -1;
      const argumentOids = coercion ? oids.slice(0, 1) : oids;
      const fixed = argumentOids.map((each) => engineTypeOf(each, dice.pick(decimals)));
      const isFixed = callee.resultType(fixed, typmod) !== undefined;
      const types = isFixed ? fixed : fixed.map((each) => (each.kind === "decimal" ? NUMERIC : each));
      const type = callee.resultType(types, typmod);
      if (type === undefined) continue;
      const values = types.map((each) => randomValue(dice, each, dice.chance(20)));
      // Half a character is for pages, not for literals.
      if (values.some((value) => value instanceof Uint8Array && value.includes(0xc3))) continue;
      const list = values.map((value, i) =>
        literal(value, types[i] ?? type, sqlNames[argumentOids[i] ?? 0] ?? ""),
      );
      const expression = `pg_catalog."${name}"(${[...list, ...(coercion ? [String(typmod)] : [])].join(", ")})`;
      let mine: string;
      try {
        mine = sendImage(callee.evaluate(values, { arguments: types, result: type }), type);
      } catch (error) {
        if (!(error instanceof FusionError)) throw error;
        if (error.code === "notSupported") continue;
        mine = `${error.sqlstate} ${error.message} ${error.detail ?? ""}`;
      }
      expect(meaning(mine, type), expression).toBe(meaning(await ask(expression, result), type));
    }
  }
});

const fields = [
  "microseconds", "milliseconds", "second", "minute", "hour", "day", "dow", "isodow", "doy", "week", "month", "quarter",
  "year", "isoyear", "decade", "century", "millennium", "julian", "epoch",
];
const fieldSources = [["extract", "date", 6199], ["extract", "timestamp", 6202], ["extract", "time", 6200],
  ["extract", "interval", 6204], ["date_part", "date", 1384], ["date_part", "timestamp", 2021],
  ["date_part", "time", 1385], ["date_part", "interval", 1172], ["date_trunc", "timestamp", 2020]] as const;

const infinities: Readonly<Partial<Record<string, readonly bigint[]>>> = {
  date: [DATE_INFINITY, DATE_MINUS_INFINITY], timestamp: [TIMESTAMP_INFINITY, TIMESTAMP_MINUS_INFINITY],
};

test.each(fieldSources)("fields: %s of %s", async (name, kind, oid) => {
  const dice = new Dice(oid);
  for (const field of fields) {
    const call = fieldCall(oid, field);
    if (call === undefined || !isExactIn(functionByKey(call.function), serverMajor)) continue;
    const [callee, type] = [functionByKey(call.function), { kind } as EngineType];
    const given: EngineType = call.cast === undefined ? type : { kind: "timestamp" };
    const ends = infinities[kind] ?? [];
    for (let round = 0; round < CALLS * 2 + ends.length; round++) {
      const value = ends[round] ?? randomValue(dice, type, dice.chance(60));
      const expression = `pg_catalog.${name}('${field}', ${literal(value, type, kind)})`;
      let mine: string;
      try {
        const cast = call.cast === undefined
          ? value : functionByKey(call.cast).evaluate([value], { arguments: [type], result: given });
        const isFinite = call.guard === undefined
          || functionByKey(call.guard).evaluate([cast], { arguments: [given], result: { kind: "bool" } }) === true;
        const types = { arguments: [given], result: call.type };
        mine = isFinite ? sendImage(callee.evaluate([cast], types), call.type) : "NULL";
      } catch (error) {
        if (!(error instanceof FusionError)) throw error;
        if (error.code === "notSupported") continue;
        mine = `${error.sqlstate} ${error.message} ${error.detail ?? ""}`;
      }
      const result = name === "extract" ? 1700 : name === "date_part" ? 701 : 1114;
      expect(meaning(mine, call.type), expression).toBe(meaning(await ask(expression, result), call.type));
    }
  }
});
