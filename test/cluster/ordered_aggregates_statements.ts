// Statements whose aggregates see their rows in an order, or once for each value: over every type the engine orders,
// grouped and not, with NULLs, NaN, empty groups, FILTER, beside others, in subqueries.
import type { NamedStatement } from "../support/compared_statements.js";

const ordered = ["k", "s", "big", "n", "wide", "d", "ts", "f", "b", "c"];
const orders = ["", " DESC", " NULLS FIRST"];

function grouped(name: string, aggregates: string, from = "w_rows"): readonly NamedStatement[] {
  return [
    { name: `${name}, all rows`, text: `SELECT ${aggregates} FROM ${from}` },
    { name: `${name}, no rows`, text: `SELECT ${aggregates} FROM ${from} WHERE id < 0` },
    { name: `${name}, by p`, text: `SELECT p, ${aggregates} FROM ${from} GROUP BY p ORDER BY p` },
    { name: `${name}, by t`, text: `SELECT t, ${aggregates}, count(*) FROM ${from} GROUP BY t ORDER BY t` },
  ];
}

const within = (call: string, value: string, order = ""): string => `${call} WITHIN GROUP (ORDER BY ${value}${order})`;

const percentiles = ordered.flatMap((value) => orders.flatMap((order) => grouped(
  `percentile_disc and mode of ${value}${order}`,
  ["percentile_disc(0)", "percentile_disc(0.1)", "percentile_disc(0.5)", "percentile_disc(1)", "mode()"]
    .map((call) => within(call, value, order)).join(", "),
)));

const continuous = ["k", "f", "n::float8", "s", "ts - timestamp '2001-02-03'"].flatMap((value) => grouped(
  `percentile_cont of ${value}`,
  ["0", "0.1", "0.3", "0.5", "1"].map((share) => within(`percentile_cont(${share})`, value)).join(", "),
));

const manyFractions = [...ordered, "loose", "u", "c COLLATE \"und-x-icu\""].flatMap((value) => grouped(
  `percentiles of ${value} by an array`,
  ["percentile_disc('{0.5,0,1,0.1,0.5}'::float8[])", "percentile_disc(array[0.9])"]
    .map((call) => within(call, value)).join(", "),
)).concat(["k", "f", "ts - timestamp '2001-02-03'"].flatMap((value) => grouped(
  `percentile_cont of ${value} by an array`,
  within("percentile_cont(array[0.3, 1, 0, 0.5])", value, " DESC"),
)));

const rows: readonly (readonly [value: string, row: string])[] = [
  ["k", "3"], ["k", "NULL"], ["n", "12.5"], ["n", "'NaN'"], ["d", "date '2001-02-10'"], ["f", "1.25"], ["c", "'m'"],
  ["b", "true"], ["big", "0"],
];
const hypothetical = rows.flatMap(([value, row]) => orders.flatMap((order) => grouped(
  `hypothetical ${row} among ${value}${order}`,
  ["rank", "dense_rank", "percent_rank", "cume_dist"].map((name) => within(`${name}(${row})`, value, order)).join(", "),
)));

const distinct = [
  "count(DISTINCT k), count(DISTINCT s), count(DISTINCT u), count(DISTINCT n)",
  "sum(DISTINCT k), avg(DISTINCT n), count(*), sum(f)",
  "sum(DISTINCT f), avg(DISTINCT f), stddev(DISTINCT f)", "count(DISTINCT c), count(DISTINCT fixed), min(DISTINCT d)",
  "count(DISTINCT k) FILTER (WHERE s > 0), sum(DISTINCT s) FILTER (WHERE k > 0), count(DISTINCT loose)",
  "sum(DISTINCT n), max(f), sum(k)", "variance(DISTINCT k), count(DISTINCT big)",
  "count(DISTINCT k + s), count(DISTINCT 1), count(DISTINCT NULL::int), sum(k), count(DISTINCT b), bit_xor(DISTINCT k)",
  "count(DISTINCT k), count(DISTINCT c) FILTER (WHERE c > 'm'), string_agg(DISTINCT c, ','), sum(f ORDER BY id)",
  "count(DISTINCT t), avg(DISTINCT k), percentile_disc(0.5) WITHIN GROUP (ORDER BY n), regr_count(DISTINCT f, f)",
].flatMap((aggregates) => grouped(aggregates, aggregates));

