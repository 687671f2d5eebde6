// The single-table statements of the differential suite, built from small lists so that every column type
// meets every construct. Deterministic: a statement's text is its name. Read next: differential.test.ts.

const valueColumns = ["g", "s", "i", "l", "n", "m", "w", "f", "e", "d", "ts", "tz", "tm", "t", "v", "c", "k", "b", "y", "u", "iv", "j", "a", "o", "x"];
const ordered = ["g", "s", "i", "l", "n", "m", "w", "f", "e", "d", "ts", "tz", "tm", "t", "v", "c", "k", "y", "u", "iv", "o"];
const numeric = ["s", "i", "l", "n", "m", "w", "f", "e"];
const tables = ["d_values", "d_empty", "d_nulls"];

function aggregates(): string[] {
  const list: string[] = [];
  for (const table of tables) {
    list.push(`SELECT count(*) FROM ${table}`, `SELECT count(*), count(*) FILTER (WHERE b) FROM ${table} WHERE g > 2`);
    for (const column of valueColumns) list.push(`SELECT count(${column}), count(*) FROM ${table}`);
    for (const column of ordered.filter((c) => c !== "u")) list.push(`SELECT min(${column}), max(${column}) FROM ${table}`);
    for (const column of numeric) {
      list.push(
        `SELECT sum(${column}) FROM ${table}`,
        `SELECT avg(${column}), count(*) FROM ${table}`,
        `SELECT g, sum(${column}), avg(${column}), min(${column}), max(${column}) FROM ${table} GROUP BY g ORDER BY g`,
        `SELECT sum(${column}) FILTER (WHERE k = 'A'), sum(${column}) FILTER (WHERE g IS NULL) FROM ${table}`,
      );
    }
    list.push(`SELECT bool_and(b), bool_or(b), every(g > 1) FROM ${table}`);
  }
  return list;
}

function grouping(): string[] {
  const list: string[] = [];
  for (const column of valueColumns) {
    list.push(`SELECT ${column}, count(*) FROM d_values GROUP BY ${column}`);
    list.push(`SELECT DISTINCT ${column} FROM d_values`);
    list.push(`SELECT k, ${column}, count(*), sum(id) FROM d_values GROUP BY k, ${column} HAVING count(*) > 3`);
  }
  list.push(
    "SELECT g, k, b, c, sum(id), count(DISTINCT t) FROM d_values GROUP BY g, k, b, c ORDER BY g, k, b, c",
    "SELECT g + 1, count(*) FROM d_values GROUP BY g + 1 ORDER BY 1",
    "SELECT extract(year FROM d), count(*) FROM d_values WHERE isfinite(d) GROUP BY 1 ORDER BY 1",
    "SELECT extract(year FROM d), count(*) FROM d_values GROUP BY 1 ORDER BY 1",
    "SELECT extract(month FROM ts), count(*) FROM d_values GROUP BY 1 ORDER BY 1",
    "SELECT CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' ELSE 'z' END AS sign, count(*), sum(id) FROM d_values GROUP BY 1 ORDER BY 1",
    "SELECT g, string_agg(k, ',' ORDER BY id) FROM d_values GROUP BY g ORDER BY g",
    "SELECT g, k, count(*) FROM d_values GROUP BY ROLLUP (g, k) ORDER BY g, k, grouping(k)",
    "SELECT g, stddev(id), variance(n) FROM d_values GROUP BY g ORDER BY g",
    "SELECT g, id, row_number() OVER (PARTITION BY g ORDER BY id) FROM d_values ORDER BY g, id LIMIT 20",
    "SELECT g, sum(count(*)) OVER (ORDER BY g) FROM d_values GROUP BY g ORDER BY g",
    "SELECT product, region, count(*), sum(price) FROM d_sales GROUP BY product, region ORDER BY product, region",
    "SELECT id, count(*) FROM d_sales GROUP BY id ORDER BY id LIMIT 10 OFFSET 59990",
    "SELECT flag, status, sum(quantity), sum(price), sum(price * (1 - discount)), sum(price * (1 - discount) * (1 + tax)), avg(quantity), avg(price), avg(discount), count(*) FROM d_sales WHERE sold <= date '1998-12-01' - interval '90' day GROUP BY flag, status ORDER BY flag, status",
    "SELECT sum(price * discount) FROM d_sales WHERE sold >= date '1994-01-01' AND sold < date '1994-01-01' + interval '1' year AND discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND quantity < 24",
    "SELECT sum(ratio), avg(ratio), sum(weight), avg(weight) FROM d_sales",
    "SELECT region, sum(ratio), avg(weight) FROM d_sales GROUP BY region ORDER BY region",
  );
  return list;
}

