// Statements that depend on the order of a text column, or on its equality alone, one for each place where an engine
// could take its bytes for its order. The column stands for any of collations_schema.sql.

/** The same statements for each column. */
export function statementsOver(column: string): readonly string[] {
  return [
    `SELECT team, min(${column}), max(${column}) FROM words GROUP BY team`,
    `SELECT min(a.${column}), max(b.${column}) FROM words a JOIN others b ON a.id = b.id`,
    `SELECT count(*), max(a.${column}) FILTER (WHERE b.team > 3) FROM words a LEFT JOIN others b ON a.id = b.id + 1`,
    `SELECT count(*) FROM words a JOIN few b ON a.team = b.team AND a.${column} < b.${column}`,
    `SELECT count(*) FROM words a JOIN few b ON a.team = b.team AND a.${column} >= b.${column}`,
    // A char(n) of any length, whose order no scan makes keys for.
    `SELECT count(*) FROM words a JOIN few b ON a.${column}::text::bpchar < b.${column}::bpchar`,
    `SELECT count(*) FROM words a JOIN others b ON a.${column} = b.${column}`,
    `SELECT count(*) FROM words a JOIN others b ON a.team = b.id WHERE a.${column} > 'b' OR b.${column} < 'a'`,
    `SELECT a.id, greatest(a.${column}, b.${column}), least(a.${column}, b.${column})
       FROM words a JOIN others b ON a.team = b.id`,
    `SELECT id, row_number() OVER (PARTITION BY team ORDER BY ${column}, id) FROM words`,
    `SELECT id, rank() OVER (ORDER BY ${column} DESC NULLS LAST), dense_rank() OVER (ORDER BY ${column}) FROM words`,
    `SELECT id, min(id) OVER (ORDER BY ${column} RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM few`,
    `SELECT w.id, w.place FROM (SELECT id, team, rank() OVER (PARTITION BY team ORDER BY ${column} DESC) AS place
       FROM words) w JOIN others o ON o.id = w.id WHERE w.place < 20`,
    `SELECT count(*), sum(b.id) FROM others a JOIN (SELECT id FROM words ORDER BY ${column} DESC, id LIMIT 90) b
       ON a.id = b.id`,
    `SELECT count(*), sum(b.id) FROM others a JOIN (SELECT DISTINCT ON (team) team, id FROM words
       ORDER BY team, ${column}, id) b ON a.id = b.id`,
    `SELECT o.id, x.id FROM few o, LATERAL (SELECT id FROM words w WHERE w.team = o.team
       ORDER BY w.${column} NULLS FIRST, id LIMIT 3) x`,
    `SELECT o.id, (SELECT max(w.${column}) FROM words w WHERE w.team = o.team AND w.${column} < o.${column})
       FROM few o`,
    `SELECT id FROM few o WHERE ${column} > ALL (SELECT w.${column} FROM others w WHERE w.team = o.team AND w.id < 99)`,
    `SELECT id FROM few o WHERE ${column} <= ANY (SELECT w.${column} FROM others w WHERE w.id < o.id)`,
    `SELECT id FROM words o WHERE (team, ${column}) < (SELECT team, ${column} FROM words WHERE id = 500)`,
    `SELECT a.id FROM words a JOIN few b ON (a.team, a.${column}) > (b.team, b.${column}) AND a.id = b.id + 3`,
    `SELECT ${column}, count(*) FROM words GROUP BY 1 ORDER BY 1 NULLS FIRST LIMIT 30`,
    `SELECT a.id, a.${column} FROM words a JOIN others b ON a.id = b.id ORDER BY a.${column} DESC, 1 LIMIT 25 OFFSET 5`,
    `SELECT ${column} FROM words INTERSECT SELECT ${column} FROM others ORDER BY 1 LIMIT 20`,
    `SELECT ${column} FROM words EXCEPT SELECT ${column} FROM others WHERE team > 2 ORDER BY 1 DESC`,
    `SELECT max(u.x) FROM (SELECT ${column} AS x FROM words UNION ALL SELECT ${column} FROM others) u`,
    `SELECT team, string_agg(${column}::text, ',' ORDER BY ${column}, id) FROM words GROUP BY team`,
    `SELECT team, count(DISTINCT ${column}), string_agg(DISTINCT ${column}::text, '/') FROM words GROUP BY team`,
    `SELECT team, percentile_disc(0.4) WITHIN GROUP (ORDER BY ${column}), mode() WITHIN GROUP (ORDER BY ${column})
       FROM words GROUP BY team`,
    `SELECT team, ${column}, count(*), min(id) FROM words GROUP BY ROLLUP (team, ${column}) HAVING count(*) > 4`,
    `SELECT x, rank() OVER (ORDER BY x), n FROM (SELECT ${column} AS x, count(*) AS n FROM words GROUP BY 1) g`,
    `SELECT t.team, t.least FROM (SELECT team, min(${column}) AS least FROM words GROUP BY team) t
       JOIN others o ON o.team = t.team AND o.${column} = t.least`,
    `SELECT count(*) FROM words a JOIN others b ON a.id = b.id
       AND CASE WHEN a.team > 2 THEN a.${column} ELSE b.${column} END < b.${column}`,
    `SELECT min(coalesce(b.${column}, a.${column})) FROM words a LEFT JOIN others b ON a.id = b.id GROUP BY a.team`,
    `SELECT count(*) FROM words a JOIN others b ON a.team = b.team AND a.${column} BETWEEN b.${column} AND 'Z'
       WHERE b.id < 50`,
    `SELECT a.${column}, b.id, a.id FROM few a LEFT JOIN words b ON a.team = b.team AND b.id < 900
       ORDER BY a.${column} DESC, b.id, a.id LIMIT 25 OFFSET 3`,
    `SELECT b.id, a.id FROM few a JOIN words b ON a.team = b.team ORDER BY a.${column} NULLS FIRST, 1, 2 LIMIT 40`,
    // Under another collation than the column's own.
    `SELECT count(*), sum(s.c) FROM (SELECT ${column} AS v, count(*) AS c FROM words GROUP BY ${column}) s
       JOIN few f ON f.id <= s.c WHERE s.v::text COLLATE "C" < 'b'`,
    `SELECT w.id, w.place FROM (SELECT id, ${column} AS v, rank() OVER (PARTITION BY ${column} ORDER BY id) AS place
       FROM words) w JOIN others o ON o.id = w.id WHERE w.v::text COLLATE "C" >= 'a'`,
    `SELECT o.id, s.v FROM words o LEFT JOIN LATERAL (SELECT o.team AS v WHERE o.${column}::text COLLATE "C" < 'x') s
       ON true`,
  ];
}