const inOrder = [
  "sum(f ORDER BY id DESC)", "sum(k ORDER BY c), avg(f ORDER BY f, id), count(s ORDER BY d)",
  "sum(f ORDER BY id), percentile_disc(0.5) WITHIN GROUP (ORDER BY k)",
  "sum(f), avg(f), percentile_cont(0.5) WITHIN GROUP (ORDER BY f)", "stddev(f ORDER BY d DESC, id)",
  "sum(f ORDER BY id) FILTER (WHERE k > 0), max(k ORDER BY id)",
].flatMap((aggregates) => grouped(aggregates, aggregates));

const names = ["corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2",
  "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"];
const pairs = [
  ["f", "k"], ["k", "s"], ["s * 0.1::float8", "7"], ["f", "f"], ["nullif(f, 'NaN')", "big"], ["id", "1e300 * id"],
].flatMap(([y, x]) => grouped(`regression of ${y} over ${x}`, names.map((name) => `${name}(${y}, ${x})`).join(", ")));

const lists = [
  "string_agg(c, ',' ORDER BY c)", "string_agg(c, t ORDER BY id DESC)", "string_agg(DISTINCT left(c, 3), '; ')",
  "string_agg(DISTINCT left(c, 2), '' ORDER BY left(c, 2) DESC)", "string_agg(c, NULL), count(*), sum(k)",
  "string_agg(c, ' and ' ORDER BY d, id) FILTER (WHERE k > 0), sum(f ORDER BY d, id)",
  "string_agg(CASE WHEN k > 0 THEN c END, '-')",
  "string_agg(decode(repeat('ab', k), 'hex'), decode('00', 'hex') ORDER BY id) FILTER (WHERE k >= 0)",
  "string_agg(c, ',' ORDER BY c), string_agg(c, ',' ORDER BY id)", "string_agg(u::text, ',')",
  "string_agg(t, ',' ORDER BY t, id), percentile_disc(0.5) WITHIN GROUP (ORDER BY k)",
  "string_agg(DISTINCT c, t)",
  "corr(DISTINCT k, s), regr_count(DISTINCT s, k), regr_sxy(k, s ORDER BY id)",
].flatMap((aggregates) => grouped(aggregates, aggregates, "(SELECT * FROM w_rows WHERE id < 300 OFFSET 0) AS w"));

const collected = ["k", "s", "big", "n", "wide", "d", "ts", "f", "b", "c", "u", "fixed", "loose", "t"];
const arrays = [
  ...collected.flatMap((value) => [
    `array_agg(${value} ORDER BY id)`, `array_agg(${value} ORDER BY id DESC) FILTER (WHERE k > 0)`,
    `array_agg(CASE WHEN k > 1 THEN ${value} END ORDER BY k, id), pg_column_size(array_agg(${value} ORDER BY k, id))`,
  ]),
  ...["k", "s", "d", "b", "c", "u"].map((value) => `array_agg(DISTINCT ${value}), count(DISTINCT ${value})`),
  "array_agg(DISTINCT k ORDER BY k DESC) FILTER (WHERE s > 0)", "array_agg(NULL::int), array_agg(7), array_agg('x')",
  "(array_agg(k ORDER BY id))[2], cardinality(array_agg(s)), array_to_string(array_agg(c ORDER BY c, id), '+', '?')",
  "array_agg(ts - timestamp '2001-02-03' ORDER BY id), array_agg((ts::time)::timetz ORDER BY id)",
  "array_agg(k + s ORDER BY id), array_agg(k ORDER BY id), string_agg(c, ',' ORDER BY id), sum(f ORDER BY id)",
  "7 = ANY (array_agg(k)), array_agg(k) @> ARRAY[1], unnest(array_agg(k ORDER BY k, id))",
].flatMap((aggregates) => grouped(aggregates, aggregates, "(SELECT * FROM w_rows WHERE id < 300 OFFSET 0) AS w"));

