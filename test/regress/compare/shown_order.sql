-- ORDER BY in subqueries, views and WITH where it shows: in rows that pass, in lists, under a LIMIT outside.
SELECT * FROM (SELECT a, c FROM t WHERE a < 20 ORDER BY md5(c || a)) s;
SELECT a FROM (SELECT a, c FROM t ORDER BY md5(c || a)) s WHERE a > 3 LIMIT 5;
SELECT * FROM (SELECT * FROM (SELECT a, c FROM t WHERE a < 20 ORDER BY md5(c || a)) x) y;
SELECT string_agg(c || a, ',') FROM (SELECT a, c FROM t WHERE a < 20 ORDER BY md5(c || a)) s;
SELECT array_agg(a) FROM (SELECT a FROM t WHERE a < 20 ORDER BY md5(c || a)) s;
SELECT json_agg(s) FROM (SELECT a, c FROM t WHERE a < 9 ORDER BY a DESC) s;
SELECT sum(f) FROM (SELECT f FROM t ORDER BY md5(c || a)) s;
SELECT string_agg(c, ',') FROM (SELECT DISTINCT c FROM t ORDER BY c DESC) s;
SELECT string_agg(c || n, ',') FROM (SELECT c, count(*) AS n FROM t GROUP BY c ORDER BY c DESC) s;
SELECT a, row_number() OVER () FROM (SELECT a FROM t WHERE a < 20 ORDER BY md5(c || a)) s;
SELECT first_value(a) OVER () FROM (SELECT a FROM t WHERE a < 20 ORDER BY a DESC) s LIMIT 1;
WITH w AS (SELECT a, c FROM t WHERE a < 20 ORDER BY md5(c || a)) SELECT * FROM w;
WITH w AS (SELECT a, c FROM t WHERE a < 20 ORDER BY md5(c || a)) SELECT string_agg(c || a, ',') FROM w;
SELECT * FROM (SELECT a FROM t WHERE a < 30 ORDER BY a DESC LIMIT 5) s;
SELECT string_agg(c || a, ',') FROM (SELECT a, c FROM t WHERE a < 30 ORDER BY a DESC LIMIT 5) s;
SELECT * FROM (SELECT c FROM t WHERE a < 5 UNION SELECT 'y' || a FROM t WHERE a < 5 ORDER BY 1 DESC) s;
SELECT a, (SELECT string_agg(c || x, ',') FROM
    (SELECT c, u.a AS x FROM t u WHERE u.a BETWEEN t.a AND t.a + 5 ORDER BY u.a DESC) s)
  FROM t WHERE a < 4 ORDER BY a;
CREATE VIEW counted AS SELECT a % 7 AS k, count(*) AS n FROM t GROUP BY 1 ORDER BY 1 DESC;
SELECT * FROM counted;
SELECT * FROM counted WHERE k < 5 LIMIT 2;
SELECT count(*), sum(n) FROM counted;
SELECT k FROM counted ORDER BY k LIMIT 2;
