// Statements over several tables for joins.test.ts: every kind of join and subquery, with NULL keys, duplicate keys,
// empty sides, skew and mixed types. Those that pg_fusion refuses today stand in a list of their own.

const kinds = ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"];
const sides = [["j_left", "j_right"], ["j_left", "j_empty"], ["j_empty", "j_left"], ["j_skew", "j_right"]] as const;

const outer = kinds.flatMap((kind) => sides.flatMap(([a, b]) => [
  `SELECT a.id, b.id FROM ${a} a ${kind} ${b} b ON a.k = b.k`,
  `SELECT count(*), count(a.id), count(b.id), sum(a.k), sum(b.k) FROM ${a} a ${kind} ${b} b ON a.k = b.k`,
  `SELECT a.k, count(*), min(b.id) FROM ${a} a ${kind} ${b} b ON a.k = b.k AND a.id <= b.id + 1000000 GROUP BY a.k`,
]));

const keys = [
  "a.k = b.k", "a.k = b.big", "a.small = b.k", "a.big = b.small", "a.price = b.price", "a.name = b.name",
  "a.code = b.code", "a.day = b.day", "a.flag = b.flag", "a.fl = b.fl", "a.k = b.k AND a.name = b.name",
  "a.fl::real = b.fl",
  "a.k = b.k AND a.small < b.small", "a.k = b.k AND a.price > b.price", "a.k + 1 = b.k", "a.k < b.small " +
    "AND a.id < 20",
  "a.id = b.left_id", "a.k = b.k AND a.id < 50 AND b.id > 100", "a.k IS NOT DISTINCT FROM b.k AND a.id < 9",
];
const keyed = keys.flatMap((key) => [
  `SELECT count(*), sum(a.id), sum(b.price) FROM j_left a, j_right b WHERE ${key}`,
  `SELECT a.id, b.id, a.name, b.code, b.price, a.fl FROM j_left a LEFT JOIN j_right b ON ${key} WHERE a.id % 7 = 1`,
  `SELECT a.id FROM j_left a WHERE EXISTS (SELECT 1 FROM j_right b WHERE ${key})`,
  `SELECT a.id FROM j_left a WHERE NOT EXISTS (SELECT 1 FROM j_right b WHERE ${key})`,
]);

const membership = ["j_right", "j_empty", "j_third", "j_skew"].flatMap((table) => [
  `SELECT id FROM j_left WHERE k IN (SELECT k FROM ${table})`,
  `SELECT id FROM j_left WHERE k NOT IN (SELECT k FROM ${table})`,
  `SELECT id FROM j_left WHERE k NOT IN (SELECT k FROM ${table} WHERE k IS NOT NULL)`,
  `SELECT id FROM j_left WHERE k IN (SELECT k FROM ${table} GROUP BY k HAVING count(*) > 2)`,
  `SELECT count(*) FROM j_left WHERE EXISTS (SELECT 1 FROM ${table})`,
  `SELECT count(*) FROM j_left WHERE NOT EXISTS (SELECT 1 FROM ${table})`,
]);

/** Some need a row of b, or of a, so that the join is a narrower one; the others tell what has no partner. */
const aboveOuter = [
  "b.k > 3", "a.k > 3", "b.id IS NOT NULL", "a.k = b.small", "b.k IN (1, 2, 5)", "length(b.name) = 2", "b.flag",
  "NOT (b.k = 3)", "(b.k > 3) IS TRUE", "b.k > 3 AND a.price > 1", "b.k = 1 OR b.k = 4 AND a.flag", "NOT b.flag",
  "coalesce(b.k, 0) = 0", "b.k IS NULL", "b.k = 1 OR a.k = 1", "b.k > ALL (ARRAY[]::integer[])",
  "(b.k > 3) IS NOT FALSE", "b.k IS DISTINCT FROM 3", "NOT (b.k = 3 AND a.k = 3)",
  "CASE WHEN b.k IS NULL THEN true ELSE b.k > 9 END", "(b.k = 3) IS UNKNOWN",
];
const reduced = ["LEFT", "RIGHT", "FULL"].flatMap((kind) => [
  ...aboveOuter.map((above) => (
    `SELECT a.id, b.id, b.price FROM j_left a ${kind} JOIN j_right b ON a.k = b.k AND a.id % 5 = b.id % 5 `
      + `WHERE ${above}`)),
  `SELECT a.id, b.id, c.amount FROM j_left a ${kind} JOIN j_right b ON a.k = b.k JOIN j_third c ON c.k = b.small`,
  `SELECT a.id, b.id, c.amount FROM j_left a ${kind} JOIN j_right b ON a.k = b.k LEFT JOIN j_third c ON c.k = b.small `
    + "WHERE a.id % 9 = 1",
  `SELECT a.id, b.id, c.amount FROM j_third c LEFT JOIN (j_left a ${kind} JOIN j_right b ON a.id = b.left_id) `
    + "ON c.k = b.small AND a.k > 2",
  `SELECT c.amount, d.x FROM j_third c LEFT JOIN (SELECT a.k, b.price + 1 AS x FROM j_left a ${kind} JOIN j_right b `
    + "ON a.id = b.left_id WHERE b.k > 3) d ON c.k = d.k WHERE d.x > 2",
]);

