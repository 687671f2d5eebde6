-- Tables, policies and functions every script of test/regress starts from; made afresh for each run.
SET client_min_messages = error;
DROP SCHEMA IF EXISTS regress CASCADE;
DROP ROLE IF EXISTS regress_alice;
DROP ROLE IF EXISTS regress_bob;
CREATE SCHEMA regress;
CREATE ROLE regress_alice;
CREATE ROLE regress_bob;
SET search_path = regress;

CREATE TABLE t (a int PRIMARY KEY, b numeric(10,2), c text, d date, e char(5), f float8, g int8, gone int, h numeric,
                j jsonb, arr int[]) WITH (autovacuum_enabled = off);
ALTER TABLE t DROP COLUMN gone;
INSERT INTO t
SELECT i, CASE WHEN i % 11 = 0 THEN NULL ELSE i * 1.5 END, 'x' || (i % 7), date '2024-01-01' + i % 30,
       'e' || (i % 3), i / 3.0, i::int8 * 1000000000, i / 7.0, jsonb_build_object('k', i), ARRAY[i, i + 1]
FROM generate_series(1, 1000) i;

CREATE TABLE part (k int, v text) PARTITION BY RANGE (k);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (100);
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (100) TO (200);
INSERT INTO part SELECT i, 'v' || i FROM generate_series(0, 199) i;
CREATE TABLE parent (x int);
CREATE TABLE child (y int) INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 3);
CREATE TABLE nothing (z int, w text);

CREATE TABLE owned (id int, owner text, v int);
INSERT INTO owned VALUES (1, 'regress_alice', 10), (2, 'regress_bob', 20), (3, 'regress_alice', 30);
ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON owned USING (owner = current_user);
GRANT USAGE ON SCHEMA regress TO regress_alice, regress_bob;
GRANT SELECT ON owned TO regress_alice, regress_bob;
GRANT SELECT (a, c) ON t TO regress_alice;

CREATE FUNCTION plus_one(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION tell(int) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'saw %', $1;
  RETURN true;
END $$;
CREATE FUNCTION counted() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  SELECT count(*) INTO n FROM t WHERE a > 5;
  RETURN n;
END $$;
CREATE FUNCTION looped() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE r record; n bigint := 0;
BEGIN
  FOR r IN SELECT a, c FROM t WHERE a < 100 ORDER BY a LOOP
    n := n + r.a;
    EXIT WHEN r.a > 50;
  END LOOP;
  RETURN n;
END $$;
CREATE FUNCTION nested(int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  SELECT count(*) INTO n FROM part WHERE k < $1;
  RETURN n;
END $$;
CREATE FUNCTION below(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT a FROM t WHERE a < $1 ORDER BY a';
ANALYZE t, part, parent, nothing, owned;