function predicates(): string[] {
  const conditions = [
    "s > 0", "i = 2147483647", "l <> -1", "n < 100", "n = 'NaN'", "m >= 0", "w = 1", "f > 1", "e = 0", "e > 'Infinity'", "d < 'infinity'", "d = '2000-01-01'",
    "ts <= '2000-01-01'", "tz > '2000-01-01 00:00:00+02'", "t = 'a'", "t <> ''", "t < 'b'", "v LIKE 'A%'", "t LIKE '%b%'", "t ILIKE 'A%'", "c = 'ab'", "c < 'abd'", "k IN ('A', 'R')",
    "k NOT IN ('A', 'R')", "k IN ('A', NULL)", "i IN (0, 1, 100)", "i = ANY ('{7, 100, NULL}')", "n IN (0.01, 1.1, 50)", "b", "NOT b", "b IS NOT TRUE", "b IS UNKNOWN", "y = '\\x00'", "u IS NULL",
    "iv > '1 day'", "g BETWEEN 2 AND 4", "g NOT BETWEEN 2 AND 4", "g IS NULL OR k IS NULL", "(g = 1 AND k = 'A') OR (g = 2 AND NOT b)", "NOT (g > 2 AND i < 0)", "s + 1 > 5", "n * 2 > 100", "d + 1 > '2000-01-01' AND isfinite(d)",
    "length(t) > 5", "j @> '{\"a\": 1}'", "a @> '{1}'", "coalesce(g, 0) = 0", "i IS DISTINCT FROM 7", "i IS NOT DISTINCT FROM NULL", "x = 'a'", "o > 1000", "false", "NULL", "d < timestamp '2000-01-01 12:00'", "date_part('year', ts) = 1995 AND isfinite(ts)", "c LIKE 'a%'", "id % 100 = 1", "n::int = 1 AND n <> 'NaN'",
  ];
  return conditions.flatMap((condition) => [
    `SELECT count(*), sum(id), min(id), max(n) FROM d_values WHERE ${condition}`,
    `SELECT id, g, n, t, c FROM d_values WHERE ${condition} ORDER BY id LIMIT 25`,
  ]);
}