/** Those that the engine orders by keys where scans make them. */
export function keyedStatements(column: string): readonly string[] {
  const joined = `FROM few a JOIN words b ON a.team = b.team JOIN others c ON c.team = a.team`;
  return [
    `SELECT count(*) FROM words a JOIN few b ON a.team = b.team AND a.${column} < b.${column}`,
    `SELECT b.team, count(*), min(a.${column}), max(a.${column}) FILTER (WHERE c.id > 200) ${joined} GROUP BY 1`,
    `SELECT b.team, percentile_disc(0.5) WITHIN GROUP (ORDER BY a.${column}), mode() WITHIN GROUP (ORDER BY a.${column})
       ${joined} WHERE c.id < 30 GROUP BY 1`,
    `SELECT o.id, (SELECT max(w.${column}) FROM words w WHERE w.team = o.team AND w.id <> o.id) FROM few o`,
    `SELECT o.id, x.id, x.${column} FROM few o, LATERAL (SELECT id, ${column} FROM words w WHERE w.team = o.team
       ORDER BY w.${column} DESC NULLS LAST, id LIMIT 3) x`,
    `SELECT o.id, ARRAY(SELECT w.id FROM words w WHERE w.team = o.team AND w.id < 200
       ORDER BY w.${column} DESC, id) FROM few o`,
    `SELECT count(*), sum(x.id) FROM others o JOIN (SELECT b.id FROM few a LEFT JOIN words b ON a.team = b.team
       ORDER BY b.${column} NULLS FIRST, b.id LIMIT 70) x ON x.id = o.id`,
    `SELECT sum(x.id) FROM (SELECT DISTINCT ON (a.team) b.id FROM few a JOIN words b ON a.team = b.team
       ORDER BY a.team, b.${column} DESC NULLS LAST, b.id) x`,
    `SELECT sum(x.place * x.id) FROM (SELECT b.id, rank() OVER (PARTITION BY a.id ORDER BY b.${column}) AS place
       FROM few a LEFT JOIN words b ON a.team = b.team) x WHERE x.place < 9`,
    `SELECT sum(x.id) FROM (SELECT a.id, b.${column} AS own,
         max(b.${column}) OVER (PARTITION BY a.id ORDER BY b.id) AS top
       FROM few a LEFT JOIN words b ON a.team = b.team) x WHERE x.top = x.own`,
    `SELECT count(*) FROM words a JOIN few b ON a.id = b.team
       AND coalesce(a.${column}, b.${column}) > CASE WHEN b.id > 500 THEN a.${column} ELSE b.${column} END`,
    `SELECT a.id FROM words a JOIN few b ON (a.team, a.${column}, a.id) > (b.team, b.${column}, b.id) AND a.id < 40`,
    `SELECT id FROM few o WHERE ${column} > ALL (SELECT w.${column} FROM others w WHERE w.team = o.team AND w.id < 99)`,
  ];
}

