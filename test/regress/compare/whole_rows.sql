-- Rows of subqueries, WITH, VALUES and views as values: their columns' names, their NULLs, their order.
SELECT x FROM (SELECT a, c FROM t WHERE a < 4) x ORDER BY x;
SELECT row_to_json(x) FROM (SELECT c, sum(b) FROM t GROUP BY c) x ORDER BY x.c;
SELECT row_to_json(x) FROM (SELECT c AS "Ä b", sum(b) total FROM t GROUP BY c) x ORDER BY (x."Ä b");
SELECT json_agg(x) FROM (SELECT a, b FROM t WHERE a < 4 ORDER BY a) x;
SELECT array_agg(x ORDER BY x.c) FROM (SELECT DISTINCT c FROM t) x;
WITH q AS (SELECT c, count(*) n FROM t GROUP BY c) SELECT row_to_json(q) FROM q ORDER BY c;
WITH q(k, l) AS (SELECT c, count(*) n FROM t GROUP BY c) SELECT to_jsonb(q) FROM q ORDER BY k;
WITH q AS MATERIALIZED (SELECT c, count(*) n FROM t GROUP BY c) SELECT json_agg(q ORDER BY c), count(q) FROM q;
SELECT v, row_to_json(v) FROM (VALUES (1, 'x'), (2, NULL)) v(p, q) JOIN t ON t.a = v.p ORDER BY t.a;
SELECT t.a, row_to_json(y), y IS NULL FROM t JOIN (SELECT k, count(*) n FROM part GROUP BY k) y ON y.k = t.a
WHERE t.a < 5 ORDER BY t.a;
SELECT a, (SELECT row_to_json(y) FROM (SELECT t.a, t.c) y) FROM t WHERE a < 4 ORDER BY a;
SELECT a, (SELECT json_agg(row_to_json(y)) FROM (SELECT k, v FROM part WHERE k % 50 = t.a ORDER BY k) y)
FROM t WHERE a < 4 ORDER BY a;
SELECT a, j FROM t, LATERAL (SELECT row_to_json(z) j FROM (SELECT t.a, t.b) z) l WHERE a < 4 ORDER BY a;
SELECT count(y), count(DISTINCT y) FROM (SELECT c, a % 2 AS r FROM t) y;
SELECT y IS NULL, y IS NOT NULL, count(*) FROM (SELECT c, nullif(a % 2, 1) r FROM t) y GROUP BY 1, 2 ORDER BY 1, 2;
SELECT (y).a, y::text FROM (SELECT a, c FROM t WHERE a < 3) y ORDER BY 1;
WITH q AS (SELECT a, c FROM t WHERE a < 5) SELECT * FROM q x WHERE EXISTS (SELECT 1 FROM q y WHERE x = y) ORDER BY a;
CREATE VIEW typed AS SELECT a, c FROM t WHERE a < 4;
SELECT typed, row_to_json(typed), (typed).c FROM typed ORDER BY a;
SELECT pg_typeof(typed), json_agg(typed ORDER BY a) FROM typed GROUP BY 1;
