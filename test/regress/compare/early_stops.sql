-- How often volatile functions are called where reading stops early: LIMIT, EXISTS, cursors.
CREATE SEQUENCE calls;
CREATE FUNCTION told(int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN PERFORM nextval('regress.calls');
  RETURN $1; END $$;
\set n 'SELECT last_value, is_called FROM calls; ALTER SEQUENCE calls RESTART;'
SELECT a FROM t WHERE nextval('calls') > 0 LIMIT 3;
:n
SELECT a, told(a) FROM t LIMIT 3;
:n
SELECT a, told(a) FROM t ORDER BY a LIMIT 3;
:n
SELECT a FROM t WHERE told(a) > 5 LIMIT 3;
:n
SELECT a FROM t WHERE told(a) > 5 OFFSET 2 LIMIT 3;
:n
SELECT EXISTS (SELECT FROM t WHERE told(a) > 5);
:n
SELECT a FROM t WHERE a IN (SELECT told(k) FROM part WHERE k < 10) ORDER BY 1 LIMIT 2;
:n
SELECT (SELECT told(a) FROM t WHERE a = 3), count(*) FROM part;
:n
SELECT k, (SELECT told(a) FROM t WHERE a = k) FROM part WHERE k < 5 ORDER BY k;
:n
SELECT k FROM part WHERE k < 5 AND told(k) > 1 AND k < 4 ORDER BY k;
:n
SELECT count(*) FROM part WHERE k < 5 OR told(k) > 1;
:n
SELECT count(*), sum(told(k)) FROM part;
:n
SELECT k % 3, sum(told(k)) FROM part GROUP BY 1 HAVING max(told(k)) > 3 ORDER BY 1;
:n
SELECT told(k % 3) AS g, count(*) FROM part GROUP BY 1 ORDER BY 1;
:n
SELECT DISTINCT told(k % 3) AS g FROM part ORDER BY 1;
:n
SELECT told(k) FROM part WHERE k < 3 UNION SELECT told(a) FROM t WHERE a < 3 ORDER BY 1;
:n
SELECT * FROM (SELECT told(k) AS g, k FROM part WHERE k < 5) s WHERE g > 1 ORDER BY k;
:n
SELECT g, g FROM (SELECT told(k) AS g, k FROM part WHERE k < 5 OFFSET 0) s WHERE g > 1 ORDER BY k;
:n
SELECT rank() OVER (ORDER BY told(k)) FROM part WHERE k < 5;
:n
SELECT k, random() < 2, told(k) FROM part WHERE k < 4 ORDER BY k DESC;
:n
SELECT k, l.x FROM part, LATERAL (SELECT told(k) AS x) l WHERE k < 4 ORDER BY k;
:n
SELECT k, l.x FROM part, LATERAL (SELECT told(a) AS x FROM t WHERE a = k) l WHERE k < 4 ORDER BY k;
:n
SELECT k, x FROM part CROSS JOIN LATERAL generate_series(1, told(k)) x WHERE k < 3 ORDER BY 1, 2;
:n
SELECT CASE WHEN k > 2 THEN told(k) END FROM part WHERE k < 5 ORDER BY k;
:n
SELECT coalesce(nullif(k, 3), told(k)) FROM part WHERE k < 5 ORDER BY k;
:n
-- cursors
BEGIN;
DECLARE c CURSOR FOR SELECT a, told(a) FROM t;
FETCH 2 FROM c; :n
FETCH 3 FROM c; :n
CLOSE c;
DECLARE c CURSOR FOR SELECT a FROM t WHERE told(a) > 0;
FETCH 2 FROM c; :n
FETCH 3 FROM c; :n
CLOSE c;
DECLARE c CURSOR FOR SELECT a, nextval('calls') FROM t WHERE a > 900 ORDER BY a;
FETCH 2 FROM c; :n
MOVE 3 IN c; :n
FETCH 1 FROM c; :n
CLOSE c;
COMMIT;
-- Conditions beside volatile ones, subqueries with LIMIT, chance with a seed.
SELECT a FROM t WHERE told(a) > 2 AND c IN ('x1', 'x2') LIMIT 2;
:n
SELECT a FROM t WHERE c = 'x3' AND told(a) > 2 LIMIT 2;
:n
SELECT a FROM t WHERE told(a) > 2 AND c = 'x3' LIMIT 2;
:n
SELECT a FROM t WHERE nextval('calls') > 2 AND a + 1 > 10 LIMIT 2;
:n
SELECT a FROM t WHERE a + 1 > 10 AND nextval('calls') > 2 LIMIT 2;
:n
SELECT a FROM t WHERE (told(a) > 2 OR c = 'x3') LIMIT 2;
:n
SELECT k FROM part WHERE told(k) > 2 LIMIT 2;
:n
SELECT x FROM parent WHERE told(x) > 0 LIMIT 1;
:n
SELECT count(*) FROM (SELECT a FROM t WHERE told(a) > 2 LIMIT 3) s;
:n
SELECT k, (SELECT a FROM t WHERE told(a) > k LIMIT 1) FROM part WHERE k < 3 ORDER BY k;
:n
SELECT k FROM part WHERE EXISTS (SELECT FROM t WHERE told(a) > 3) AND k < 3 ORDER BY k;
:n
SELECT k FROM part WHERE k < 4 AND EXISTS (SELECT FROM t WHERE told(a) > k) ORDER BY k;
:n
SELECT k FROM part WHERE k < 4 AND k = ANY (SELECT told(a) FROM t) ORDER BY k LIMIT 1;
SELECT last_value > 0 FROM calls; ALTER SEQUENCE calls RESTART;
SELECT k FROM part, LATERAL (SELECT a FROM t WHERE told(a) > k LIMIT 2) l WHERE k < 3 ORDER BY k;
:n
SELECT DISTINCT ON (c) c, told(a) > 0 FROM t ORDER BY c, a LIMIT 2;
:n
SELECT c FROM t WHERE told(a) > 0 GROUP BY c ORDER BY c LIMIT 2;
:n
SELECT a FROM t WHERE told(a) > 3 FETCH FIRST 2 ROWS ONLY;
:n
SELECT a FROM t WHERE told(a) > 3 LIMIT 0;
:n
SELECT a FROM t WHERE told(a) > 3 LIMIT NULL;
:n
SELECT a, random() >= 0 FROM t WHERE random() >= 0 AND told(3) = 3 LIMIT 2;
:n
SELECT setseed(0.5); SELECT a FROM t WHERE random() < 0.1 LIMIT 3; SELECT random() FROM parent;
SELECT setseed(0.5); SELECT a, random() FROM t WHERE random() < 0.1 LIMIT 3;
SELECT setseed(0.5); SELECT a FROM t WHERE random() < 0.01; SELECT count(*) FROM t WHERE random() < 0.1;
SELECT setseed(0.5); SELECT sum(random()) FROM t; SELECT a, random() FROM t ORDER BY random() LIMIT 3;
SELECT a, random() FROM t ORDER BY 2 LIMIT 3; SELECT random(), count(*) FROM t GROUP BY c LIMIT 2;
SELECT a FROM t TABLESAMPLE BERNOULLI (3) REPEATABLE (5) ORDER BY a;
SELECT count(*) FROM t TABLESAMPLE SYSTEM (50) REPEATABLE (1);
