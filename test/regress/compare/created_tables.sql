-- Statements whose rows go elsewhere: temporary tables made and dropped, CREATE TABLE AS, materialized views, COPY,
-- INSERT and the like; psql's ways to fetch; cursors that outlive their transaction.
DO $$ DECLARE n int; m int := 0;
BEGIN FOR i IN 1..30 LOOP EXECUTE format('CREATE TEMP TABLE q%s AS SELECT a, c FROM t WHERE a < %s', i % 3, i);
EXECUTE format('SELECT count(*) FROM q%s', i % 3) INTO n; m := m + n;
EXECUTE format('SELECT count(*) FROM q%s x JOIN t ON t.a = x.a', i % 3) INTO n; m := m + n;
EXECUTE format('DROP TABLE q%s', i % 3); END LOOP; RAISE NOTICE '%', m; END $$;
BEGIN; CREATE TEMP TABLE oc (i int) ON COMMIT DELETE ROWS; INSERT INTO oc SELECT a FROM t WHERE a < 10;
SELECT count(*), sum(i) FROM oc; COMMIT; SELECT count(*), sum(i) FROM oc;
BEGIN; CREATE TEMP TABLE od ON COMMIT DROP AS SELECT a FROM t WHERE a < 10; SELECT count(*), sum(a) FROM od;
COMMIT; SELECT count(*) FROM od;
CREATE FUNCTION usetemp(int) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint;
BEGIN CREATE TEMP TABLE IF NOT EXISTS ut (i int); TRUNCATE ut; INSERT INTO ut SELECT a FROM t WHERE a < $1;
SELECT count(*) INTO n FROM ut JOIN t ON t.a = ut.i; DROP TABLE ut; RETURN n; END $$;
SELECT usetemp(5), usetemp(7); SELECT a, usetemp(a) FROM t WHERE a < 6 ORDER BY a;
SELECT sum(usetemp(k)) FROM part WHERE k < 5;
SELECT a, c INTO TEMP si FROM t WHERE a < 5; SELECT * FROM si ORDER BY a;
CREATE TABLE ctas AS SELECT c, sum(b) AS s, avg(b) AS v, max(e) AS e, min(d) AS d, count(*) AS n, array_agg(a
  ORDER BY a) AS r FROM t GROUP BY c;
SELECT attname, format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute WHERE attrelid =
  'ctas'::regclass AND attnum > 0 ORDER BY attnum; SELECT * FROM ctas ORDER BY c LIMIT 1;
CREATE TABLE ctas2 AS SELECT b, e, c || 'x' AS cx, b + 1 AS b1, e::varchar(3) AS e3, CASE WHEN a > 3 THEN e END
  AS ce, coalesce(b, 0.5) AS cb, b::numeric(7,1) AS nb, NULL AS nl, 'lit' AS lt, (SELECT max(e) FROM t) AS me
  FROM t WHERE a < 4 WITH NO DATA;
SELECT attname, format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute WHERE attrelid =
  'ctas2'::regclass AND attnum > 0 ORDER BY attnum; SELECT * FROM ctas2;
CREATE TABLE IF NOT EXISTS ctas AS SELECT 1 FROM t; CREATE TABLE bad AS SELECT 1 / (a - 3) FROM t;
SELECT * FROM bad;
PREPARE pc(int) AS SELECT a, c FROM t WHERE a < $1; CREATE TABLE ctas3 AS EXECUTE pc(4);
SELECT * FROM ctas3 ORDER BY 1; EXPLAIN (COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE ctas4 AS SELECT 1 AS x; 
CREATE MATERIALIZED VIEW mv AS SELECT c, count(*) AS n, sum(a) AS s FROM t GROUP BY c; SELECT * FROM mv ORDER BY c;
CREATE UNIQUE INDEX ON mv(c); UPDATE t SET c = 'moved' WHERE a < 100; SELECT * FROM mv ORDER BY c;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv; SELECT * FROM mv ORDER BY c; REFRESH MATERIALIZED VIEW mv;
SELECT sum(n), sum(s) FROM mv JOIN t USING (c); REFRESH MATERIALIZED VIEW mv WITH NO DATA; SELECT * FROM mv;
SELECT count(*) FROM mv JOIN t USING (c);
CREATE MATERIALIZED VIEW mv2 AS SELECT 1 / (a - 3) AS x FROM t WITH NO DATA; REFRESH MATERIALIZED VIEW mv2;
SELECT count(*) FROM mv2;
COPY (SELECT a, b, e, c FROM t WHERE a < 4 ORDER BY a) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *);
COPY (SELECT c, count(*) FROM t GROUP BY c ORDER BY c) TO STDOUT (DELIMITER '|');
COPY (SELECT 1 / (a - 3) FROM t) TO STDOUT;
COPY (SELECT row_number() OVER (ORDER BY a), c FROM t ORDER BY a LIMIT 2) TO PROGRAM 'cat >/dev/null';
COPY t (a, c) TO PROGRAM 'cat > /dev/null'; COPY (INSERT INTO nothing VALUES (1) RETURNING z) TO STDOUT;
INSERT INTO nothing SELECT a, c FROM t WHERE a < 3 RETURNING z, (SELECT max(k) FROM part);
INSERT INTO nothing (z) SELECT count(*) FROM t ON CONFLICT DO NOTHING; SELECT * FROM nothing ORDER BY z;
SELECT count(*) FROM nothing; UPDATE nothing SET w = s.m FROM (SELECT max(c) AS m, min(a) AS a FROM t) s WHERE z
  = s.a; DELETE FROM nothing USING part WHERE z = k; SELECT * FROM nothing ORDER BY z;
SELECT a INTO STRICT x FROM t; SELECT FROM t WHERE a < 3; SELECT count(*) FROM (SELECT FROM t) s;
SELECT 1 FROM t WHERE false; SELECT * FROM t WHERE a IS NULL; TABLE parent; SELECT ALL x FROM parent;
SELECT count(*) FROM ONLY parent; SELECT t.ctid, t.xmin IS NOT NULL, t.tableoid::regclass FROM t WHERE a = 500;
SELECT ctid FROM t WHERE ctid = '(0,1)';
SELECT count(*) FROM t \gset
SELECT :count AS c; SELECT a FROM t WHERE a < 3 ORDER BY a \gdesc
SELECT a, c FROM t WHERE a < 5 ORDER BY a \crosstabview a c
\set FETCH_COUNT 2
SELECT a, b FROM t WHERE a < 6 ORDER BY a; SELECT 10 / (a - 4) FROM t WHERE a < 7 ORDER BY c, a;
SELECT count(*) FROM t;
\set FETCH_COUNT 0
BEGIN; DECLARE c BINARY CURSOR FOR SELECT a FROM t WHERE a < 3 ORDER BY a; FETCH BACKWARD FROM c;
FETCH FORWARD 0 FROM c; FETCH ALL FROM c; MOVE BACKWARD ALL IN c; CLOSE c;
DECLARE c ASENSITIVE CURSOR FOR SELECT a FROM t WHERE a < 10; ROLLBACK;
BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT a, 1 / (a - 5) FROM t WHERE a < 9; FETCH 1 FROM h; COMMIT;
SELECT count(*) FROM t; BEGIN; DECLARE h CURSOR WITH HOLD FOR SELECT a FROM t ORDER BY a; MOVE 5 IN h;
DROP TABLE ctas; COMMIT; FETCH 1 FROM h; TRUNCATE part; FETCH 1 FROM h; DELETE FROM t; FETCH 1 FROM h; CLOSE ALL;
SELECT count(*) FROM t;