const several = [
  "string_agg(c, ',' ORDER BY c, id), string_agg(c, ',' ORDER BY id), array_agg(k ORDER BY d DESC NULLS LAST, id)",
  "array_agg(k ORDER BY k DESC, id), sum(f ORDER BY f, id), sum(f ORDER BY id DESC), sum(f), count(*)",
  "string_agg(DISTINCT c, ',' ORDER BY c DESC), array_agg(DISTINCT s), array_agg(id ORDER BY ts, id), min(n), max(f)",
  "array_agg(id ORDER BY k, id) FILTER (WHERE b), array_agg(id ORDER BY d, id) FILTER (WHERE s > 0), avg(n)",
  "percentile_cont(0.5) WITHIN GROUP (ORDER BY f), array_agg(k ORDER BY id DESC), mode() WITHIN GROUP (ORDER BY s), "
    + "string_agg(t, '+' ORDER BY s, id), rank(3) WITHIN GROUP (ORDER BY k), count(DISTINCT u)",
  "array_agg(100 / s ORDER BY id) FILTER (WHERE s <> 0), array_agg(100 / k ORDER BY k, id) FILTER (WHERE k > 0)",
  "stddev(f ORDER BY id), corr(f, k ORDER BY d, id), array_agg(fixed ORDER BY c, id), stddev(n)",
].flatMap((aggregates) => grouped(aggregates, aggregates).map((each) => ({ ...each, isEngines: true })));

