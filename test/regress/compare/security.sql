-- Privileges and row security: the same rows and the same refusals as PostgreSQL's.
SET ROLE regress_alice;
SELECT * FROM owned ORDER BY id;
SELECT count(*), sum(v) FROM owned;
SELECT a, c FROM t WHERE a < 3 ORDER BY a;
SELECT count(*) FROM t WHERE a < 3;
SELECT count(*) FROM t;
SELECT b FROM t WHERE a < 3;
SELECT a FROM t WHERE b < 3;
SELECT count(a) FROM t;
SELECT max(b) FROM t;
SELECT t FROM t WHERE a = 1;
SELECT * FROM t;
SELECT * FROM part;
RESET ROLE;
SET ROLE regress_bob;
SELECT * FROM owned ORDER BY id;
SELECT count(*) FROM t;
RESET ROLE;
-- One prepared statement under three roles, and after a revoke.
PREPARE who AS SELECT id, v FROM owned ORDER BY id;
EXECUTE who;
SET ROLE regress_alice;
EXECUTE who;
RESET ROLE;
SET ROLE regress_bob;
EXECUTE who;
RESET ROLE;
PREPARE counted_columns AS SELECT a FROM t WHERE a < 3 ORDER BY a;
SET ROLE regress_alice;
EXECUTE counted_columns;
RESET ROLE;
REVOKE SELECT (a) ON t FROM regress_alice;
SET ROLE regress_alice;
EXECUTE counted_columns;
RESET ROLE;
ALTER TABLE owned DISABLE ROW LEVEL SECURITY;
SET ROLE regress_bob;
EXECUTE who;
SET row_security = off;
EXECUTE who;
RESET ROLE;
ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
SET ROLE regress_bob;
EXECUTE who;
RESET ROLE;
-- A leaky condition must not see rows the policy hides.
CREATE FUNCTION tell(int) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'saw %', $1;
  RETURN true;
END $$;
RESET row_security;
SET ROLE regress_bob;
SELECT id FROM owned WHERE tell(id);
RESET ROLE;
