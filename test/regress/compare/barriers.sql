-- What a view with a barrier or a policy hides reaches no function that could tell: those here fail when it does.
CREATE FUNCTION spy(v int) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN IF v = 20 OR v IS NULL THEN RAISE EXCEPTION 'LEAK %', v; END IF; RETURN true; END $$;
CREATE FUNCTION spy_stable(v int) RETURNS bool LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN IF v = 20 OR v IS NULL THEN RAISE EXCEPTION 'LEAK %', v; END IF; RETURN true; END $$;
CREATE FUNCTION spy_immutable(v int) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN IF v = 20 OR v IS NULL THEN RAISE EXCEPTION 'LEAK %', v; END IF; RETURN true; END $$;
CREATE FUNCTION spy_safe(v int) RETURNS bool LANGUAGE plpgsql PARALLEL SAFE COST 0.0001 AS $$
BEGIN IF v = 20 OR v IS NULL THEN RAISE EXCEPTION 'LEAK %', v; END IF; RETURN true; END $$;
CREATE FUNCTION spy_eq(a int, b int) RETURNS bool LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN IF a = 20 OR b = 20 THEN RAISE EXCEPTION 'LEAK % %', a, b; END IF; RETURN a = b; END $$;
CREATE OPERATOR === (FUNCTION = spy_eq, LEFTARG = int, RIGHTARG = int);
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA regress TO PUBLIC;
CREATE TABLE secret AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'regress_alice' ELSE 'regress_bob' END AS owner,
  CASE WHEN i % 3 = 0 THEN i ELSE 20 END AS v, CASE WHEN i % 3 = 0 THEN 'ok' || i ELSE 'no number' END AS s FROM
  generate_series(1, 3000) i WHERE i <> 20 ;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON secret USING (owner = current_user);
GRANT SELECT ON secret TO regress_alice, regress_bob;
GRANT SELECT ON part, nothing TO regress_alice;
ANALYZE secret;
CREATE VIEW fence WITH (security_barrier) AS SELECT id, v, s FROM secret WHERE owner = 'regress_alice';
CREATE VIEW fence_join WITH (security_barrier) AS SELECT x.id, x.v, x.s, p.v AS pv FROM secret x JOIN part p ON
  p.k = x.id AND x.owner = 'regress_alice';
CREATE VIEW fence_agg WITH (security_barrier) AS SELECT v, count(*) n, sum(id) total FROM secret WHERE owner =
  'regress_alice' GROUP BY v HAVING count(*) < 5;
CREATE VIEW fence_union WITH (security_barrier) AS SELECT id, v FROM secret WHERE owner = 'regress_alice' UNION
  ALL SELECT k, k + 100 FROM part;
CREATE VIEW fence_window WITH (security_barrier) AS SELECT id, v, row_number() OVER (PARTITION BY v ORDER BY id)
  r FROM secret WHERE owner = 'regress_alice';
CREATE VIEW fence_distinct WITH (security_barrier) AS SELECT DISTINCT v FROM secret WHERE owner = 'regress_alice';
CREATE VIEW fence_limit WITH (security_barrier) AS SELECT id, v FROM secret WHERE owner = 'regress_alice' ORDER
  BY id LIMIT 10;
CREATE VIEW fence_exists WITH (security_barrier) AS SELECT id, v FROM secret x WHERE EXISTS (SELECT FROM t WHERE
  t.a = x.id AND t.a % 3 = 0);
CREATE VIEW fence_anti WITH (security_barrier) AS SELECT id, v FROM secret x WHERE NOT EXISTS (SELECT FROM t
  WHERE t.a = x.id AND t.a % 3 <> 0) AND id < 900;
GRANT SELECT ON fence, fence_join, fence_agg, fence_union, fence_window, fence_distinct, fence_limit,
  fence_exists, fence_anti TO regress_alice;
