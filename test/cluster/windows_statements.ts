// Statements of windows.test.ts: every frame with every kind of function, above the engine's rows and inside a
// subquery; then what windows meet: grouping, DISTINCT, FILTER, joins, errors.
import type { NamedStatement } from "../support/compared_statements.js";

const bounds = [
  "UNBOUNDED PRECEDING", "3 PRECEDING", "0 PRECEDING", "CURRENT ROW", "2 FOLLOWING", "UNBOUNDED FOLLOWING",
];

/** Pairs that PostgreSQL's grammar allows: no end before its start's kind. */
function* frames(): IterableIterator<string> {
  const rank = (bound: string): number => (bound.startsWith("UNBOUNDED P") ? 0 : bound.endsWith("PRECEDING") ? 1
    : bound === "CURRENT ROW" ? 2 : bound.startsWith("UNBOUNDED") ? 4 : 3);
  for (const start of bounds)
    for (const end of bounds)
      if (rank(start) <= rank(end) && rank(start) < 4 && rank(end) > 0) yield `BETWEEN ${start} AND ${end}`;
}

const exclusions = ["", " EXCLUDE CURRENT ROW", " EXCLUDE GROUP", " EXCLUDE TIES", " EXCLUDE NO OTHERS"];

const aggregates = "count(*) OVER w, count(big) OVER w, sum(k) OVER w, sum(s) OVER w, sum(big) OVER w, sum(n) OVER w, "
  + "avg(k) OVER w, avg(n) OVER w, min(n) OVER w, max(k) OVER w, min(c) OVER w, max(d) OVER w, bool_and(b) OVER w, "
  + "bool_or(b) OVER w, every(b) OVER w, min(f) OVER w, sum(k) FILTER (WHERE s > 0) OVER w";
const values = "first_value(c) OVER w, last_value(n) OVER w, nth_value(ts, 2) OVER w, nth_value(u, 1) OVER w";

function framed(): string[] {
  const made: string[] = [];
  let turn = 0;
  for (const frame of frames())
    for (const unit of ["ROWS", "RANGE", "GROUPS"]) {
      const exclusion = exclusions[turn++ % exclusions.length] ?? "";
      // Peers differ in nothing a frame of rows could show.
      const order = unit === "ROWS" ? "k, id" : turn % 2 === 0 ? "k DESC NULLS FIRST" : "s";
      const shown = unit === "ROWS" ? `${aggregates}, ${values}` : aggregates;
      const window = `WINDOW w AS (PARTITION BY p ORDER BY ${order} ${unit} ${frame}${exclusion})`;
      made.push(turn % 2 === 0
        ? `SELECT id, ${shown} FROM w_rows ${window} ORDER BY id`
        : `SELECT x.*, o.v FROM (SELECT id, ${shown.replaceAll(/(OVER w)/g, (all, _, at: number) => `${all} AS a${at}`)
          } FROM w_rows ${window}) x JOIN w_one o ON x.id > o.id`);
    }
  return made;
}

