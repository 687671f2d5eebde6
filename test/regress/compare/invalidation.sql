-- What changes between two executions of one prepared statement, also inside of a transaction and back: types,
-- labels, domains, columns, indexes, statistics, functions, search path, partitions, views.
SET plan_cache_mode = force_generic_plan;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN pos AS int CHECK (VALUE > 0);
CREATE TABLE m (id int, mo mood, p pos, n numeric(10,2), s varchar(20), ts timestamp, arr int[]);
INSERT INTO m SELECT i, (ARRAY['sad','ok','happy'])[1 + i % 3]::mood, i, i / 7.0, 's' || i % 9, timestamp
  '2024-01-01' + i * interval '1 hour', ARRAY[i] FROM generate_series(1, 500) i;
ANALYZE m;
PREPARE a1 AS SELECT mo, count(*), min(p), max(n) FROM m GROUP BY mo ORDER BY mo;
PREPARE a2(mood) AS SELECT count(*) FROM m WHERE mo < $1;
PREPARE a3 AS SELECT * FROM m ORDER BY id LIMIT 2;
PREPARE a4 AS SELECT s, sum(n), avg(n) FROM m GROUP BY s ORDER BY s LIMIT 3;
PREPARE a5(int) AS SELECT count(*), max(x.n) FROM m x JOIN t ON t.a = x.id AND x.p > $1;
PREPARE a6(pos) AS SELECT count(*) FROM m WHERE p = $1;
PREPARE a7 AS SELECT ts::date AS d, count(*) FROM m GROUP BY 1 ORDER BY 1 LIMIT 2;
PREPARE a8(text) AS SELECT count(*), $1 FROM m WHERE mo = $1::mood;
\set all 'EXECUTE a1; EXECUTE a2(''happy''); EXECUTE a3; EXECUTE a4; EXECUTE a5(3); EXECUTE a6(5); EXECUTE a7; EXECUTE a8(''ok'');'
:all
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'ok';
:all
INSERT INTO m(id, mo, p) VALUES (1000, 'meh', 1);
:all
EXECUTE a2('meh');
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
:all
EXECUTE a8('fine');
ALTER TYPE mood ADD VALUE 'zzz' AFTER 'sad';
UPDATE m SET mo = 'zzz' WHERE id % 50 = 0;
:all
ALTER DOMAIN pos ADD CONSTRAINT small CHECK (VALUE < 2000) NOT VALID;
:all
EXECUTE a6(2001);
EXECUTE a6(-1);
EXECUTE a6(NULL);
ALTER DOMAIN pos DROP CONSTRAINT small;
EXECUTE a6(2001);
ALTER TABLE m ALTER n TYPE numeric(12,4);
:all
ALTER TABLE m ALTER n TYPE numeric;
:all
ALTER TABLE m ALTER n TYPE float8;
:all
ALTER TABLE m ALTER n TYPE int USING n::int;
:all
ALTER TABLE m ALTER s TYPE text COLLATE "C";
:all
ALTER TABLE m ALTER s TYPE char(6);
:all
ALTER TABLE m ALTER ts TYPE timestamptz;
:all
ALTER TABLE m ALTER id TYPE int8;
:all
ALTER TABLE m DROP COLUMN arr;
:all
ALTER TABLE m ADD COLUMN arr int DEFAULT 5;
:all
ALTER TABLE m RENAME COLUMN n TO nn;
:all
ALTER TABLE m RENAME COLUMN nn TO n;
:all
ALTER TABLE m RENAME TO m2;
:all
ALTER TABLE m2 RENAME TO m;
:all
CREATE INDEX ON m(id); CREATE INDEX ON m(p); ANALYZE m;
:all
SET enable_seqscan = off;
:all
DROP INDEX m_id_idx;
:all
RESET enable_seqscan;
CREATE STATISTICS st ON id, p FROM m; ANALYZE m;
:all
TRUNCATE m;
:all
INSERT INTO m SELECT i, 'sad', i, i FROM generate_series(1, 100) i;
:all
CLUSTER m USING m_p_idx;
VACUUM FULL m;
:all
ALTER TABLE m SET UNLOGGED;
:all
ALTER TABLE m SET LOGGED;
ALTER TABLE m ALTER p SET NOT NULL;
:all
ALTER TABLE m ALTER p DROP NOT NULL;
INSERT INTO m(id) VALUES (7);
:all
-- in one transaction, with rollback
BEGIN;
ALTER TABLE m DROP COLUMN s;
EXECUTE a4;
ROLLBACK;
EXECUTE a4;
BEGIN;
EXECUTE a5(2);
ALTER TABLE m ADD COLUMN z int DEFAULT 3;
EXECUTE a5(2);
SELECT sum(z) FROM m;
SAVEPOINT q;
ALTER TABLE m DROP COLUMN p CASCADE;
SAVEPOINT q2;
EXECUTE a5(2);
ROLLBACK TO q;
EXECUTE a5(2);
TRUNCATE m;
EXECUTE a5(2);
ROLLBACK;
EXECUTE a5(2);
BEGIN;
ALTER TYPE mood ADD VALUE 'new' ;
SAVEPOINT x;
SELECT count(*) FROM m WHERE mo < 'new';
ROLLBACK TO x;
EXECUTE a2('sad');
ROLLBACK;
BEGIN; CREATE TYPE tmpmood AS ENUM ('a', 'b');
CREATE TABLE tm AS SELECT 'b'::tmpmood AS x, i FROM generate_series(1, 3) i;
SELECT x, count(*) FROM tm GROUP BY x ORDER BY x; SELECT max(x) FROM tm; ROLLBACK;
DROP TABLE m CASCADE;
:all
CREATE TABLE m (id int, mo mood, p pos, n numeric(10,2), s varchar(20), ts timestamp, arr int[]);
:all
-- functions changed
CREATE FUNCTION f_imm(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION f_pl(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 * 2; END';
CREATE FUNCTION f_set(int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT a FROM t WHERE a <= $1';
CREATE FUNCTION f_view(int) RETURNS TABLE (q int, w text) LANGUAGE sql STABLE AS 'SELECT a, c FROM t WHERE a <= $1';
PREPARE b1 AS SELECT sum(f_imm(a)), sum(f_pl(a)) FROM t WHERE f_imm(a) < 100;
PREPARE b2 AS SELECT count(*), sum(x) FROM f_set(10) x JOIN part ON k = x;
PREPARE b3 AS SELECT count(*), max(w) FROM f_view(10) JOIN part ON k = q;
\set all 'EXECUTE b1; EXECUTE b2; EXECUTE b3;'
:all
CREATE OR REPLACE FUNCTION f_imm(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 3';
CREATE OR REPLACE FUNCTION f_pl(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1 * 3; END';
CREATE OR REPLACE FUNCTION f_set(int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT a FROM t WHERE a <= $1 * 2';
CREATE OR REPLACE FUNCTION f_view(int) RETURNS TABLE (q int, w text) LANGUAGE sql STABLE AS 'SELECT a, c FROM t
  WHERE a <= $1 * 2';
:all
ALTER FUNCTION f_set(int) SET work_mem = '1MB';
ALTER FUNCTION f_view(int) SECURITY DEFINER;
:all
DROP FUNCTION f_imm(int);
:all
DROP FUNCTION f_set(int), f_view(int);
:all
-- search_path decides what an inlined text means; the same prepared statement
CREATE SCHEMA regress_b;
CREATE TABLE regress_b.t AS SELECT a, c FROM regress.t WHERE a < 100;
PREPARE c1 AS SELECT count(*), sum(a) FROM t;
EXECUTE c1;
SET search_path = regress_b, regress;
EXECUTE c1;
SELECT count(*) FROM t;
SET search_path = regress;
EXECUTE c1;
DROP SCHEMA regress_b CASCADE;
EXECUTE c1;
CREATE TEMP TABLE t AS SELECT 1 AS a;
EXECUTE c1;
DROP TABLE pg_temp.t;
EXECUTE c1;
-- partitions
PREPARE d1(int) AS SELECT count(*), max(v) FROM part WHERE k < $1;
EXECUTE d1(150);
ALTER TABLE part DETACH PARTITION part1;
EXECUTE d1(150);
ALTER TABLE part ATTACH PARTITION part1 FOR VALUES FROM (0) TO (100);
EXECUTE d1(150);
CREATE TABLE part_d PARTITION OF part DEFAULT;
INSERT INTO part VALUES (1000, 'zzz'), (NULL, 'null');
EXECUTE d1(2000);
DROP TABLE part2;
EXECUTE d1(2000);
CREATE TABLE child2 (y int, w int) INHERITS (parent);
PREPARE d2 AS SELECT count(*), sum(x) FROM parent;
EXECUTE d2;
INSERT INTO child2 VALUES (10, 1, 1);
EXECUTE d2;
ALTER TABLE child2 NO INHERIT parent;
EXECUTE d2;
ALTER TABLE child2 INHERIT parent;
EXECUTE d2;
-- views and rules
CREATE VIEW vv AS SELECT a, c FROM t;
PREPARE e1 AS SELECT count(*), max(c) FROM vv;
EXECUTE e1;
CREATE OR REPLACE VIEW vv AS SELECT a, upper(c) AS c FROM t WHERE a < 50;
EXECUTE e1;
ALTER VIEW vv SET (security_barrier);
EXECUTE e1;
DROP VIEW vv;
CREATE TABLE vv (a int, c text);
EXECUTE e1;
