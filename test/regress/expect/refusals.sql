-- What is refused, by name, and that a refusal leaves PostgreSQL's answer one setting away.
\set VERBOSITY default
SELECT a FROM t FOR UPDATE;
SELECT a FROM t JOIN part ON a = k;
WITH gone AS (DELETE FROM nothing RETURNING z) SELECT a FROM t WHERE a = 1;
SELECT a FROM t WHERE a IN (SELECT k FROM part);
SET pg_fusion.enable = auto;
SELECT count(*) FROM t JOIN part ON a = k;
SET pg_fusion.require = fusion;
SELECT count(*) FROM t;
SELECT count(*) FROM t JOIN part ON a = k;
SET pg_fusion.require = postgres;
SELECT count(*) FROM t;
SELECT count(*) FROM t JOIN part ON a = k;
RESET pg_fusion.require;
SET pg_fusion.enable = off;
SELECT count(*) FROM t JOIN part ON a = k;
SET pg_fusion.require = fusion;
SELECT count(*) FROM t;
RESET pg_fusion.require;
SET pg_fusion.enable = on;
DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM t JOIN part ON a = k; END $$;
PREPARE joined AS SELECT count(*) FROM t JOIN part ON a = k;
EXECUTE joined;