const single: readonly (readonly [name: string, text: string])[] = [
  ["two keys of a hypothetical row",
    "SELECT p, rank(0, date '2001-02-20') WITHIN GROUP (ORDER BY k, d DESC), "
    + "dense_rank(NULL, date '2001-02-20') WITHIN GROUP (ORDER BY k NULLS FIRST, d) FROM w_rows GROUP BY p ORDER BY p"],
  ["a hypothetical row of the group's key",
    "SELECT p, rank(p) WITHIN GROUP (ORDER BY k), cume_dist(p) WITHIN GROUP (ORDER BY s) "
    + "FROM w_rows GROUP BY p ORDER BY p"],
  ["HAVING over a percentile",
    "SELECT p FROM w_rows GROUP BY p HAVING percentile_disc(0.5) WITHIN GROUP (ORDER BY k) > 0 ORDER BY p"],
  ["a percentile of an expression, with FILTER",
    "SELECT t, percentile_disc(0.25) WITHIN GROUP (ORDER BY k * 2 + s) FILTER (WHERE b), "
    + "mode() WITHIN GROUP (ORDER BY s) FILTER (WHERE k < 0) FROM w_rows GROUP BY t ORDER BY t"],
  ["a failing value behind FILTER",
    "SELECT t, percentile_disc(0.5) WITHIN GROUP (ORDER BY 100 / s) FILTER (WHERE s <> 0) "
    + "FROM w_rows GROUP BY t ORDER BY t"],
  ["a failing value", "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY 100 / s) FROM w_rows"],
  ["a fraction out of range", "SELECT percentile_disc(1.5) WITHIN GROUP (ORDER BY k) FROM w_rows"],
  ["no fraction", "SELECT percentile_disc(NULL) WITHIN GROUP (ORDER BY k) FROM w_rows"],
  ["arrays of fractions that PostgreSQL makes arrays of",
    "SELECT percentile_disc('{0.5,NULL}'::float8[]) WITHIN GROUP (ORDER BY k), "
    + "percentile_disc('{}'::float8[]) WITHIN GROUP (ORDER BY k), "
    + "percentile_disc('[0:1]={0,1}'::float8[]) WITHIN GROUP (ORDER BY k), "
    + "percentile_cont('{{0},{1}}'::float8[]) WITHIN GROUP (ORDER BY k), "
    + "percentile_cont(NULL::float8[]) WITHIN GROUP (ORDER BY k) FROM w_rows"],
  ["a fraction out of range in an array",
    "SELECT percentile_disc('{0.5,1.5}'::float8[]) WITHIN GROUP (ORDER BY k) FROM w_rows"],
  ["arrays of percentiles in a subquery",
    "SELECT w.id, x.m, x.m[2] FROM (SELECT p, percentile_disc('{0.25,0.75}'::float8[]) WITHIN GROUP (ORDER BY c) AS m "
    + "FROM w_rows GROUP BY p) x JOIN w_rows w ON w.p = x.p ORDER BY w.id"],
  ["arrays of percentiles in a correlated subquery",
    "SELECT o.id, (SELECT percentile_cont('{0.2,0.8}'::float8[]) WITHIN GROUP (ORDER BY i.f) FROM w_rows i "
    + "WHERE i.p = o.s) FROM w_rows o ORDER BY o.id"],
  ["a percentile of joined rows",
    "SELECT a.p, percentile_disc(0.5) WITHIN GROUP (ORDER BY a.k + b.k), count(DISTINCT b.id), count(DISTINCT a.s) "
    + "FROM w_rows a JOIN w_rows b ON a.id = b.id + 1 GROUP BY a.p ORDER BY 1"],
  ["a percentile in a subquery",
    "SELECT x.p, x.m, w.id FROM "
    + "(SELECT p, percentile_disc(0.5) WITHIN GROUP (ORDER BY k) AS m FROM w_rows GROUP BY p) x "
    + "JOIN w_rows w ON w.p = x.p AND w.k = x.m ORDER BY w.id"],
  ["a percentile in a correlated subquery",
    "SELECT o.id, (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i.f) FROM w_rows i WHERE i.p = o.s) "
    + "FROM w_rows o ORDER BY o.id"],
  ["a hypothetical row in a correlated subquery",
    "SELECT o.id, (SELECT rank(3) WITHIN GROUP (ORDER BY i.k) FROM w_rows i WHERE i.p = o.k), "
    + "(SELECT percent_rank(3) WITHIN GROUP (ORDER BY i.k) FROM w_rows i WHERE i.p = o.k), "
    + "(SELECT cume_dist(3) WITHIN GROUP (ORDER BY i.k) FROM w_rows i WHERE i.p = o.k) FROM w_rows o ORDER BY o.id"],
  ["aggregates with DISTINCT of different values in a subquery",
    "SELECT x.t, x.a + x.b, w.v FROM "
    + "(SELECT t, count(DISTINCT k) AS a, count(DISTINCT s) AS b FROM w_rows GROUP BY t) x "
    + "LEFT JOIN w_one w ON w.id = x.a ORDER BY 1"],
  ["lists in subqueries",
    "SELECT x.p, x.l, w.id FROM (SELECT p, string_agg(c, '/' ORDER BY id) AS l FROM w_rows GROUP BY p) x "
    + "JOIN w_rows w ON w.p = x.p WHERE length(x.l) > 10 ORDER BY w.id"],
  ["lists that make groups",
    "SELECT l, count(*) FROM (SELECT p, t, string_agg(DISTINCT b::text, ',') AS l FROM w_rows GROUP BY p, t) x "
    + "GROUP BY l ORDER BY l"],
  ["a list in a correlated subquery",
    "SELECT o.id, (SELECT string_agg(i.c, ',' ORDER BY i.id) FROM w_rows i WHERE i.p = o.k) FROM w_rows o ORDER BY 1"],
  ["lists over one table", "SELECT id / 50, string_agg(c, ',' ORDER BY id) FROM w_rows GROUP BY 1 ORDER BY 1"],
  ["lists as the rows come", "SELECT id / 20, string_agg(c, ',') FROM w_rows GROUP BY 1 ORDER BY 1"],
  ["arrays in subqueries",
    "SELECT x.p, x.l, w.id FROM (SELECT p, array_agg(c ORDER BY id) AS l FROM w_rows GROUP BY p) x "
    + "JOIN w_rows w ON w.p = x.p WHERE cardinality(x.l) > 10 AND w.c = ANY (x.l) ORDER BY w.id"],
  ["arrays that make groups",
    "SELECT l, count(*) FROM (SELECT p, t, array_agg(DISTINCT b) AS l FROM w_rows GROUP BY p, t) x "
    + "GROUP BY l ORDER BY l"],
  ["arrays of floats that make groups",
    "SELECT l, count(*) FROM (SELECT id / 2 AS h, array_agg(CASE id % 4 WHEN 0 THEN 0 WHEN 1 THEN 1 WHEN 2 THEN -0.0 "
    + "ELSE 1 END::float8 ORDER BY id) AS l FROM w_rows GROUP BY 1) x GROUP BY l ORDER BY l"],
  ["an array in a correlated subquery",
    "SELECT o.id, (SELECT array_agg(i.c ORDER BY i.id) FROM w_rows i WHERE i.p = o.k) FROM w_rows o ORDER BY 1"],
  ["arrays over one table", "SELECT id / 50, array_agg(k ORDER BY id) FROM w_rows GROUP BY 1 ORDER BY 1"],
  ["arrays as the rows come", "SELECT id / 20, array_agg(d) FROM w_rows GROUP BY 1 ORDER BY 1"],
  ["arrays of arrays and rows",
    "SELECT p, array_agg(ARRAY[k, s] ORDER BY id), array_agg(ROW(k, c) ORDER BY id)::text "
    + "FROM w_rows GROUP BY p ORDER BY p"],
  ["arrays beside others in HAVING and ORDER BY",
    "SELECT p, array_agg(id ORDER BY id), sum(k) FROM w_rows GROUP BY p "
    + "HAVING cardinality(array_agg(id ORDER BY id)) > 5 ORDER BY array_agg(id ORDER BY id) DESC"],
  ["correlation that overflows", "SELECT corr(x, y) FROM (VALUES (1e308, 1.0::float8), (-1e308, 2)) v(x, y), w_one"],
  ["windows over percentiles",
    "SELECT p, percentile_disc(0.5) WITHIN GROUP (ORDER BY k), "
    + "sum(percentile_disc(0.5) WITHIN GROUP (ORDER BY k)) OVER (ORDER BY p) FROM w_rows GROUP BY p ORDER BY p"],
];

