-- EXPLAIN of the engine's plan, the scans and what stays above, without numbers that vary.
EXPLAIN (COSTS OFF) SELECT count(*) FROM t;
EXPLAIN (COSTS OFF, VERBOSE) SELECT c, sum(b), avg(b) FROM t WHERE a > 10 GROUP BY c HAVING count(*) > 3 ORDER BY c LIMIT 2;
EXPLAIN (COSTS OFF) SELECT a FROM t WHERE a = 5;
EXPLAIN (COSTS OFF) SELECT count(*) FROM part WHERE k < 50;
EXPLAIN (COSTS OFF, FORMAT YAML) SELECT count(*) FROM t WHERE c LIKE 'x%';
SET pg_fusion.heap_scan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM t;
RESET pg_fusion.heap_scan;
SET ROLE regress_alice;
EXPLAIN (COSTS OFF) SELECT sum(v) FROM owned WHERE id > 1;
RESET ROLE;
PREPARE explained(int) AS SELECT count(*) FROM t WHERE a < $1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE explained(5);
-- Texts as names never fail, so that a scan below the join may ask: the joined rows are many more.
EXPLAIN (COSTS OFF) SELECT count(*) FROM t, parent WHERE t.xmax::text::name LIKE '0%';