const scalars = [
  "SELECT id FROM j_left WHERE price = (SELECT max(price) FROM j_left)",
  "SELECT id FROM j_left WHERE k > (SELECT k FROM j_third WHERE amount = 3000000)",
  "SELECT id FROM j_left WHERE k > (SELECT k FROM j_third WHERE amount = 0)",
  "SELECT id FROM j_left WHERE k > (SELECT k FROM j_third WHERE amount < 3000000)",
  "SELECT id FROM j_left WHERE (SELECT k FROM j_empty) IS NULL",
  "SELECT id FROM j_left a WHERE price < (SELECT sum(b.price) / 20 FROM j_right b WHERE b.k = a.k)",
  "SELECT id FROM j_left a WHERE price * 20 < (SELECT sum(b.price) FROM j_right b WHERE b.k = a.k)",
  "SELECT id FROM j_left a WHERE (SELECT sum(b.price) FROM j_right b WHERE b.k = a.k) IS NULL",
  "SELECT id FROM j_left a WHERE price > (SELECT min(b.price) FROM j_right b WHERE b.k = a.k AND b.name = a.name)",
  "SELECT id, (SELECT max(price) FROM j_right) FROM j_left",
  "SELECT id, (SELECT max(price) FROM j_empty) FROM j_left",
  "SELECT id, (SELECT max(b.price) FROM j_right b WHERE b.k = a.k) FROM j_left a ORDER BY id",
  "SELECT k, sum(price) FROM j_left GROUP BY k HAVING sum(price) > (SELECT sum(price) * 0.01 FROM j_right)",
  "SELECT id FROM j_left WHERE price > (SELECT avg(price) FROM j_left)",
  "SELECT id FROM j_left a WHERE price > (SELECT 0.9 * avg(b.price) FROM j_right b WHERE b.k = a.k)",
  "SELECT id FROM j_left WHERE k > (SELECT avg(k) FROM j_right)",
  "SELECT k, count(DISTINCT small), sum(DISTINCT small), avg(DISTINCT small), max(small) FROM j_left GROUP BY k",
  "SELECT count(DISTINCT price), sum(DISTINCT price), avg(DISTINCT price) FROM j_right WHERE k IS NOT NULL",
  "SELECT count(DISTINCT a.code), min(DISTINCT b.code) FROM j_left a JOIN j_right b ON a.k = b.k",
  "SELECT a.name, count(DISTINCT b.big + 1) FROM j_left a LEFT JOIN j_right b ON a.k = b.k GROUP BY a.name",
  "SELECT k, count(DISTINCT small), count(*), sum(DISTINCT big) FROM j_left GROUP BY k",
  "SELECT count(DISTINCT fl), sum(DISTINCT fl), count(DISTINCT 1), count(DISTINCT id) FILTER (WHERE flag) FROM j_left",
  "SELECT a.id FROM j_left a WHERE (SELECT count(DISTINCT b.small) FROM j_right b WHERE b.k = a.k) > 5",
  "SELECT x.k, x.n FROM (SELECT k, count(DISTINCT name) AS n FROM j_right "
    + "GROUP BY k HAVING count(DISTINCT name) > 3) x",
  "SELECT a.id FROM j_left a, (SELECT k, avg(price) AS m, avg(small) AS s, avg(big) AS l FROM j_right GROUP BY k) x " +
    "WHERE x.k = a.k AND (a.price > x.m OR a.small < x.s) AND a.big <> x.l",
  "SELECT a.id FROM j_left a WHERE price < (SELECT avg(b.price) * 1.1 - avg(b.k) FROM j_right b WHERE b.k = a.k)",
  "SELECT k, m, s FROM (SELECT k, avg(price) AS m, avg(big) / 3 AS s FROM j_right GROUP BY k) x WHERE m > 11 AND k > 3",
  "SELECT extract(year FROM j_left.day) AS y, count(*) FROM j_left JOIN j_right USING (id) " +
    "GROUP BY extract(year FROM j_left.day)",
  "SELECT a.id, b.id FROM j_left a, j_right b WHERE a.id = b.left_id AND " +
    "((a.k = 3 AND b.k = 4 AND a.small < 9) OR (a.k = 5 AND b.k < 9) OR (a.k IN (7, 9) AND b.name = 'n3'))",
];

