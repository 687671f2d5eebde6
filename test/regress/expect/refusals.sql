-- What is refused, by name, and that a refusal leaves PostgreSQL's answer one setting away.
\set VERBOSITY default
SELECT a FROM t FOR UPDATE;
SELECT a FROM t FOR KEY SHARE;
WITH gone AS (DELETE FROM nothing RETURNING z) SELECT a FROM t WHERE a = 1;
SELECT a FROM t WHERE a = 1 OR a IN (SELECT k FROM part FOR UPDATE);
SET pg_fusion.enable = auto;
SELECT count(*) FROM (SELECT a FROM t FOR SHARE) u;
SET pg_fusion.require = fusion;
SELECT count(*) FROM t;
SELECT count(*) FROM (SELECT a FROM t FOR SHARE) u;
SET pg_fusion.require = postgres;
SELECT count(*) FROM t;
SELECT count(*) FROM (SELECT a FROM t FOR SHARE) u;
RESET pg_fusion.require;
SET pg_fusion.enable = off;
SELECT count(*) FROM (SELECT a FROM t FOR SHARE) u;
SET pg_fusion.require = fusion;
SELECT count(*) FROM t;
RESET pg_fusion.require;
SET pg_fusion.enable = on;
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM (SELECT a FROM t FOR SHARE) u; END $$;
PREPARE joined AS SELECT count(*) FROM (SELECT a FROM t FOR SHARE) u;
EXECUTE joined;
-- Two collations and none between them: PostgreSQL's error would depend on its plan.
CREATE TEMP TABLE collated (c text COLLATE "C", p text COLLATE "POSIX");
SELECT count(*) FROM t JOIN collated ON collated.c = collated.p;
SELECT count(*) FROM t JOIN collated ON collated.c = collated.p COLLATE "C";
-- Scans read ahead: what a LIMIT does not want would be called too.
CREATE SEQUENCE calls;
SELECT n FROM (SELECT nextval('calls') AS n FROM t) s LIMIT 3;
SELECT a FROM t WHERE nextval('calls') > 0 UNION ALL SELECT k FROM part LIMIT 3;
-- How a value is stored: scans deliver values.
SELECT pg_column_size(c) FROM t WHERE a = 1;
SELECT max(pg_column_size(t)) FROM t JOIN part ON k = a;
SELECT a, pg_column_size(array_agg(c)), pg_column_size(c || 'x') FROM t WHERE a < 3 GROUP BY a, c ORDER BY a;
-- Rows of no declared type.
SELECT r FROM (SELECT ARRAY[ROW(a, c)] AS r FROM t OFFSET 0) u;
-- Squares of more digits than a numeric has: PostgreSQL's variance has room for them.
SELECT variance(a * 1e-9000) FROM t;
SELECT variance(a * 1e70000) FROM t;
SELECT variance(a * 1e-8000) > 0 FROM t;