const setAggregates = [
  "string_agg(c, ',' ORDER BY id), array_agg(k ORDER BY d, id), percentile_cont(0.5) WITHIN GROUP (ORDER BY f)",
  "avg(f), sum(f), stddev(k), variance(n), regr_count(f, k), min(c), count(*)",
  "count(DISTINCT k), sum(DISTINCT s), count(DISTINCT u), string_agg(DISTINCT c, ',' ORDER BY c), max(n)",
  "mode() WITHIN GROUP (ORDER BY s), rank(3) WITHIN GROUP (ORDER BY k), array_agg(id ORDER BY n, id) FILTER (WHERE b)",
  "stddev(k), avg(n), bit_xor(s), every(b), count(*) FILTER (WHERE k > 0)",
];
const sets = setAggregates.flatMap((aggregates) => [
  ["ROLLUP (p, t)", "w_rows"], ["CUBE (t, b), s", "w_rows"], ["GROUPING SETS ((p), (t, s), (), ())", "w_rows"],
  ["ROLLUP (t)", "(SELECT * FROM w_rows WHERE id < 0) x"],
  ["GROUPING SETS ((t), (t))", "(SELECT * FROM w_rows LIMIT 90) x"],
].map(([by = "", from = ""]) => ({
  name: `${aggregates} by ${by} of ${from}`, isEngines: true,
  text: `SELECT ${aggregates} FROM ${from} GROUP BY ${by}`,
}))).concat([
  ["of joined rows", "SELECT a.t, b.b, string_agg(a.c || b.c, ',' ORDER BY a.id, b.id), avg(b.f), GROUPING(a.t, b.b) "
    + "FROM w_rows a JOIN w_rows b ON a.id = b.k GROUP BY CUBE (a.t, b.b) ORDER BY 1, 2, 5"],
  ["in a subquery", "SELECT x.t, x.d, x.l, w.id FROM (SELECT t, s, stddev(n) AS d, string_agg(c, '' ORDER BY id) AS l "
    + "FROM w_rows GROUP BY ROLLUP (t, s)) x JOIN w_rows w ON w.s = x.s AND w.t = x.t AND w.id < 30 ORDER BY w.id"],
  ["with HAVING over them", "SELECT t, p, avg(f), array_agg(id ORDER BY k, id) FROM w_rows GROUP BY CUBE (t, p) "
    + "HAVING avg(f) > 2 AND cardinality(array_agg(id ORDER BY k, id)) > 3 ORDER BY t, p, GROUPING(t, p)"],
  ["below windows", "SELECT t, s, avg(f), rank() OVER (PARTITION BY GROUPING(t, s) ORDER BY avg(f) NULLS FIRST) "
    + "FROM w_rows GROUP BY ROLLUP (t, s) ORDER BY t, s, GROUPING(t, s)"],
  ["of rows that chance picks", "SELECT count(*) = cardinality(array_agg(id ORDER BY k)), GROUPING(t) FROM w_rows "
    + "WHERE random() < 0.5 GROUP BY ROLLUP (t) ORDER BY 2"],
].map(([name = "", text = ""]) => ({ name: `grouping sets ${name}`, text, isEngines: true })));