const derived = [
  "SELECT d.n, count(*) FROM (SELECT k, count(*) AS n FROM j_left GROUP BY k) d GROUP BY d.n",
  "SELECT a.id, d.s FROM j_left a LEFT JOIN (SELECT k, sum(price) AS s, 1 AS one FROM j_right GROUP BY " +
    "k) d ON a.k = d.k",
  "SELECT a.id, d.one, d.k FROM j_left a LEFT JOIN (SELECT k, 1 AS one FROM j_right) d ON a.k = d.k WHERE a.id < 40",
  "SELECT count(*), count(d.one) FROM j_left a LEFT JOIN (SELECT k, 1 AS one FROM j_empty) d ON a.k = d.k",
  "SELECT count(*) FROM (SELECT DISTINCT k, name FROM j_left) d",
  "SELECT d.k, d.total FROM (SELECT a.k, a.price * b.price AS total FROM j_left a, j_right b WHERE a.k " +
    "= b.k) d WHERE d.k > 20",
  "WITH w AS (SELECT k, sum(price) AS s FROM j_left GROUP BY k) SELECT w.k FROM w WHERE w.s = (SELECT max(s) FROM w)",
  "WITH w AS (SELECT k, repeat(name, 2) AS c FROM j_left) "
    + "SELECT x.c, (SELECT count(*) FROM w y WHERE y.c = x.c) FROM w x JOIN j_right r ON x.k = r.id",
  "SELECT l.id, r.id FROM j_left l LEFT JOIN j_right r ON upper(l.name) = upper(r.name) "
    + "AND l.flag IS DISTINCT FROM r.flag",
  "SELECT l.id, greatest(l.k, r.k), least(l.price, r.price) FROM j_left l JOIN j_right r ON nullif(l.k, 3) = r.k "
    + "WHERE repeat(l.name, 1) <> r.name AND greatest(l.k, r.k) > 2",
  "WITH w AS (SELECT k, max(price) AS s FROM j_left GROUP BY k) SELECT x.k, y.k FROM w x, w y WHERE x.s = y.s",
  "WITH w AS (SELECT k, sum(price) AS s, count(*) AS c FROM j_left GROUP BY k) "
    + "SELECT x.k, y.c, z.s FROM w x, w y, w z WHERE x.s = y.s AND z.c = (SELECT max(c) FROM w)",
  "WITH v AS (SELECT k, id % 5 AS m, count(*) AS c FROM j_right GROUP BY 1, 2), "
    + "w AS (SELECT k, max(c) AS top, sum(c) AS c FROM v GROUP BY k) "
    + "SELECT v.k, v.m, w.top, u.c FROM v JOIN w ON v.k = w.k JOIN w u ON u.top = v.c WHERE v.c = w.top",
  "SELECT a.s, b.s FROM (SELECT max(id) AS s FROM j_left WHERE k > 3) a, "
    + "(SELECT max(id) AS s FROM j_left WHERE k > 3) b",
  "SELECT count(*) FROM j_right WHERE price > (SELECT avg(price) FROM j_right) "
    + "AND big < (SELECT avg(price) FROM j_right)",
  "SELECT a.k, a.n, b.n FROM (SELECT k, count(*) AS n FROM j_left GROUP BY k) a LEFT JOIN (SELECT k, count(*) AS n "
    + "FROM j_left GROUP BY k) b ON a.n = b.n + 1",
  "SELECT k, n FROM (SELECT k, count(*) AS n FROM j_left GROUP BY k) a UNION ALL "
    + "SELECT n, k FROM (SELECT k, count(*) AS n FROM j_left GROUP BY k) b",
  "SELECT l.k, r.name, t.note FROM j_left l, (SELECT k, name FROM j_right WHERE id < 90) r, j_third t " +
    "WHERE l.k = r.k AND r.k = t.k",
];