\set q 'SELECT count(*), sum(v) FROM'
:q fence WHERE spy(v);
:q fence WHERE spy_stable(v);
:q fence WHERE spy_immutable(v);
:q fence WHERE spy_safe(v);
:q fence WHERE 100 / (v - 20) > -10000;
SELECT v % 2, count(*) FROM fence WHERE 100 / (v - 20) IS NOT NULL GROUP BY 1 ORDER BY 1;
:q fence f WHERE substr(s, 3)::int > 5;
:q fence f WHERE v === id;
SELECT count(*), sum(f.v) FROM fence f JOIN part p ON p.k === f.v AND f.id < 50;
SELECT count(*) FROM fence f JOIN part p ON p.k = f.v AND spy(f.v);
SELECT count(*) FROM fence f LEFT JOIN part p ON p.k = f.v AND spy(f.v);
SELECT count(*) FROM part p LEFT JOIN fence f ON p.k = f.v AND spy_immutable(f.v) AND 1 / (f.v - 20) < 5;
SELECT count(*) FROM part p WHERE EXISTS (SELECT FROM fence f WHERE f.id = p.k AND 1 / (f.v - 20) < 5);
SELECT count(*) FROM part p WHERE p.k IN (SELECT f.v FROM fence f WHERE spy_stable(f.v));
SELECT count(*) FROM part p WHERE p.k NOT IN (SELECT f.v FROM fence f WHERE spy_stable(f.v) AND 1 / (v - 20) < 5);
SELECT count(*), sum(CASE WHEN spy(v) THEN 1 END) FROM fence;
SELECT sum(100 / (v - 20)), max(substr(s, 3)::int) FROM fence;
SELECT id, 100 / (v - 20) FROM fence ORDER BY 100 / (v - 20), id LIMIT 3;
SELECT 100 / (v - 20), count(*) FROM fence GROUP BY 1 ORDER BY 1 LIMIT 3;
:q fence_join WHERE spy(v) AND 1 / (v - 20) < 5;
SELECT count(*), min(pv) FROM fence_join WHERE spy_immutable(v) AND v = 21;
SELECT count(*) FROM fence_join WHERE 1 / (v - 20) < 5 AND substr(s, 3)::int > 5;
:q fence_agg WHERE spy(v) AND 1 / (v - 20) < 5;
SELECT count(*) FROM fence_agg WHERE spy(n::int + 20);
:q fence_union WHERE spy(v) AND 1 / (v - 20) < 5;
:q fence_window WHERE spy(v) AND 1 / (v - 20) < 5;
:q fence_distinct WHERE spy(v) AND 1 / (v - 20) < 5;
:q fence_limit WHERE spy(v) AND 1 / (v - 20) < 5;
:q fence_exists WHERE spy(v) AND 1 / (v - 20) < 5;
:q fence_exists WHERE 1 / (v - 20) < 5;
:q fence_anti WHERE spy(v);
:q fence_anti WHERE 1 / (v - 20) < 5;
SELECT f.id FROM fence_anti f, LATERAL (SELECT 1 / (f.v - 20) AS x) l WHERE l.x >= 0 AND f.id < 30 ORDER BY 1;
SELECT count(*) FROM fence a JOIN fence b ON a.v = b.v AND spy(a.v) AND 1 / (b.v - 20) < 5;
SELECT count(*) FROM fence a FULL JOIN fence_agg b ON a.v = b.v WHERE spy(coalesce(a.v, 1));
SELECT x FROM (SELECT 1 / (v - 20) AS x, id FROM fence_exists) q WHERE id < 25 ORDER BY id;
SELECT (SELECT max(100 / (f.v - 20)) FROM fence f WHERE f.id = p.k) FROM part p WHERE p.k IN (3, 6, 7) ORDER BY p.k;
SET ROLE regress_alice;
:q secret WHERE spy(v);
:q secret WHERE spy_stable(v);
:q secret WHERE spy_immutable(v);
:q secret WHERE spy_safe(v);
:q secret WHERE 100 / (v - 20) > -10000;
:q secret WHERE substr(s, 3)::int > 5;
SELECT count(*), sum(v) FROM secret x JOIN secret y USING (v) WHERE 1 / (v - 20) < 5;
SELECT count(*) FROM secret f JOIN part p ON p.k = f.v AND spy(f.v) AND 1 / (f.v - 20) < 5;
SELECT count(*) FROM part p LEFT JOIN secret f ON p.k = f.v AND spy(f.v) AND 1 / (f.v - 20) < 5;
SELECT count(*) FROM part p WHERE EXISTS (SELECT FROM secret f WHERE f.id = p.k AND 1 / (f.v - 20) < 5);
SELECT count(*) FROM part p WHERE NOT EXISTS (SELECT FROM secret f WHERE f.id = p.k AND 1 / (f.v - 20) < 5);
SELECT count(*) FROM part p WHERE p.k NOT IN (SELECT f.v FROM secret f WHERE spy(f.v) AND 1 / (f.v - 20) < 5);
SELECT sum(100 / (v - 20)) FROM secret;
SELECT sum(100 / (v - 20)) FILTER (WHERE spy(v)) FROM secret;
SELECT 100 / (v - 20) AS x, count(*), row_number() OVER (ORDER BY 100 / (v - 20)) FROM secret GROUP BY 1 ORDER BY
  1 LIMIT 3;
SELECT DISTINCT 100 / (v - 20) FROM secret ORDER BY 1 LIMIT 4;
SELECT v FROM secret UNION SELECT 100 / (v - 20) FROM secret ORDER BY 1 LIMIT 3;
WITH w AS (SELECT *, 1 / (v - 20) AS x FROM secret) SELECT count(*), sum(w.x) FROM w JOIN w AS w2 USING (id);
WITH w AS MATERIALIZED (SELECT * FROM secret) SELECT count(*) FROM w WHERE 1 / (v - 20) < 5;
SELECT count(*) FROM secret WHERE v = 20;
SELECT count(*) FROM secret WHERE v = 20 OR spy(v);
SELECT min(v), max(v) FROM secret TABLESAMPLE SYSTEM (100) WHERE spy(v);
RESET ROLE;
