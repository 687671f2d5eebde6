SELECT id, (SELECT count(*) FROM b WHERE b.x < a.x) FROM a;
SELECT id, (SELECT max(b.t) FROM b WHERE b.x < a.x OR b.k = a.k) FROM a;
SELECT id, (SELECT count(*) FROM b WHERE b.x IS NOT DISTINCT FROM a.x) FROM a;
SELECT id, (SELECT count(*) FROM b WHERE COALESCE(b.x, 3) = COALESCE(a.x, 3) AND a.x IS NULL) FROM a;
SELECT id, (SELECT count(*) FROM b WHERE a.k IS NULL) FROM a;
SELECT id, (SELECT min(b.d) FROM b WHERE b.d > a.d AND b.k = a.k) FROM a;
SELECT id, (SELECT b.id FROM b WHERE b.x < a.x ORDER BY b.x DESC, b.id LIMIT 1) FROM a;
SELECT id, (SELECT b.t FROM b WHERE b.k = a.k ORDER BY b.id LIMIT 1) FROM a;
SELECT id, (SELECT b.t FROM b WHERE b.k = a.k ORDER BY b.id LIMIT 1 OFFSET 2) FROM a;
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k GROUP BY b.x HAVING count(*) > 1 AND max(b.id) > a.id);
SELECT id FROM a WHERE EXISTS (SELECT b.x FROM b WHERE b.k < a.k GROUP BY b.x HAVING count(*) > 2);
SELECT id FROM a WHERE NOT EXISTS (SELECT b.x FROM b WHERE b.k < a.k GROUP BY b.x HAVING count(*) > 2);
SELECT id, EXISTS (SELECT 1 FROM b WHERE b.x < a.x AND b.k > a.k) FROM a;
SELECT id FROM a WHERE a.k = 3 OR EXISTS (SELECT 1 FROM b WHERE b.x < a.x AND b.k > a.k);
SELECT id FROM a WHERE a.x IN (SELECT b.x FROM b WHERE b.k < a.k);
SELECT id FROM a WHERE a.x NOT IN (SELECT b.x FROM b WHERE b.k < a.k AND b.x IS NOT NULL);
SELECT id FROM a WHERE a.x IN (SELECT max(b.x) FROM b WHERE b.k < a.k GROUP BY b.n);
SELECT id FROM a WHERE a.x NOT IN (SELECT max(b.x) FROM b WHERE b.k = a.k GROUP BY b.n);
SELECT id FROM a WHERE a.k IN (SELECT b.k FROM b WHERE b.x > a.x ORDER BY b.id LIMIT 3);
SELECT id, a.x IN (SELECT b.x FROM b WHERE b.k < a.k) FROM a;
SELECT id FROM a WHERE (a.x IN (SELECT b.x FROM b WHERE b.k < a.k)) IS NULL;
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.k = a.k AND EXISTS (SELECT 1 FROM b WHERE b.k = c.k AND b.x >
  a.x));
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.k = a.k AND NOT EXISTS (SELECT 1 FROM b WHERE b.k = c.y AND b.x
  > a.x));
SELECT id, (SELECT count(*) FROM c WHERE c.k = a.k AND c.y < (SELECT max(b.x) FROM b WHERE b.k = a.k AND b.n < c.y))
  FROM a;
SELECT id, (SELECT sum(s) FROM (SELECT sum(b.x) s FROM b WHERE b.k = a.k GROUP BY b.n) q) FROM a;
SELECT id, (SELECT count(*) FROM (SELECT DISTINCT b.x FROM b WHERE b.k < a.k) q) FROM a;
SELECT id, (SELECT count(*) FROM (SELECT b.x FROM b WHERE b.k = a.k UNION SELECT c.y FROM c WHERE c.k = a.k) q) FROM a;
SELECT id, (SELECT count(*) FROM (SELECT b.x FROM b WHERE b.k < a.k UNION ALL SELECT c.y FROM c WHERE c.k = a.x) q(z)
  WHERE z > a.x) FROM a;
SELECT id, (SELECT count(*) FROM (SELECT b.x FROM b WHERE b.k < a.k INTERSECT SELECT c.y FROM c WHERE c.k <> a.x) q)
  FROM a;
SELECT id, (SELECT count(*) FROM (SELECT b.x FROM b WHERE b.k < a.k EXCEPT ALL SELECT c.y FROM c WHERE c.k = a.x) q)
  FROM a;
SELECT id FROM a WHERE a.x IN (SELECT b.x FROM b WHERE b.k = a.k UNION SELECT c.y FROM c WHERE c.k < a.k);
SELECT id FROM a WHERE EXISTS (SELECT b.x FROM b WHERE b.k = a.k EXCEPT SELECT c.y FROM c WHERE c.k < a.k);
SELECT a.id, q.* FROM a, LATERAL (SELECT count(*) n, max(b.x) m FROM b WHERE b.x < a.x) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT b.id bid, b.t FROM b WHERE b.x < a.x ORDER BY b.id DESC LIMIT 2) q;
SELECT a.id, q.* FROM a LEFT JOIN LATERAL (SELECT b.id bid, b.t FROM b WHERE b.x < a.x ORDER BY b.id DESC LIMIT 2) q
  ON true;
