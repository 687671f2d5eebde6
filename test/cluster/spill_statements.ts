// Statements whose joins, groups, sorts and windows do not fit a megabyte.
const joined = "count(*), count(l.key), count(r.key), sum(l.id), sum(r.id), sum(l.price), min(l.word), max(r.word)";

export const spillStatements: readonly string[] = [
  ...["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"].flatMap((join) => [
    `SELECT ${joined} FROM spill_left l ${join} spill_right r USING (key)`,
    `SELECT ${joined} FROM spill_left l ${join} spill_right r ON l.word = r.word`,
    `SELECT ${joined} FROM spill_left l ${join} spill_right r ON l.word = r.word AND l.key = r.key`,
  ]),
  `SELECT ${joined} FROM spill_left l LEFT JOIN spill_right r ON l.key = r.key AND l.id > r.id`,
  "SELECT count(*), sum(id) FROM spill_left l WHERE EXISTS (SELECT FROM spill_right r WHERE r.key = l.key)",
  "SELECT count(*), sum(id) FROM spill_left l WHERE NOT EXISTS (SELECT FROM spill_right r WHERE r.key = l.key)",
  "SELECT count(*), sum(id) FROM spill_left l " +
    "WHERE EXISTS (SELECT FROM spill_right r WHERE r.key = l.key AND r.id < l.id)",
  "SELECT count(*), sum(id) FROM spill_left WHERE word IN (SELECT word FROM spill_right WHERE id % 3 > 0)",
  "SELECT count(*), sum(id) FROM spill_left WHERE key NOT IN (SELECT key FROM spill_never_null)",
  "SELECT count(*), sum(id) FROM spill_left WHERE key NOT IN (SELECT key FROM spill_right)",
  "SELECT l.id, l.word, r.id FROM spill_left l JOIN spill_right r USING (key) WHERE l.id % 7 = 0 ORDER BY 1, 3",
  "SELECT key, word, count(*), sum(price), min(day), max(id) FROM spill_left GROUP BY key, word",
  "SELECT word, count(*), min(id), max(word) FROM spill_left GROUP BY word HAVING count(*) > 2",
  "SELECT count(DISTINCT word), count(DISTINCT key) FROM spill_left",
  "SELECT id, day, avg(price) FROM spill_left GROUP BY id, day",
  "SELECT DISTINCT key, day FROM spill_left",
  "SELECT word FROM spill_left UNION SELECT word FROM spill_right",
  "SELECT * FROM spill_left ORDER BY price DESC, day, id",
  "SELECT id, key FROM spill_left ORDER BY key NULLS FIRST, id DESC",
  "SELECT id, sum(id) OVER w, lag(word) OVER w, max(price) OVER w, row_number() OVER w FROM spill_left " +
    "WINDOW w AS (PARTITION BY key ORDER BY id)",
  "SELECT key, percentile_disc(0.5) WITHIN GROUP (ORDER BY day), count(DISTINCT word), count(DISTINCT price), " +
    "string_agg(word, ',' ORDER BY id), corr(price, id ORDER BY id) FROM spill_left GROUP BY key",
  "SELECT id, count(*) OVER (PARTITION BY word), min(day) OVER (PARTITION BY word), " +
    "sum(price) OVER (PARTITION BY day ORDER BY id ROWS BETWEEN 5 PRECEDING AND 3 FOLLOWING) FROM spill_left",
  "SELECT day, max(n) FROM (SELECT day, row_number() OVER (PARTITION BY key, day ORDER BY word, id) AS n " +
    "FROM spill_left) x GROUP BY day",
  "SELECT id, rank() OVER (ORDER BY price, id) FROM spill_left",
  "SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w, " +
    "sum(price) OVER w, count(word) OVER w, min(word) OVER w, max(id) OVER w FROM spill_left " +
    "WINDOW w AS (ORDER BY day)",
  "SELECT id, ntile(7) OVER w, lag(word, 100) OVER w, lead(word, 3000, 'none') OVER w, first_value(word) OVER w, " +
    "last_value(word) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), " +
    "max(price) OVER (w ROWS BETWEEN 40 PRECEDING AND 7 FOLLOWING) FROM spill_left WINDOW w AS (ORDER BY id)",
  "SELECT key, count(*) OVER w, sum(id) OVER w, min(word) OVER w, bool_or(id = 7) OVER w, " +
    "sum(id) OVER (w ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM spill_right " +
    "WINDOW w AS (PARTITION BY key = 4711 ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)",
  "SELECT id, last_value(price) OVER (ORDER BY price), count(*) OVER (ORDER BY price GROUPS BETWEEN CURRENT ROW AND " +
    "UNBOUNDED FOLLOWING), percent_rank() OVER (PARTITION BY id % 2 ORDER BY price) FROM spill_left WHERE id % 2 = 0",
  "SELECT id, count(*) OVER (w RANGE UNBOUNDED PRECEDING EXCLUDE GROUP), " +
    "sum(id) OVER (w ROWS UNBOUNDED PRECEDING EXCLUDE TIES), " +
    "sum(key) OVER (w GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW), " +
    "bool_and(id > 7) OVER (w ROWS BETWEEN 9 PRECEDING AND 50 FOLLOWING EXCLUDE GROUP) FROM spill_left " +
    "WHERE id <= 6000 WINDOW w AS (ORDER BY day)",
  "SELECT day, count(*) FROM spill_left l JOIN spill_right r USING (key) GROUP BY day",
  "SELECT a.day, count(*), sum(c.id) FROM spill_left a JOIN spill_right b USING (key) " +
    "JOIN spill_left c ON c.word = b.word GROUP BY a.day",
  "SELECT l.key, n FROM (SELECT key, count(*) AS n FROM spill_left GROUP BY key, id % 3) l " +
    "JOIN spill_right r USING (key)",
  "WITH x AS (SELECT id, key, word FROM spill_left ORDER BY id LIMIT 30000) " +
    "SELECT count(*), sum(a.id), max(b.word) FROM x a JOIN x b ON a.key = b.id",
  "WITH x AS (SELECT key, word, count(*) AS n FROM spill_left GROUP BY key, word) " +
    "SELECT count(*), sum(a.n), max(b.word) FROM x a JOIN x b ON a.key = b.key WHERE a.n <= (SELECT max(n) FROM x)",
  "SELECT count(*), count(x.id) FROM (SELECT id, word FROM spill_left LIMIT 39000 OFFSET 500) x",
  "SELECT count(*), sum(n) FROM (SELECT key FROM spill_right WHERE id % 300 = 7) r, " +
    "LATERAL (SELECT id AS n FROM spill_left l WHERE l.key = r.key ORDER BY id LIMIT 2) x",
  "WITH sums AS (SELECT key, sum(id) AS ids FROM spill_left GROUP BY key) " +
    "SELECT key, ids FROM sums WHERE ids = (SELECT max(ids) FROM sums)",
  "SELECT key % 7, md5(string_agg(word, ', ' ORDER BY id)), md5(array_agg(id ORDER BY id DESC)::text), count(*) " +
    "FROM spill_left GROUP BY key % 7",
  "SELECT length(string_agg(word, word ORDER BY id)), cardinality(array_agg(day)), sum(price) FROM spill_left",
  "SELECT key, array_agg(word ORDER BY word COLLATE \"C\", id), max(word COLLATE \"C\") FROM spill_left " +
    "GROUP BY key ORDER BY key LIMIT 900",
  "SELECT id % 90, min(repeat(word, 20) COLLATE \"C\"), max(repeat(word, 20) COLLATE \"C\"), " +
    "array_agg(key ORDER BY id) FROM spill_left GROUP BY id % 90 HAVING count(*) > 3",
  "SELECT id, ARRAY(SELECT r.id FROM spill_right r WHERE r.key = l.key ORDER BY r.id) FROM spill_left l " +
    "WHERE l.id % 5 = 0",
  "SELECT md5(ARRAY(SELECT word FROM spill_right ORDER BY id)::text)",
];
