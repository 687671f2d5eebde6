// Joins whose build side may filter the probed scans, over all key types and through everything that may lie between,
// and joins that must not be filtered. `f_build` is reduced to a part of its rows, or to none.

/** Columns of both tables that a filter can be made of. */
export const filteredKeys = [
  "k2", "k4", "k8", "far", "d", "ts", "tz", "u", "t", "v", "c", "c1", "n", "n5", "nw", "long", "f4", "f8", "o", "e",
] as const;

/** Pairs of columns of different types. */
const mixedKeys: readonly (readonly [string, string])[] = [
  ["k2", "k8"], ["k4", "k2"], ["k8", "k4"], ["t", "v"], ["v", "t"], ["c", "c20"], ["c1", "c"], ["n", "nw"], ["nw", "n"],
  ["n", "n5"], ["n5", "n"], ["f4", "f8"], ["f8", "f4"], ["added", "k2"],
];

const small = "(SELECT * FROM f_build WHERE pick < 20) b";

function forms(condition: string): readonly string[] {
  const exists = `EXISTS (SELECT 1 FROM f_build b WHERE ${condition} AND b.pick < 20)`;
  return [
    `SELECT count(*), sum(p.id), sum(b.id) FROM f_probe p JOIN ${small} ON ${condition}`,
    `SELECT count(*), sum(p.id) FROM f_probe p WHERE ${exists}`,
    `SELECT count(*), sum(p.id) FROM f_probe p WHERE NOT ${exists}`,
    `SELECT count(*), sum(p.id), sum(b.id) FROM f_probe p LEFT JOIN ${small} ON ${condition}`,
    `SELECT count(*), sum(p.id), sum(b.id) FROM f_probe p RIGHT JOIN ${small} ON ${condition}`,
    `SELECT count(*), sum(p.id), sum(b.id) FROM f_probe p FULL JOIN ${small} ON ${condition}`,
  ];
}

/** Build rows below what `pick` says; 0 for none. */
export const joinOn = (key: string, pick: number): string =>
  `SELECT count(*), sum(p.id), sum(b.id) FROM f_probe p JOIN f_build b ON p.${key} = b.${key} AND b.pick < ${pick}`;

export const filterStatements: readonly string[] = [
  ...filteredKeys.flatMap((key) => forms(`p.${key} = b.${key}`)),
  ...mixedKeys.flatMap(([probe, build]) => forms(`p.${probe} = b.${build}`)),
  ...filteredKeys.map((key) => joinOn(key, 0)),
  ...forms("p.k4 = b.k4 AND p.t = b.t"),
  ...forms("p.d = b.d AND p.n = b.n AND p.c = b.c"),
  ...forms("p.k8 = b.k8 AND p.id <> b.id"),
  ...forms("p.k4 = b.k4 + 0"),
  ...forms("p.k4 + 0 = b.k4"),
  // Through filter, projection, grouping, union and other joins.
  `SELECT count(*), sum(s.x) FROM (SELECT k4 AS key, id * 2 AS x FROM f_probe WHERE id % 3 > 0) s
     JOIN ${small} ON s.key = b.k4`,
  `SELECT count(*), sum(s.x) FROM (SELECT k4 AS key, sum(id) AS x FROM f_probe GROUP BY k4) s
     JOIN ${small} ON s.key = b.k4`,
  `SELECT count(*), sum(s.x) FROM (SELECT DISTINCT k4 AS key, k2 AS x FROM f_probe) s JOIN ${small} ON s.key = b.k4`,
  `SELECT count(*), sum(s.x) FROM (SELECT count(*) AS key, k4 AS x FROM f_probe GROUP BY k4) s
     JOIN ${small} ON s.key = b.k2`,
  `SELECT count(*), sum(s.id) FROM (SELECT id, k4 FROM f_probe UNION ALL SELECT id, k4 FROM f_middle) s
     JOIN ${small} ON s.k4 = b.k4`,
  `SELECT count(*), sum(s.id) FROM (SELECT id, k4 FROM f_probe ORDER BY id LIMIT 3000) s JOIN ${small} ON s.k4 = b.k4`,
  `SELECT count(*), sum(p.id), sum(m.id) FROM f_probe p JOIN f_middle m ON p.id = m.id JOIN ${small} ON p.k4 = b.k4`,
  `SELECT count(*), sum(p.id), sum(m.id) FROM f_probe p JOIN f_middle m ON p.id = m.id JOIN ${small} ON m.k4 = b.k4`,
  `SELECT count(*), sum(p.id), sum(m.id) FROM f_probe p JOIN f_middle m ON p.id = m.id
     JOIN ${small} ON m.part = b.k2 AND p.k4 = b.k4`,
  `SELECT count(*), sum(p.id), sum(m.id) FROM (f_probe p LEFT JOIN f_middle m ON p.id = m.id)
     JOIN ${small} ON p.k4 = b.k4`,
  `SELECT count(*), sum(p.id), sum(m.id), sum(b.id)
     FROM (f_probe p LEFT JOIN f_middle m ON p.id = m.id AND m.part < 3) LEFT JOIN ${small} ON m.k4 = b.k4`,
  `SELECT count(*), sum(p.id) FROM f_probe p WHERE k4 IN (SELECT k4 FROM f_build WHERE pick < 10)
     AND k8 IN (SELECT k8 FROM f_build WHERE pick < 50) AND NOT EXISTS (SELECT 1 FROM f_middle m WHERE m.id = p.id)`,
  `SELECT count(*), sum(p.id) FROM f_probe p WHERE k4 NOT IN
     (SELECT k4 FROM f_build WHERE pick < 10 AND k4 IS NOT NULL)`,
  `SELECT count(*), sum(p.id), sum(q.id) FROM f_probe p JOIN f_probe q ON p.k4 = q.k8 AND q.id < 40`,
  // Other paths: partitions, the executor's conditions, no column but the key.
  `SELECT count(*), sum(p.id), max(p.note) FROM f_parts p JOIN ${small} ON p.k4 = b.k4`,
  `SELECT count(*), sum(p.id) FROM f_probe p JOIN ${small} ON p.k4 = b.k4 WHERE p.t LIKE '%a%' AND length(p.t) > 3`,
  `SELECT count(*) FROM f_probe p JOIN ${small} ON p.k4 = b.k4`,
  `SELECT p.id, p.k4, p.t, p.n, b.id FROM f_probe p JOIN ${small} ON p.k4 = b.k4 AND p.id % 7 = 0`,
];
