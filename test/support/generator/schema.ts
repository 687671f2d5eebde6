// The tables generated statements read: all types, NULLs, skew, duplicates, ends of ranges, an empty table. They share
// one list of columns, so that any column may meet any other. Float values are multiples of a quarter, whose sums are
// the same in any order. One table has partitions, one has an heir, and views are of two tables. Read next:
// catalogue.ts.
import type { Kind } from "./tree.js";

export interface SchemaColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly sql: string;
  /** Equal values look the same. */
  readonly exact: boolean;
  /** Computes a value from `id` (1, 2, ...) and `z`, a number of the table. */
  readonly value: string;
}

const column = (name: string, kind: Kind, sql: string, value: string, exact = true): SchemaColumn => ({
  name,
  kind,
  sql,
  value,
  exact,
});

/** One of the list's elements by id; NULLs are elements. */
const among = (list: string, cast: string): string =>
  `(ARRAY[${list}])[1 + (id * z + id / 3) % ${list.split(", ").length}]::${cast}`;

export const columns: readonly SchemaColumn[] = [
  column("id", "int4", "int4 PRIMARY KEY", "id"),
  column("r", "int4", "int4 NOT NULL", "1 + (id * z) % 40"),
  column("g", "int2", "int2", among("0, 0, 0, 0, 0, 1, 1, 2, NULL, 3", "int2")),
  column("i", "int4", "int4", among("0, 1, -1, 7, 100, NULL, 12, 2147483647, -2147483648, 7, 13", "int4")),
  column("l", "int8", "int8", among("0, 1, -5, 9223372036854775807, 3000000000, NULL, 12, 7", "int8")),
  column(
    "n",
    "numeric",
    "numeric(12,2)",
    among("0, 0.01, -3.50, 123.45, 9999999999.99, NULL, 7, 12, 50.5", "numeric"),
  ),
  column(
    "m",
    "numeric",
    "numeric(20,6)",
    among("0, 0.000001, -17.5, 42, NULL, 99999999999999.999999", "numeric"),
  ),
  column(
    "w",
    "numeric",
    "numeric",
    among("'0', '1.0', '1.00', '7', 'NaN', NULL, '1e20', '-0.000000001', '3.14159'", "numeric"),
    false,
  ),
  column(
    "h",
    "numeric",
    "numeric",
    among("'1234567890123456789012345678901234567890.5', '1e-40', NULL, '7', 'Infinity', '-Infinity'", "numeric"),
    false,
  ),
  column("f", "float8", "float8", among("0, 1.5, -2.25, 7, 1000000.75, NULL, 12", "float8")),
  // Equal zeros look different.
  column("x", "float8", "float8", among("'NaN', '-0', '0', 'Infinity', NULL, '-Infinity', '2.5'", "float8"), false),
  column("dm", "int4", "gen_small", among("0, 1, 7, NULL, 99", "int4")),
  column("e", "float4", "float4", among("0, 0.5, -8.25, 7, NULL, 1024", "float4")),
  column(
    "d",
    "date",
    "date",
    among("'2000-01-01', '1995-06-17', '2024-02-29', NULL, '1970-01-01', '2000-12-31'", "date"),
  ),
  column("di", "date", "date", among("'infinity', '2000-01-01', '-infinity', NULL", "date")),
  column("ti", "timestamp", "timestamp", among("'2000-01-01', 'infinity', NULL, '-infinity'", "timestamp")),
  column(
    "ts",
    "timestamp",
    "timestamp",
    among(
      "'2000-01-01', '1995-06-17 23:59:59.999999', NULL, '2024-02-29 12:30', '2000-12-31 06:00:00.5'",
      "timestamp",
    ),
  ),
  column(
    "tz",
    "timestamptz",
    "timestamptz",
    among("'2000-01-01+00', '1995-06-17 12:00:00+05:30', NULL, '2024-03-31 01:30:00+01'", "timestamptz"),
  ),
  column("tm", "time", "time", among("'00:00', '23:59:59.999999', '24:00', NULL, '12:34:56'", "time")),
  column(
    "iv",
    "interval",
    "interval",
    among("'1 day', '24 hours', '1 mon', '30 days', NULL, '-1 year 2 mons', '00:00:01.5'", "interval"),
    false,
  ),
  column(
    "t",
    "text",
    'text COLLATE "und-x-icu"',
    among("'', 'a', 'abc', 'Abc', NULL, 'žluťoučký kůň', 'x y z', 'a ', '%_', 'hello, world'", "text"),
  ),
  column(
    "tc",
    "ctext",
    `text COLLATE "C"`,
    among("'', 'b', 'abc', 'ABC', NULL, 'ž', 'zz', 'a,b,c', 'twelve bytes!'", "text"),
  ),
  column(
    "te",
    "ltext",
    "text COLLATE gen_language",
    among("'', 'abc', 'Abc', 'a bc', NULL, 'ž', 'z', 'a-b', 'AB', 'abc'", "text"),
  ),
  column("v", "varchar", "varchar(10)", among("'', 'ten chars!', NULL, 'abc', 'Abc', '7', '12'", "varchar")),
  column("c", "bpchar", "char(4)", among("'', 'a', 'ab  ', 'abcd', NULL, 'ž'", "bpchar")),
  column("b", "bool", "bool", among("true, false, NULL, true", "bool")),
  column(
    "u",
    "uuid",
    "uuid",
    among(
      "'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL",
      "uuid",
    ),
  ),
  column(
    "y",
    "bytea",
    "bytea",
    among("'', '\\x00', '\\xdeadbeef', NULL, '\\x000102030405060708090a0b0c0d0e0f'", "bytea"),
  ),
  column("o", "oid", "oid", among("0, 4294967295, NULL, 1259, 7", "oid")),
  column("tt", "timetz", "timetz", among("'00:00+00', '12:30-05', NULL, '23:59:59.5+05:30', '12:30-05'", "timetz")),
  column("na", "name", "name", among("'', 'abc', NULL, 'Zebra', 'ž'", "name")),
  column("ia", "ints", "int4[]", among("'{1,2,NULL}', '{}', NULL, '{7}', '[0:1]={5,6}', '{1,2}'", "int4[]")),
  column("ta", "texts", 'text[] COLLATE "und-x-icu"', among("'{a,abc}', '{}', NULL, '{NULL}', '{ž,\"\"}'", "text[]")),
  column("js", "jsonb", "jsonb", among(`'{"a":1}', '7', '["x",null]', NULL, 'null', '{}', '"a"'`, "jsonb")),
  column("k", "mood", "gen_mood", among("'sad', 'ok', 'happy', NULL, 'ok'", "gen_mood")),
];

