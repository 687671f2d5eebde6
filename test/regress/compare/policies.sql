-- Policies with subqueries and functions, under roles that change between planning and execution; functions with
-- their owner's rights; policies and privileges that change under prepared statements.
CREATE TABLE acl (who text, id int);
INSERT INTO acl SELECT CASE WHEN i % 2 = 0 THEN 'regress_alice' ELSE 'regress_bob' END, i FROM generate_series(1,
  1000) i;
CREATE TABLE doc (id int PRIMARY KEY, grp int, v int, body text);
INSERT INTO doc SELECT i, i % 10, i * 3, 'body ' || i FROM generate_series(1, 60) i;
ALTER TABLE doc ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION allowed(int) RETURNS bool LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN RETURN EXISTS (SELECT FROM regress.acl WHERE who = session_user AND id = $1) OR $1 < 20; END $$;
CREATE FUNCTION me() RETURNS text LANGUAGE sql STABLE AS 'SELECT current_user::text';
CREATE POLICY p1 ON doc FOR SELECT USING (id IN (SELECT id FROM acl WHERE who = current_user));
CREATE POLICY p2 ON doc AS RESTRICTIVE USING (grp <> 3 OR me() = 'regress_bob');
GRANT SELECT ON doc, acl, part, nothing TO regress_alice, regress_bob;
ANALYZE acl, doc;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT sum(v) FROM regress.doc';
CREATE FUNCTION total_definer() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT sum(v) FROM
  regress.doc';
CREATE FUNCTION total_plpgsql() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint;
  BEGIN SELECT sum(v) INTO n FROM regress.doc; RETURN n; END $$;
CREATE FUNCTION total_plpgsql_definer() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ DECLARE n bigint;
  BEGIN SELECT sum(v) INTO n FROM regress.doc; RETURN n; END $$;
CREATE FUNCTION rows_of(int) RETURNS TABLE (id int, v int) LANGUAGE sql STABLE AS 'SELECT id, v FROM regress.doc
  WHERE grp = $1';
CREATE FUNCTION rows_of_definer(int) RETURNS TABLE (id int, v int) LANGUAGE sql STABLE SECURITY DEFINER AS
  'SELECT id, v FROM regress.doc WHERE grp = $1';
PREPARE s1 AS SELECT count(*), sum(v), min(body) FROM doc;
PREPARE s2(int) AS SELECT count(*), sum(d.v) FROM doc d JOIN part p ON p.k = d.id WHERE d.grp > $1;
PREPARE s3 AS SELECT total(), total_definer(), total_plpgsql(), total_plpgsql_definer(), (SELECT count(*) FROM doc);
PREPARE s4(int) AS SELECT count(*), sum(v), (SELECT count(*) FROM rows_of_definer($1)) FROM rows_of($1);
\set all 'EXECUTE s1; EXECUTE s2(2); EXECUTE s3; EXECUTE s4(3); EXECUTE s4(4);'
:all
SET ROLE regress_alice;
:all
SET ROLE regress_bob;
:all
RESET ROLE;
:all
SET SESSION AUTHORIZATION regress_alice;
:all
:all
:all
:all
:all
:all
SET ROLE NONE;
RESET SESSION AUTHORIZATION;
SET plan_cache_mode = force_generic_plan;
SET ROLE regress_bob;
:all
RESET ROLE;
-- transaction: role set locally, rolled back
BEGIN;
SET LOCAL ROLE regress_alice;
EXECUTE s1;
SAVEPOINT a;
SET LOCAL ROLE regress_bob;
EXECUTE s1;
ROLLBACK TO a;
EXECUTE s1;
COMMIT;
EXECUTE s1;
-- policies changed under a plan
SET ROLE regress_alice;
EXECUTE s1;
RESET ROLE;
ALTER POLICY p1 ON doc USING (id IN (SELECT id FROM acl WHERE who = current_user) AND id < 100);
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); RESET ROLE;
DROP POLICY p2 ON doc;
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); RESET ROLE;
DROP POLICY p1 ON doc;
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); RESET ROLE;
CREATE POLICY p3 ON doc USING (allowed(id));
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); EXECUTE s3; EXECUTE s4(1); RESET ROLE;
SET SESSION AUTHORIZATION regress_bob; EXECUTE s1; EXECUTE s2(2); EXECUTE s3; RESET SESSION AUTHORIZATION;
CREATE OR REPLACE FUNCTION allowed(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT $1 < 5';
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); EXECUTE s3; RESET ROLE;
ALTER TABLE doc FORCE ROW LEVEL SECURITY;
EXECUTE s1;
ALTER TABLE doc OWNER TO regress_alice;
EXECUTE s1;
SET ROLE regress_alice; EXECUTE s1; SET row_security = off; EXECUTE s1; RESET row_security; RESET ROLE;
ALTER TABLE doc NO FORCE ROW LEVEL SECURITY;
SET ROLE regress_alice; EXECUTE s1; SET row_security = off; EXECUTE s1; RESET row_security; RESET ROLE;
-- privileges revoked between PREPARE and EXECUTE, on columns, schema, function
ALTER TABLE doc OWNER TO postgres;
GRANT SELECT ON doc TO regress_alice;
SET ROLE regress_alice; EXECUTE s1; RESET ROLE;
REVOKE SELECT ON doc FROM regress_alice;
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); EXECUTE s3; EXECUTE s4(1); RESET ROLE;
GRANT SELECT (v, body) ON doc TO regress_alice;
SET ROLE regress_alice; EXECUTE s1; EXECUTE s2(2); SELECT count(*) FROM doc; SELECT count(id) FROM doc;
SELECT doc FROM doc LIMIT 1; SELECT count(doc) FROM doc; SELECT ctid FROM doc LIMIT 1;
SELECT v FROM doc ORDER BY id LIMIT 1; SELECT tableoid::regclass FROM doc LIMIT 1;
SELECT count(*) FROM doc WHERE EXISTS (SELECT FROM part WHERE k = id); RESET ROLE;
REVOKE USAGE ON SCHEMA regress FROM regress_alice;
SET ROLE regress_alice; EXECUTE s1; SELECT count(*) FROM regress.doc; RESET ROLE;
GRANT USAGE ON SCHEMA regress TO regress_alice;