const wholly: readonly (readonly [name: string, text: string])[] = [
  ["lists in several orders in a subquery",
    "SELECT w.id, x.l, x.m, x.n FROM (SELECT p, string_agg(c, '/' ORDER BY id) AS l, array_agg(k ORDER BY k, id) AS m, "
    + "count(*) AS n FROM w_rows GROUP BY p) x JOIN w_rows w ON w.p = x.p WHERE cardinality(x.m) > 10 ORDER BY w.id"],
  ["lists in several orders in a correlated subquery",
    "SELECT o.id, x.* FROM w_rows o, LATERAL (SELECT string_agg(i.c, ',' ORDER BY i.id) AS l, "
    + "array_agg(i.id ORDER BY i.d, i.id) AS m, count(*) AS n FROM w_rows i WHERE i.p = o.k) x ORDER BY 1"],
  ["lists in several orders of what an outer row computes",
    "SELECT o.id, (SELECT string_agg(i.c, ',' ORDER BY i.id) || string_agg(i.t, '+' ORDER BY i.d, i.id) "
    + "FROM w_rows i WHERE i.id < o.id AND i.k = 7) FROM w_rows o WHERE o.id < 400 ORDER BY 1"],
  ["lists in several orders of joined rows",
    "SELECT a.t, string_agg(b.c, ',' ORDER BY a.id, b.id), array_agg(a.k + b.k ORDER BY b.id DESC, a.id) "
    + "FROM w_rows a JOIN w_rows b ON a.id = b.id + 1 GROUP BY a.t ORDER BY 1"],
  ["lists in several orders and as the rows come",
    "SELECT array_agg(id), array_agg(id ORDER BY k, id), sum(f), sum(f ORDER BY id DESC), count(DISTINCT k), "
    + "array_agg(n), percentile_disc(0.1) WITHIN GROUP (ORDER BY d) FROM w_rows"],
  ["distinct values of keys, and of what is computed of them",
    "SELECT k % 3, count(DISTINCT k % 3), count(DISTINCT k), count(DISTINCT f), sum(n) FROM w_rows "
    + "GROUP BY k % 3 HAVING count(DISTINCT s) > 1 ORDER BY 1"],
  ["distinct values of sides of an outer join, with sums of floats in the order of the rows",
    "SELECT count(DISTINCT a.t), count(DISTINCT b.k), sum(a.f), count(*), count(b.id) "
    + "FROM w_rows a LEFT JOIN w_rows b ON b.id = a.id + 7 AND b.k > 0"],
  ["lists in two orders of rows that chance picks",
    "SELECT cardinality(array_agg(id ORDER BY id)) = length(string_agg('x', '' ORDER BY k, id)), "
    + "cardinality(array_agg(id ORDER BY k)) = count(*) FROM w_rows WHERE random() < 0.5"],
  ["windows over lists in several orders",
    "SELECT t, cardinality(array_agg(k ORDER BY k)), lag(string_agg(c, ',' ORDER BY id)) OVER (ORDER BY t), "
    + "sum(count(*)) OVER (ORDER BY t) FROM w_rows GROUP BY t ORDER BY t"],
];