export interface SchemaTable {
  readonly name: string;
  readonly rows: number;
  /** What its values depend on. */
  readonly z: number;
  /** Where partitions end, of a table that has them. */
  readonly bounds?: readonly string[];
  /** The first `id` of the rows that stand in a table that inherits from it. */
  readonly inheritedFrom?: number;
}

/** Too many rows for most joins: few statements read it. */
export const largeTable: SchemaTable = { name: "gen_l", rows: 1500, z: 17 };

export const tables: readonly SchemaTable[] = [
  { name: "gen_a", rows: 120, z: 7 },
  { name: "gen_b", rows: 60, z: 11 },
  { name: "gen_c", rows: 25, z: 3 },
  { name: "gen_e", rows: 0, z: 1 },
  { name: "gen_p", rows: 70, z: 5, bounds: ["MINVALUE", "20", "50", "MAXVALUE"] },
  { name: "gen_i", rows: 45, z: 13, inheritedFrom: 30 },
];

/** Functions, of which PostgreSQL puts some into the statement that calls them. */
const functions = [
  "gen_double(n int4) RETURNS int8 LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n::int8'",
  "gen_first(t text) RETURNS text LANGUAGE plpgsql STABLE STRICT AS 'BEGIN RETURN left(t, 1); END'",
  `gen_rows(most int4) RETURNS TABLE (c1 int4, c2 date) LANGUAGE sql STABLE
    AS 'SELECT id, d FROM gen_c WHERE r <= most'`,
];