const mixed = [
  "SELECT count(*) FROM j_left, j_third",
  "SELECT count(*) FROM j_left, j_empty",
  "SELECT a.id, b.id, c.note FROM j_left a JOIN j_right b ON a.k = b.k LEFT JOIN j_third c ON c.k = b.k " +
    "WHERE a.id < 30",
  "SELECT a.id, b.id, c.note FROM j_left a LEFT JOIN (j_right b JOIN j_third c ON c.k = b.k) ON a.k = " +
    "b.k WHERE a.id < 30",
  "SELECT c.note, sum(a.price * b.price), avg(b.price), count(DISTINCT a.k) FROM j_left a, j_right b, " +
    "j_third c WHERE a.id = b.left_id AND b.k = c.k GROUP BY c.note ORDER BY 1",
  "SELECT k, count(*) FROM j_left FULL JOIN j_right USING (k) GROUP BY k",
  "SELECT count(*) FROM j_left a, j_right b WHERE (a.k = b.k AND a.price > 5 AND b.price > 3) OR (a.k = " +
    "b.k AND a.price < 2 AND b.price < 10)",
  "SELECT sum(coalesce(b.price, 7)), sum(CASE WHEN b.name LIKE 'n1%' THEN 1 ELSE 0 END) FROM j_left a " +
    "LEFT JOIN j_right b ON a.k = b.k AND b.id < 20",
  "SELECT DISTINCT b.name FROM j_left a, j_right b WHERE a.k = b.k",
  "SELECT a.name, max(b.day), min(b.price) FROM j_left a, j_right b WHERE a.k = b.k GROUP BY a.name",
  "SELECT x.id, y.id FROM j_left x, j_left y WHERE x.k = y.k AND x.id < y.id AND x.small = 3",
  "SELECT a.id FROM j_left a LEFT JOIN j_right b ON a.k = b.k WHERE b.id IS NULL",
  "SELECT a.id, b.name FROM j_left a, j_right b WHERE a.k = b.k ORDER BY a.id, b.id LIMIT 20",
  "SELECT a.id FROM j_left a WHERE a.k IN (SELECT k FROM j_right WHERE price > 3) AND NOT EXISTS " +
    "(SELECT 1 FROM j_third c WHERE c.k = a.k)",
  "SELECT a.fl / nullif(b.k, 0) FROM j_left a, j_right b WHERE a.k = b.k AND a.id < 20",
  "SELECT 100 / a.k FROM j_left a, j_right b WHERE a.k = b.k AND a.k <> 0 AND b.id < 30",
  "SELECT count(*) FROM j_left a, j_right b WHERE a.k = b.k AND 100 / b.k > 4 AND b.k <> 0",
];

/** Groupings that may be made before the join: of either side, with what each kind of join makes up. */
const groupedEarly = kinds.flatMap((kind) => [
  `SELECT a.small, count(*), count(b.k), sum(b.price), avg(b.price), min(b.day), max(a.name) FROM j_left a ${kind} ` +
    "j_right b ON a.k = b.k GROUP BY a.small",
  `SELECT b.code, sum(a.price), sum(a.small), avg(a.big), count(a.name) FROM j_left a ${kind} j_skew s ON a.k = s.k ` +
    `${kind} j_right b ON b.k = s.k GROUP BY b.code`,
  `SELECT sum(a.big), sum(b.big) FILTER (WHERE b.small > 3), count(*) FILTER (WHERE a.flag) FROM j_left a ${kind} ` +
    "j_skew b2 ON a.k = b2.k LEFT JOIN j_right b ON b.k = a.k",
  `SELECT count(*), sum(coalesce(b.small, 1)) FROM j_skew a ${kind} j_right b ON a.k = b.k`,
  `SELECT a.k, sum(9000000000000000000 + b.id) FROM j_left a ${kind} j_right b ON a.k = b.k GROUP BY a.k`,
  `SELECT DISTINCT b.code, a.flag FROM j_skew s ${kind} j_left a ON a.k = s.k ${kind} j_right b ON b.k = s.k`,
  `SELECT a.code, count(DISTINCT b.small), count(*) FROM j_left a ${kind} j_right b ON a.k = b.k GROUP BY a.code ` +
    "HAVING sum(b.price) > 100",
  `SELECT sum(10 / nullif(a.small, 0)), sum(a.fl), count(*) FROM j_left a ${kind} j_skew b ON a.k = b.k WHERE a.id > 5`,
]).concat([
  "SELECT count(*), count(a.id), sum(b.id) FROM j_left a, j_right b",
  "SELECT a.flag, count(*) FROM j_left a, j_right b, j_third c GROUP BY a.flag",
  "SELECT a.flag, min(b.id) FROM j_left a, j_empty b GROUP BY a.flag",
  "SELECT sum(10 / (b.small - 20)) FROM j_skew a JOIN j_right b ON a.k = b.k",
  "SELECT a.flag, bool_or(b.flag), bit_and(b.small), bit_xor(b.small) FROM j_left a JOIN j_right b USING (k) " +
    "GROUP BY a.flag",
]);

export const joinStatements: readonly string[] = [
  ...groupedEarly, ...outer, ...keyed, ...reduced, ...membership, ...scalars, ...derived, ...mixed,
];