/** Conditions that rows may be asked for before they are grouped or numbered, and those that may not. */
const moved = [
  "SELECT * FROM (SELECT t, k, sum(k) s, count(DISTINCT n) c FROM w_rows GROUP BY t, k) x "
    + "WHERE k > 3 AND t <> 'b' AND c > 1 ORDER BY t, k",
  "SELECT * FROM (SELECT id, t, p, row_number() OVER (PARTITION BY t ORDER BY id) a, "
    + "count(*) OVER (PARTITION BY p, t) b FROM w_rows) x WHERE t > 'c' AND p = 1 AND a < 9 ORDER BY id",
  "SELECT * FROM (SELECT id, t, row_number() OVER (ORDER BY id) n FROM w_rows) x WHERE t > 'c' ORDER BY id",
  "SELECT * FROM (SELECT a.t, b.k, count(*) n FROM w_rows a JOIN w_rows b ON a.id = b.id + 1 GROUP BY a.t, b.k) x "
    + "WHERE k < 5 AND t > 'a' AND n > 0 ORDER BY t, k",
  "SELECT * FROM (SELECT a.t, b.k, count(*) n FROM w_rows a LEFT JOIN w_rows b ON a.id = b.id + 7 "
    + "GROUP BY a.t, b.k) x WHERE k IS NULL OR k = 2 ORDER BY t, k",
  "SELECT * FROM (SELECT DISTINCT ON (t) t, id, k FROM w_rows ORDER BY t, id DESC) x "
    + "WHERE t > 'b' AND k > 0 ORDER BY t",
  "SELECT * FROM (SELECT count(*) n, 5 AS five FROM w_rows) x WHERE five = 6",
  "SELECT * FROM (SELECT t, count(*) n FROM w_rows WHERE id < 0 GROUP BY t) x WHERE t IS NULL",
  "SELECT w.id, x.n FROM w_rows w LEFT JOIN (SELECT t, count(*) n FROM w_rows GROUP BY t) x "
    + "ON x.t = w.t AND x.t > 'c' ORDER BY w.id",
  "SELECT f, n FROM (SELECT f, count(*) n FROM w_rows GROUP BY f) x WHERE f <= 0 ORDER BY f",
  "SELECT * FROM (SELECT k, count(*) n FROM w_rows GROUP BY k) x WHERE 12 / (k + 100) > 0 AND k > 0 ORDER BY k",
  "SELECT * FROM (SELECT k % 5 AS r, t FROM w_rows EXCEPT SELECT k % 3, t FROM w_rows WHERE id > 9) x "
    + "WHERE r > 1 ORDER BY r, t",
].map((text) => ({ name: `conditions on what is grouped: ${text}`, text }));

export const orderedAggregateStatements: readonly NamedStatement[] = [
  ...percentiles, ...continuous, ...manyFractions, ...hypothetical, ...distinct, ...inOrder,
  ...pairs, ...lists, ...arrays, ...several, ...sets, ...moved,
  ...single.map(([name, text]) => ({ name, text })),
  ...wholly.map(([name, text]) => ({ name, text, isEngines: true as const })),
];