/** Have the tables' columns, and rows that `id` tells apart. */
export const views: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: "gen_v",
    text: `SELECT ${columns.map(({ name }) => (name === "i" ? "b.i" : `a.${name}`)).join(", ")}
      FROM gen_a a LEFT JOIN gen_b b ON a.id = b.id WHERE a.g IS NOT NULL OR a.b`,
  },
  {
    name: "gen_u",
    text: "SELECT * FROM gen_c WHERE r > 3 UNION ALL SELECT * FROM gen_p WHERE id > 25",
  },
];

function partitionsOf({ name, bounds = [] }: SchemaTable): readonly string[] {
  return bounds.slice(1).map((bound, index) =>
    `CREATE TABLE ${name}_${index} PARTITION OF ${name} FOR VALUES FROM (${bounds[index]}) TO (${bound})`);
}

const columnNames = columns.map(({ name }) => name).join(", ");

/** A table with a dropped column in front, as tables come to be, and rows in an order of `id`. */
function tableStatements(table: SchemaTable, order: string): readonly string[] {
  const { name, rows, z, bounds, inheritedFrom } = table;
  const partitioned = bounds === undefined ? "" : " PARTITION BY RANGE (id)";
  const insert = (into: string, first: number, last: number): string => `INSERT INTO ${into} (${columnNames})
    SELECT ${columns.map((each) => each.value).join(", ")}
      FROM generate_series(${first}, ${last}) AS id, (VALUES (${z})) AS numbers (z) ORDER BY ${order}`;
  const heir = `${name}_heir`;
  return [
    `CREATE TABLE ${name} (gone text DEFAULT 'gone', ${columns.map((each) => `${each.name} ${each.sql}`).join(", ")})
      ${partitioned}`,
    ...partitionsOf(table),
    ...(inheritedFrom === undefined
      ? [insert(name, 1, rows)]
      : [`CREATE TABLE ${heir} (more int) INHERITS (${name})`, insert(name, 1, inheritedFrom - 1),
        insert(heir, inheritedFrom, rows)]),
    `ALTER TABLE ${name} DROP COLUMN gone`,
    `ANALYZE ${name}`,
  ];
}

/** Statements that make everything anew. */
export function schemaStatements(): readonly string[] {
  return [
    `DROP VIEW IF EXISTS ${views.map(({ name }) => name).join(", ")}`,
    `DROP TABLE IF EXISTS ${[...tables, largeTable].map(({ name }) => name).join(", ")} CASCADE`,
    "DROP TYPE IF EXISTS gen_mood",
    "DROP DOMAIN IF EXISTS gen_small",
    "CREATE DOMAIN gen_small AS int4 CHECK (VALUE < 100)",
    "DROP COLLATION IF EXISTS gen_language",
    "CREATE TYPE gen_mood AS ENUM ('sad', 'ok', 'happy')",
    // A locale of the C library where there is one.
    `DO $$ BEGIN CREATE COLLATION gen_language (locale = 'en_US.utf8');
      EXCEPTION WHEN OTHERS THEN CREATE COLLATION gen_language (provider = icu, locale = 'en-US'); END $$`,
    ...relationStatements("id"),
    ...functions.map((text) => `CREATE OR REPLACE FUNCTION ${text}`),
  ];
}

/** Statements that make the tables and the views, their rows in an order of `id`; `whole`: no table has parts. */
export function relationStatements(order: string, whole = false): readonly string[] {
  const shaped = whole ? tables.map(({ name, rows, z }) => ({ name, rows, z })) : tables;
  return [
    ...[...shaped, largeTable].flatMap((table) => tableStatements(table, order)),
    ...views.map(({ name, text }) => `CREATE VIEW ${name} AS ${text}`),
  ];
}