/** The same over rows that come from elsewhere than a plain table's blocks. */
export const keyedElsewhere: readonly string[] = [
  `SELECT count(*), sum(f.id) FROM (SELECT b.und, generate_series(1, 2) g FROM words a JOIN words b ON a.id = b.id
     WHERE a.id < 400) s JOIN others f ON s.und < f.und AND f.id % 10 = s.g`,
  "SELECT p.team, min(p.und), max(p.und) FROM parts p JOIN others f ON f.team = p.team WHERE p.id < 100 GROUP BY 1",
  "SELECT count(*) FROM parts p JOIN parts q ON p.team = q.team AND p.und > q.und AND q.id < 50",
  "SELECT count(*) FROM words a JOIN others b ON a.team = b.id AND a.und >= b.und WHERE a.id BETWEEN 10 AND 30",
  "SELECT f.id, (SELECT max(w.und) FROM wide w WHERE w.team = f.team AND w.id <> f.id) FROM few f",
];

/** Orders and letters of computed texts, under collations named where they are used. */
export const computedStatements: readonly string[] = [
  ...["C", "und-x-icu", "plain", "odd"].flatMap((collation) => [
    `SELECT team, min(word COLLATE "${collation}"), max(und COLLATE "${collation}") FROM words GROUP BY team`,
    `SELECT count(*) FROM words a JOIN few b ON a.team = b.team AND a.word COLLATE "${collation}" < b.word`,
    `SELECT count(*) FROM words a JOIN few b ON a.team = b.team AND a.c < b.und COLLATE "${collation}"`,
    `SELECT id, rank() OVER (ORDER BY word COLLATE "${collation}", id) FROM words`,
    `SELECT max(a.word || b.c COLLATE "${collation}") FROM words a JOIN others b ON a.id = b.id`,
    `SELECT count(*) FROM words a JOIN others b ON a.id = b.id
       AND upper(a.word || b.c COLLATE "${collation}") <> lower(a.word || b.c COLLATE "${collation}")`,
  ]),
  ...["upper", "lower", "initcap"].flatMap((name) => ["word", "c", "und", "bytes", "nick::text"].map((column) =>
    `SELECT ${name}(a.${column} || b.team), count(*) FROM words a JOIN others b ON a.id = b.id GROUP BY 1`)),
  "SELECT count(*) FROM words a JOIN others b ON a.id = b.id AND upper(a.word || b.team) = upper(b.word || a.team)",
  "SELECT max(a.c), min(b.und), max(a.word), min(b.odd), max(a.bytes) FROM words a JOIN others b ON a.id = b.id",
  "SELECT w.shade, min(w.und), max(w.shade) FROM words w JOIN others o ON o.id = w.id AND o.shade < w.shade GROUP BY 1",
  "SELECT a.id FROM words a JOIN others b ON a.word < b.c AND a.id = b.id",
  "SELECT count(*) FROM words a JOIN others b ON a.id = b.id + 1 AND a.word COLLATE \"und-x-icu\" < b.word",
  `SELECT * FROM (SELECT word COLLATE "C" AS x FROM words UNION SELECT und COLLATE "C" FROM words) u
     ORDER BY x LIMIT 9`,
];