function projections(): string[] {
  const list = valueColumns.map((column) => `SELECT id, ${column} FROM d_values ORDER BY id LIMIT 120`);
  const expressions = [
    "g + s", "g - 1", "g::int4 * 1000", "s::int4 + i / 2", "i / 2", "i % 7", "-s::int4", "l / 3", "n + 1", "n - m", "n * 2", "n * n", "n * m", "n / 3", "n / 7.00", "m + 0.5", "w * 2", "w + n", "f + 1", "f * e", "e / 3", "e - f",
    "f::float8", "g::numeric", "n::numeric(20,4)", "n::float8", "i::float8", "i::text", "n::text", "d + 1", "d - 7", "d - date '2000-01-01'", "d + interval '1 day'", "ts + interval '1 month'", "ts::date", "d::timestamp",
    "CASE WHEN g > 3 THEN n ELSE m END", "CASE g WHEN 1 THEN 'one' WHEN 2 THEN t END", "CASE WHEN i <> 0 THEN 100 / i END", "coalesce(t, v, 'none')", "nullif(g, 3)", "greatest(g, 3)", "upper(t)", "t || v", "c || '|'", "length(c)", "to_char(d, 'YYYY-MM-DD')", "round(n, 1)", "abs(g)",
    "b AND g > 3", "b OR g IS NULL", "NOT b", "g > 3", "n IS NULL", "extract(month FROM ts)", "a[1]", "j -> 'a'", "t LIKE 'a%'",
  ];
  for (const expression of expressions) {
    list.push(`SELECT id, ${expression} AS value FROM d_values WHERE n <> 'NaN' AND w <> 'NaN' AND isfinite(d) AND isfinite(ts) ORDER BY id`);
    list.push(`SELECT count(${expression}), min(id) FROM d_values WHERE isfinite(d) AND isfinite(ts) AND g < 100`);
  }
  list.push(
    "SELECT * FROM d_values ORDER BY id LIMIT 50 OFFSET 13", "SELECT * FROM d_empty", "SELECT * FROM d_nulls ORDER BY id", "SELECT d_values FROM d_values WHERE id = 1", "SELECT ctid, tableoid, id FROM d_values WHERE id < 4 ORDER BY id",
    "SELECT 1 FROM d_sales LIMIT 3", "SELECT 'x' FROM d_nulls", "SELECT id FROM d_sales ORDER BY price DESC, id LIMIT 7", "SELECT t FROM d_values ORDER BY t, id LIMIT 30", "SELECT id FROM d_sales ORDER BY id FETCH FIRST 3 ROWS WITH TIES", "SELECT id FROM d_sales LIMIT 0",
    "SELECT DISTINCT ON (g) g, id FROM d_values ORDER BY g, id DESC", "SELECT generate_series(1, 2), id FROM d_values WHERE id < 3 ORDER BY id, 1", "SELECT * FROM d_wide ORDER BY id", "SELECT length(body) FROM d_wide ORDER BY id", "SELECT count(body), max(id) FROM d_wide", "SELECT id FROM d_wide WHERE body IS NULL",
  );
  return list;
}

function failures(): string[] {
  return [
    "SELECT sum(i * i) FROM d_values", "SELECT i * 2 FROM d_values", "SELECT s + 32767::int2 FROM d_values", "SELECT l + 1 FROM d_values", "SELECT sum(l + l) FROM d_values", "SELECT -l FROM d_values", "SELECT sum(-s) FROM d_values", "SELECT abs(i) FROM d_values", "SELECT sum(abs(i)) FROM d_values",
    "SELECT 1 / g FROM d_values", "SELECT sum(100 / g) FROM d_values", "SELECT sum(n / g) FROM d_values", "SELECT sum(e / g) FROM d_values", "SELECT i % g FROM d_values", "SELECT sum(i % g) FROM d_values", "SELECT sum(CASE WHEN g <> 0 THEN 100 / g END) FROM d_values", "SELECT sum(100 / g) FILTER (WHERE g > 0) FROM d_values",
    "SELECT sum(e * e) FROM d_values WHERE e <> 'NaN'", "SELECT sum(f * f) FROM d_values", "SELECT l::int4 FROM d_values", "SELECT sum(l::int4) FROM d_values", "SELECT sum(n::int4) FROM d_values", "SELECT n::numeric(5,2) FROM d_values", "SELECT sum(n::numeric(5,2)) FROM d_values", "SELECT max(d + 2147483647) FROM d_values", "SELECT d + 1 FROM d_values",
    "SELECT t::int FROM d_values", "SELECT count(*) FROM d_values WHERE 1 / g > 0", "SELECT count(*) FROM d_values WHERE t::int > 0", "SELECT sum(g / 0) FROM d_values", "SELECT 1 / 0 FROM d_empty", "SELECT sum(1 / 0) FROM d_empty", "SELECT 100 / (id - 5) FROM d_values ORDER BY id", "SELECT id, 100 / (id - 700) FROM d_values LIMIT 3",
    "SELECT g, sum(l) FROM d_values GROUP BY g HAVING sum(100 / g) > 0", "SELECT avg(100 / g) FROM d_values WHERE g > 0", "SELECT sum(big * big) FROM d_sales", "SELECT sum(quantity * 50000) FROM d_sales", "SELECT nosuch FROM d_values", "SELECT sum(t) FROM d_values", "SELECT count(*) FROM d_values FOR UPDATE", "SELECT * FROM d_values TABLESAMPLE SYSTEM (50) REPEATABLE (7)",
  ];
}

/** Every statement once. */
export const statements: readonly string[] = [...new Set([...aggregates(), ...grouping(), ...predicates(), ...projections(), ...failures()])];
