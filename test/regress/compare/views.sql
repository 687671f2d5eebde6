-- Views: their rows, their owners' privileges, their barriers, and what happens to them while statements are prepared.
CREATE VIEW plain AS SELECT a, b, c FROM t WHERE a < 50;
CREATE VIEW grouped AS SELECT c, count(*) AS n, sum(b) AS total FROM t GROUP BY c;
CREATE VIEW joined AS SELECT g.c, g.n, p.v FROM grouped g JOIN part p ON p.k = g.n - 100;
CREATE VIEW ordered AS SELECT a, b FROM t ORDER BY b DESC NULLS LAST, a LIMIT 5;
CREATE VIEW united AS SELECT a, c FROM t WHERE a < 3 UNION ALL SELECT k, v FROM part WHERE k < 3;
CREATE VIEW ranked AS SELECT a, c, rank() OVER (PARTITION BY c ORDER BY b DESC NULLS LAST, a) AS r FROM t;
CREATE VIEW fenced WITH (security_barrier) AS SELECT id, v FROM owned WHERE v > 15;
CREATE MATERIALIZED VIEW stored AS SELECT c, count(*) AS n FROM t GROUP BY c;
CREATE RECURSIVE VIEW counting (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < 5;
SELECT count(*), sum(b), min(c) FROM plain;
SELECT a, c FROM plain WHERE b > 60 ORDER BY a;
SELECT * FROM grouped ORDER BY c;
SELECT x.c, y.n FROM grouped x JOIN grouped y ON x.n = y.n AND x.c < y.c ORDER BY 1, 2;
SELECT * FROM joined ORDER BY c, v;
SELECT * FROM ordered ORDER BY a;
SELECT * FROM united ORDER BY a, c;
SELECT a, c FROM ranked WHERE r <= 2 ORDER BY c, a;
SELECT id FROM fenced ORDER BY id;
SELECT s.c, s.n, count(*) FROM stored s JOIN plain p ON p.c = s.c GROUP BY s.c, s.n ORDER BY s.c;
SELECT n, (SELECT count(*) FROM plain WHERE plain.a < n) FROM counting ORDER BY n;
SELECT c FROM t WHERE a = 3 AND EXISTS (SELECT 1 FROM plain p WHERE p.c = t.c) AND c IN (SELECT c FROM grouped);
SELECT (SELECT max(n) FROM grouped), count(*) FROM plain p LEFT JOIN fenced f ON f.id = p.a;
-- A view reads with its owner's privileges, an invoker's view with the reader's; policies follow.
CREATE VIEW invoked WITH (security_invoker) AS SELECT a, b FROM t WHERE a < 4;
CREATE VIEW mine AS SELECT id, v FROM owned;
CREATE VIEW mine_invoked WITH (security_invoker) AS SELECT id, v FROM owned;
GRANT SELECT ON plain, invoked, mine, mine_invoked, fenced TO regress_alice;
GRANT SELECT (c) ON grouped TO regress_alice;
SET ROLE regress_alice;
SELECT sum(b) FROM plain;
SELECT sum(b) FROM invoked;
SELECT count(*) FROM invoked;
SELECT id, v FROM mine ORDER BY id;
SELECT id, v FROM mine_invoked ORDER BY id;
SELECT c FROM grouped ORDER BY c;
SELECT n FROM grouped;
SELECT count(*) FROM joined;
RESET ROLE;
-- What leaks must wait behind the barrier.
CREATE FUNCTION tell(int) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
  RAISE NOTICE 'saw %', $1;
  RETURN true;
END $$;
SELECT id FROM fenced WHERE tell(v) ORDER BY id;
SELECT count(*) FROM fenced f JOIN t ON t.a = f.id WHERE tell(f.v);
-- Replaced and dropped under a prepared statement.
PREPARE viewed AS SELECT count(*), sum(b) FROM plain;
EXECUTE viewed;
CREATE OR REPLACE VIEW plain AS SELECT a, b, c FROM t WHERE a < 10;
EXECUTE viewed;
ALTER VIEW plain SET (security_invoker = true);
SET ROLE regress_alice;
EXECUTE viewed;
RESET ROLE;
REFRESH MATERIALIZED VIEW stored;
SELECT sum(n) FROM stored;
DROP VIEW plain CASCADE;
EXECUTE viewed;