const others = [
  "SELECT id, row_number() OVER (ORDER BY id) FROM w_rows ORDER BY id",
  "SELECT id, row_number() OVER (), count(*) OVER () FROM w_one",
  "SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM w_rows "
    + "WINDOW w AS (PARTITION BY t ORDER BY k DESC) ORDER BY id",
  "SELECT id, rank() OVER (ORDER BY c), rank() OVER (ORDER BY f DESC), rank() OVER (ORDER BY n NULLS FIRST), "
    + "rank() OVER (ORDER BY d, ts DESC) FROM w_rows ORDER BY id",
  "SELECT id, rank() OVER (ORDER BY t COLLATE \"C\"), rank() OVER (ORDER BY t), rank() OVER (ORDER BY u) FROM w_rows",
  ...[1, 2, 3, 7, 100, 1000].map((count) =>
    `SELECT id, ntile(${count}) OVER (PARTITION BY p ORDER BY id), ntile(${count}) OVER (ORDER BY id) FROM w_rows`),
  "SELECT id, ntile(NULL) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, ntile(0) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, ntile(k) OVER (ORDER BY id) FROM w_rows WHERE k > 2",
  "SELECT id, nth_value(k, 0) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, nth_value(k, NULL) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, nth_value(k, s + 9) OVER (PARTITION BY p ORDER BY id) FROM w_rows",
  "SELECT id, lag(k) OVER w, lag(n, 2) OVER w, lag(c, 3, 'none') OVER w, lead(d) OVER w, lead(u, 2) OVER w, "
    + "lead(k, 1, s) OVER w, lag(k, 0) OVER w, lag(k, -1) OVER w, lead(k, 1000000000) OVER w FROM w_rows "
    + "WINDOW w AS (PARTITION BY p ORDER BY id)",
  "SELECT id, lag(k, NULL) OVER (ORDER BY id), lag(k, s) OVER (ORDER BY id), lag(loose) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, lag(fixed) OVER (ORDER BY id), first_value(fixed) OVER (ORDER BY id) FROM w_rows ORDER BY id",
  "SELECT id, lag(n, 1, 0.5) OVER (ORDER BY id), lag(n, 1, 0) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, lag(k, 1, 7 / (id - 3)) OVER (ORDER BY id) FROM w_rows",
  "SELECT id, sum(f) OVER (PARTITION BY p ORDER BY id), avg(f) OVER (PARTITION BY p ORDER BY id) FROM w_rows",
  "SELECT id, sum(wide) OVER (PARTITION BY p ORDER BY id) FROM w_rows",
  "SELECT id, sum(n * n) OVER (PARTITION BY p), sum(n / 3) OVER (PARTITION BY p), sum(loose) OVER () FROM w_rows",
  "SELECT id, max(k / (id - 5)) OVER (ORDER BY id ROWS BETWEEN 3 FOLLOWING AND 5 FOLLOWING) FROM w_rows",
  "SELECT id, count(k) FILTER (WHERE b) OVER (PARTITION BY t), count(*) FILTER (WHERE k > 3) OVER (ORDER BY id), "
    + "avg(n) FILTER (WHERE b IS NOT NULL) OVER (PARTITION BY p ORDER BY id), min(c) FILTER (WHERE b) OVER () "
    + "FROM w_rows",
  "SELECT id, sum(k) OVER (ORDER BY k RANGE BETWEEN -1 PRECEDING AND CURRENT ROW) FROM w_rows",
  "SELECT id, sum(k) OVER (ORDER BY id ROWS NULL::int PRECEDING) FROM w_rows",
  "SELECT id, sum(k) OVER (ORDER BY id ROWS BETWEEN 9223372036854775807 PRECEDING AND 1 FOLLOWING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY big RANGE BETWEEN 9223372036854775807 PRECEDING AND 10 FOLLOWING), "
    + "count(*) OVER (ORDER BY big DESC RANGE BETWEEN 5 PRECEDING AND 9223372036854775807 FOLLOWING), "
    + "count(*) OVER (ORDER BY big NULLS FIRST RANGE BETWEEN 7 FOLLOWING AND 90 FOLLOWING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY s RANGE BETWEEN 2 PRECEDING AND 3 FOLLOWING EXCLUDE TIES), "
    + "count(*) OVER (ORDER BY s RANGE BETWEEN 100000 PRECEDING AND 1 PRECEDING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY d RANGE BETWEEN '3 days' PRECEDING AND CURRENT ROW), "
    + "count(*) OVER (ORDER BY n RANGE BETWEEN 1.5 PRECEDING AND 2 FOLLOWING) FROM w_rows",
  ...["", " DESC", " NULLS FIRST", " DESC NULLS LAST"].flatMap((direction) => [
    ["d", "'1 month'", "'10 days 12 hours'"], ["ts", "'1 day'", "'5 hours'"], ["n", "1.5", "20"], ["n", "0.125", "0"],
    ["loose", "7", "100.001"], ["ts - timestamp '2001-02-01'", "'1 day'", "'3 hours'"], ["wide", "1", "5"],
    ["tz", "'1 day'", "'1 month'"], ["f", "1.5", "0.25"],
  ].map(([key, before, after]) =>
    `SELECT id, count(*) OVER (ORDER BY ${key}${direction} RANGE BETWEEN ${before} PRECEDING AND ${after} FOLLOWING), `
      + `max(id) OVER (PARTITION BY p ORDER BY ${key}${direction} RANGE ${before} PRECEDING EXCLUDE GROUP), `
      + `sum(k) OVER (ORDER BY ${key}${direction} RANGE BETWEEN ${after} FOLLOWING AND UNBOUNDED FOLLOWING), `
      + `min(k) OVER (ORDER BY ${key}${direction} RANGE BETWEEN ${before} PRECEDING AND ${before} PRECEDING) `
      + "FROM (SELECT *, ts AT TIME ZONE 'UTC' tz FROM w_rows) x")),
  "SELECT id, count(*) OVER (ORDER BY ts RANGE '-1 day' PRECEDING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY n RANGE 'NaN' PRECEDING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY d RANGE NULL::interval PRECEDING) FROM w_rows",
  "SELECT id, sum(k) OVER (ORDER BY ts::time RANGE BETWEEN interval '2 hours' PRECEDING AND interval '30 minutes' " +
    "FOLLOWING), count(*) OVER (PARTITION BY p ORDER BY ts::time DESC RANGE interval '1 day 3 hours' PRECEDING) " +
    "FROM w_rows",
  "SELECT id, max(k) OVER (ORDER BY ts::time RANGE BETWEEN interval '1 year' FOLLOWING AND interval '999999 hours' " +
    "FOLLOWING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY ts::time RANGE interval '-1 second' PRECEDING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY ts::time RANGE interval '1 day -1 second' PRECEDING) FROM w_rows",
  "SELECT id, count(*) OVER (ORDER BY n RANGE s PRECEDING) FROM w_rows",
  "SELECT * FROM w_none x, LATERAL (SELECT 1) y WINDOW w AS (ORDER BY id)",
  "SELECT id, row_number() OVER (ORDER BY id), sum(k) OVER () FROM w_none",
  "SELECT p, sum(k), rank() OVER (ORDER BY sum(k) DESC), sum(sum(k)) OVER (ORDER BY p) FROM w_rows GROUP BY p "
    + "ORDER BY p",
  "SELECT * FROM (SELECT p, t, count(*) c, rank() OVER (PARTITION BY p ORDER BY count(*) DESC) r, "
    + "avg(sum(n)) OVER (PARTITION BY t) a FROM w_rows WHERE n <> 'NaN' GROUP BY p, t HAVING count(*) > 2) x "
    + "WHERE r <= 2",
  "SELECT DISTINCT p, count(*) OVER (PARTITION BY p), max(n) OVER (PARTITION BY p, t) FROM w_rows",
  "SELECT count(*), sum(c) FROM (SELECT DISTINCT t, count(*) OVER (PARTITION BY p) c FROM w_rows) x",
  "SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY p ORDER BY id) r, u, fixed FROM w_rows) x WHERE r = 1",
  "SELECT a.id, b.r FROM w_rows a LEFT JOIN (SELECT id, rank() OVER (ORDER BY k) r FROM w_rows WHERE s > 2) b "
    + "USING (id)",
  "SELECT a.id, x.m, rank() OVER (ORDER BY a.k + x.m) FROM w_rows a "
    + "JOIN (SELECT p, max(id) m FROM w_rows GROUP BY p) x ON a.p = x.p ORDER BY a.id",
  "SELECT id FROM w_rows WHERE id IN (SELECT max(id) OVER (PARTITION BY p) FROM w_rows) ORDER BY id",
  "SELECT id FROM w_rows a WHERE EXISTS (SELECT rank() OVER () FROM w_rows b WHERE b.id = a.k) ORDER BY id",
  "SELECT id, (SELECT max(r) FROM (SELECT rank() OVER (ORDER BY k) r FROM w_rows) x) FROM w_one",
  "SELECT id, (SELECT rank() OVER (ORDER BY id) FROM w_one) + 1, sum(k) OVER (PARTITION BY p) FROM w_rows ORDER BY id",
  "SELECT id, sum((SELECT max(v) FROM w_one) + k) OVER (PARTITION BY p ORDER BY id) FROM w_rows ORDER BY id",
  "SELECT r, count(*) FROM (SELECT rank() OVER (PARTITION BY p ORDER BY k) r FROM w_rows) x GROUP BY r",
  "WITH x AS (SELECT id, p, sum(n) OVER (PARTITION BY p ORDER BY id) s FROM w_rows) SELECT a.id, a.s, b.s FROM x a "
    + "JOIN x b ON a.id = b.id + 1",
  "SELECT id, rank() OVER (ORDER BY k), s FROM w_rows ORDER BY id LIMIT 5 OFFSET 2",
  "SELECT t, row_number() OVER (PARTITION BY t ORDER BY id) FROM w_rows WHERE p = 4 UNION ALL SELECT t, rank() "
    + "OVER (ORDER BY k) FROM w_rows WHERE p = 3",
  "SELECT string_agg(t, ',') OVER (ORDER BY id), id FROM w_rows",
  "SELECT id, abs(rank() OVER (ORDER BY k) - 20)::text || 'th', upper(lag(c) OVER (ORDER BY id)) FROM w_rows",
  "SELECT id, lag(r) OVER (ORDER BY id) FROM (SELECT id, rank() OVER (ORDER BY k) r FROM w_rows) x ORDER BY id",
  "SELECT sum(k) OVER (PARTITION BY fixed, u ORDER BY id), id FROM w_rows ORDER BY id",
];