SELECT a.id, q.* FROM a LEFT JOIN LATERAL (SELECT b.k, count(*) FROM b WHERE b.x < a.x GROUP BY b.k) q ON q.k = a.k;
SELECT a.id, q.* FROM a, LATERAL (SELECT b.id, rank() OVER (ORDER BY b.x) FROM b WHERE b.x < a.k) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT DISTINCT b.k FROM b WHERE b.x <> a.x) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT b.x FROM b WHERE b.k = a.k UNION SELECT c.y FROM c WHERE c.k < a.k) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT a.x UNION ALL SELECT a.k) q(v);
SELECT a.id, q.* FROM a, LATERAL (SELECT max(v) FROM (SELECT a.x UNION ALL SELECT a.k) r(v)) q;
SELECT a.id, q.* FROM a JOIN c ON c.k = a.k, LATERAL (SELECT count(*) FROM b WHERE b.x BETWEEN a.x AND c.y) q;
SELECT a.id, (SELECT count(*) FROM b WHERE b.x BETWEEN a.x AND c.y) FROM a JOIN c ON c.k = a.k;
SELECT a.id, (SELECT count(*) FROM b WHERE b.x BETWEEN a.x AND c.y) FROM a LEFT JOIN c ON c.k = a.k;
SELECT a.id, (SELECT max(b.x + 0 * a.id) FROM b WHERE b.k = a.k) FROM a;
SELECT a.id, (SELECT string_agg(b.t, ',') FROM b WHERE b.k < a.k) FROM a;
SELECT id FROM a WHERE a.x > ALL (SELECT b.x FROM b WHERE b.k = a.k AND b.x < a.id);
SELECT id FROM a WHERE a.x > (SELECT avg(b.x) FROM b WHERE b.k < a.k);
SELECT id FROM a WHERE a.n > (SELECT avg(b.n) FROM b WHERE b.d < a.d);
SELECT id FROM a WHERE a.t > (SELECT max(b.t) FROM b WHERE b.t < a.t);
SELECT id, (SELECT count(*) FROM b WHERE b.t LIKE a.t || '%') FROM a;
SELECT id FROM a WHERE EXISTS (WITH w AS (SELECT * FROM b WHERE b.k = a.k) SELECT 1 FROM w w1 JOIN w w2 ON w1.x = w2.x
  AND w1.id < w2.id);
SELECT id, (WITH w AS (SELECT b.x, count(*) n FROM b WHERE b.k < a.k GROUP BY 1) SELECT max(n) FROM w WHERE x > a.x)
  FROM a;
SELECT q.id, (SELECT count(*) FROM b WHERE b.x < q.s) FROM (SELECT id, x + k AS s FROM a) q;
SELECT k, count(*), (SELECT count(*) FROM b WHERE b.x < a.k) FROM a GROUP BY k;
SELECT id FROM a ORDER BY (SELECT count(*) FROM b WHERE b.x < a.x), id;
SELECT (SELECT count(*) FROM b WHERE b.x < a.x) z, count(*) FROM a GROUP BY 1;
SELECT k FROM a GROUP BY k HAVING count(*) > (SELECT count(*) FROM c WHERE c.y < a.k);
SELECT a.id FROM a LEFT JOIN b ON b.k = a.k AND b.x > (SELECT avg(c.y) FROM c WHERE c.k < b.x);
SELECT a.id FROM a LEFT JOIN b ON b.k = a.k AND a.x > (SELECT avg(c.y) FROM c WHERE c.k < a.k);
SELECT a.id FROM a JOIN b ON b.k = a.k AND a.x > (SELECT avg(c.y) FROM c WHERE c.k < b.x);
SELECT id, CASE WHEN a.k > 3 THEN (SELECT count(*) FROM b WHERE b.x < a.x) ELSE 0 END FROM a;
SELECT id FROM a WHERE a.f > (SELECT min(b.f) FROM b WHERE b.f < a.f);
SELECT id, (SELECT count(*) FROM b WHERE b.id < a.id AND b.x IN (SELECT c.y FROM c WHERE c.k < a.k)) FROM a;
SELECT id, (SELECT count(*) FROM b WHERE b.id < a.id AND (b.x IN (SELECT c.y FROM c WHERE c.k < a.k) OR b.k = a.k))
  FROM a;
SELECT id, (SELECT count(*) FROM b JOIN c ON c.k = b.k AND c.y < a.x WHERE b.id < a.id) FROM a;
SELECT id, (SELECT count(c.id) FROM b LEFT JOIN c ON c.k = b.k AND c.y < a.x WHERE b.id < a.id) FROM a;
SELECT id, (SELECT count(*) FROM b LEFT JOIN (SELECT y, count(*) n FROM c WHERE c.k < a.k GROUP BY y) q ON q.y = b.x
  WHERE b.k = a.k) FROM a;