/** Variances of exact numbers, which come of sums over the frame. */
const spreads = ["ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING", "ROWS BETWEEN 2 FOLLOWING AND 9 FOLLOWING",
  "RANGE UNBOUNDED PRECEDING EXCLUDE CURRENT ROW"].flatMap((frame) => ["k", "s", "n", "big", "wide"].map((column) =>
  `SELECT id, stddev(${column}) OVER w, var_pop(${column}) OVER w, stddev_pop(${column}) FILTER (WHERE b) OVER w, `
    + `1 + var_samp(${column}) OVER w FROM w_rows WINDOW w AS (PARTITION BY t ORDER BY id ${frame}) ORDER BY id`))
  .concat(["SELECT count(*), max(x) FROM (SELECT variance(k) OVER (PARTITION BY p ORDER BY id) x FROM w_rows) y"]);

/** Over the statement's own groups. */
const overGroups = [
  "SELECT p, sum(n), sum(sum(n)) OVER (ORDER BY p), avg(count(*)) OVER (), lag(max(c)) OVER (ORDER BY p) FROM w_rows "
    + "WHERE n <> 'NaN' GROUP BY p ORDER BY p",
  "SELECT t, p, rank() OVER (PARTITION BY t ORDER BY avg(n) DESC NULLS LAST), count(*) FROM w_rows GROUP BY t, p "
    + "HAVING count(*) > 3 AND min(id) < 500 ORDER BY t, p",
  "SELECT t, p, grouping(p), sum(k), rank() OVER (PARTITION BY grouping(p) ORDER BY sum(k) DESC, p), "
    + "sum(sum(k)) OVER (PARTITION BY t) FROM w_rows GROUP BY ROLLUP (t, p) ORDER BY t, p, 3",
  "SELECT p + 1, ntile(3) OVER (ORDER BY p + 1), first_value(sum(s)) OVER (ORDER BY p + 1 DESC), sum(s) FROM w_rows "
    + "GROUP BY p + 1",
  "SELECT count(*), sum(k), row_number() OVER (), sum(max(k)) OVER () FROM w_rows",
  "SELECT count(*), rank() OVER (ORDER BY count(*)) FROM w_none",
  "SELECT p, rank() OVER (ORDER BY sum(f)), sum(f) FROM w_rows WHERE f <> 'NaN' GROUP BY p",
  "SELECT p, stddev(k), rank() OVER (ORDER BY stddev(k) DESC, p) FROM w_rows GROUP BY p",
  "SELECT p, sum(avg(loose)) OVER (ORDER BY p), count(DISTINCT k), max(count(DISTINCT k)) OVER () FROM w_rows "
    + "GROUP BY p",
  "SELECT fixed, lag(fixed) OVER (ORDER BY fixed), count(*) FROM w_rows GROUP BY fixed ORDER BY fixed",
  "SELECT a.p, sum(b.k), sum(sum(b.k)) OVER (ORDER BY a.p ROWS 2 PRECEDING) FROM w_rows a JOIN w_rows b "
    + "ON a.k = b.s GROUP BY a.p ORDER BY rank() OVER (ORDER BY a.p) DESC",
  "SELECT p, sum(k) / sum(sum(k)) OVER (), 100 * sum(k) FILTER (WHERE b) / (3 + max(sum(k)) OVER ()) FROM w_rows "
    + "WHERE p > 0 GROUP BY p",
  "SELECT DISTINCT t, max(count(*)) OVER (PARTITION BY t) FROM w_rows GROUP BY t, p",
  "SELECT p, rank() OVER (ORDER BY sum(k)) FROM w_rows GROUP BY p HAVING sum(k) > (SELECT min(k) FROM w_rows)",
  "SELECT p, (SELECT max(v) FROM w_one) + sum(k), sum(sum(k)) OVER (ORDER BY p) FROM w_rows GROUP BY p",
  "SELECT p, rank() OVER (ORDER BY sum(k / (id - 7))) FROM w_rows GROUP BY p",
  "SELECT p, sum(10 / (count(*) - 25)) OVER () FROM w_rows GROUP BY p",
  "SELECT c, u, row_number() OVER (ORDER BY c, u) FROM w_rows GROUP BY c, u ORDER BY 1, 2 LIMIT 10",
];

const floatRanges = ["f", "CASE id % 50 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE f END", "f::float4"]
  .flatMap((key) => ["", " DESC"].map((direction) =>
    `SELECT id, count(*) OVER (ORDER BY ${key}${direction} RANGE 0.75 PRECEDING), `
      + `sum(k) OVER (ORDER BY ${key}${direction} RANGE BETWEEN 1e300 PRECEDING AND 0 FOLLOWING), `
      + `max(c) OVER (ORDER BY ${key}${direction} RANGE BETWEEN 0.1 FOLLOWING AND 1e280 FOLLOWING) FROM w_rows`));

export const windowStatements: readonly NamedStatement[] =
  [...framed(), ...others, ...spreads, ...overGroups, ...floatRanges]
    .map((text) => ({ name: text.slice(0, 160), text }));