SELECT id FROM a WHERE EXISTS (SELECT 1 FROM generate_series(1, a.k) g WHERE g = a.x);
SELECT id, (SELECT sum(v) FROM (VALUES (a.x), (a.k)) q(v)) FROM a;
SELECT id, (SELECT count(*) FROM b TABLESAMPLE system (100) WHERE b.x < a.x) FROM a;
SELECT id, (SELECT b.x FROM b WHERE b.id = a.id) FROM a;
SELECT id, (SELECT count(*) FROM b WHERE b.x < a.x HAVING count(*) > 3) FROM a;
SELECT a.id, q.* FROM a, LATERAL (SELECT count(*) n FROM b WHERE b.x < a.x HAVING count(*) > 3) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT count(*) n FROM b WHERE b.x < a.x LIMIT 1) q;
SELECT a.id, q.* FROM a, LATERAL (SELECT c.k, q2.* FROM c, LATERAL (SELECT count(*) FROM b WHERE b.x < c.y AND b.k <
  a.k) q2 WHERE c.k = a.k) q;
SELECT id FROM a WHERE (SELECT count(*) FROM b WHERE b.x < a.x) > 10 AND (SELECT count(*) FROM b WHERE b.k < a.k) > 5;
SELECT id FROM a WHERE (k, x) < (3, 4);
SELECT a.id, b.id FROM a JOIN b ON (a.k, a.x) < (b.k, b.x) WHERE a.id < 20;
SELECT a.id, b.id FROM a JOIN b ON (a.k, a.t, a.n) >= (b.k, b.t, b.n) WHERE a.id < 20;
SELECT a.id, b.id, (a.k, a.d) > (b.k, b.d), (a.x, b.k) <= (b.x, a.k) FROM a, b WHERE a.id < 30;
SELECT id FROM a WHERE (k, x) < (SELECT max(k), min(x) FROM b);
SELECT id FROM a WHERE (k, x) = (SELECT max(k), min(x) FROM b WHERE b.k = a.k);
SELECT id FROM a WHERE (k, x) <> (SELECT max(k), min(x) FROM b WHERE b.k <= a.k);
SELECT id, (k, x) <= (SELECT max(k), min(x) FROM b WHERE b.k < a.x) FROM a;
SELECT id, (k, id) = (SELECT count(*), max(b.id) FROM b WHERE b.k = a.x) FROM a;
SELECT id FROM a WHERE (k, x) = (SELECT k, x FROM b ORDER BY id LIMIT 1);
SELECT id FROM a WHERE (k, x) < ANY (SELECT k, x FROM b WHERE b.id > a.id);
SELECT id FROM a WHERE (k, x) < ALL (SELECT k, x FROM b WHERE b.id > a.id AND b.k IS NOT NULL);
SELECT id FROM a WHERE (k, x) IN (SELECT k, x FROM b WHERE b.id > a.id);
SELECT id FROM a WHERE (k, x) NOT IN (SELECT k, x FROM b WHERE b.k < a.k);
SELECT id, (k, x) IN (SELECT k, x FROM b) FROM a;
SELECT id, (k, x) NOT IN (SELECT k, x FROM b WHERE b.id < a.id) FROM a;
SELECT id, k < ALL (SELECT x FROM b WHERE b.k = a.k) FROM a;
SELECT id, k > ANY (SELECT x FROM b WHERE b.k < a.k) FROM a;
SELECT id, k <> ALL (SELECT max(x) FROM b WHERE b.k < a.k GROUP BY t) FROM a;
SELECT id FROM a WHERE k = 3 OR k >= ALL (SELECT x FROM b WHERE b.k = a.k);
SELECT id FROM a WHERE NOT (k >= ALL (SELECT x FROM b WHERE b.k = a.k)) OR x = 1;
SELECT id, k = ANY (ARRAY(SELECT x FROM b WHERE b.k = a.k)) FROM a;
SELECT id, ARRAY(SELECT x FROM b WHERE b.k = a.k ORDER BY id) FROM a;
SELECT a.id, count(b.id) FROM a LEFT JOIN b ON (a.k, a.x) < (b.k, b.x) GROUP BY a.id;
SELECT k, count(*), (SELECT count(*) FROM b WHERE b.x < a.k) FROM a GROUP BY k;
SELECT DISTINCT k, (SELECT max(b.n) FROM b WHERE b.x = a.k) FROM a;
SELECT k, x, sum(n), (SELECT count(*) FROM b WHERE b.x = a.k AND b.k = a.x) FROM a GROUP BY k, x;
SELECT k, count(DISTINCT x), EXISTS (SELECT 1 FROM b WHERE b.x = a.k) FROM a GROUP BY k;
SELECT k FROM a GROUP BY k HAVING count(*) > (SELECT count(*) FROM c WHERE c.y < a.k);
SELECT k, (SELECT count(*) FROM b WHERE b.x < a.k) FROM a GROUP BY ROLLUP (k);
