-- Statements in functions, procedures, loops and triggers: nested, failing and caught, with the outer one still
  running.
CREATE TABLE log (i int);
CREATE FUNCTION logged() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM regress.log';
CREATE FUNCTION logged_stable() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM regress.log';
DO $$ DECLARE r record; n int := 0; BEGIN
FOR r IN SELECT a, logged() AS l, logged_stable() AS ls FROM t WHERE a < 6 ORDER BY a LOOP
  INSERT INTO log VALUES (r.a); RAISE NOTICE '% % %', r.a, r.l, r.ls; END LOOP; END $$;
SELECT logged();
DO $$ DECLARE c CURSOR FOR SELECT a, logged() AS l, logged_stable() AS ls FROM t WHERE a < 6 ORDER BY a; r record;
  BEGIN
OPEN c; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; INSERT INTO log VALUES (r.a);
RAISE NOTICE '% % %', r.a, r.l, r.ls; END LOOP; END $$;
DO $$ DECLARE c SCROLL CURSOR (lim int) FOR SELECT a, c FROM t WHERE a < lim ORDER BY a; r record; BEGIN
OPEN c(lim => 8); FETCH LAST FROM c INTO r; RAISE NOTICE '%', r; FETCH PRIOR FROM c INTO r; RAISE NOTICE '%', r;
MOVE ABSOLUTE 2 FROM c; FETCH NEXT FROM c INTO r; RAISE NOTICE '%', r; 
FETCH RELATIVE -1 FROM c INTO r; RAISE NOTICE '%', r; CLOSE c; OPEN c(3); FETCH c INTO r; RAISE NOTICE '%', r;
END $$;
CREATE FUNCTION ret() RETURNS SETOF t LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT * FROM t WHERE a < 4 ORDER
  BY a; RETURN QUERY EXECUTE 'SELECT * FROM t WHERE a = $1' USING 9; END $$;
SELECT a, c, b FROM ret();
SELECT count(*), sum(r.a) FROM ret() r JOIN part ON k = r.a;
CREATE FUNCTION reff(refcursor) RETURNS refcursor LANGUAGE plpgsql AS $$ BEGIN OPEN $1 FOR SELECT c, count(*)
  FROM t GROUP BY c ORDER BY c; RETURN $1; END $$;
BEGIN; SELECT reff('cc'); FETCH 2 FROM cc; SELECT reff('dd'); FETCH ALL FROM dd; FETCH ALL FROM cc; COMMIT;
-- errors inside, caught, nested, with the outer statement still running
CREATE FUNCTION safe_div(int) RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN
  SELECT sum(100 / (a - $1)) INTO n FROM t WHERE a BETWEEN $1 - 1 AND $1 + 1; RETURN n;
EXCEPTION WHEN division_by_zero THEN RETURN (SELECT count(*) FROM part WHERE k < $1); END $$;
SELECT a, safe_div(a) FROM t WHERE a < 8 ORDER BY a;
SELECT k, safe_div(k), (SELECT count(*) FROM t WHERE a < k) FROM part WHERE k IN (3, 50) ORDER BY k;
SELECT count(*) FROM part WHERE safe_div(k) > 20;
DO $$ DECLARE r record; n int; BEGIN
FOR r IN SELECT k FROM part ORDER BY k LOOP
  BEGIN
    IF r.k % 2 = 0 THEN SELECT 1 / (a - r.k) INTO STRICT n FROM t WHERE a = r.k;
ELSE SELECT a INTO STRICT n FROM t WHERE a = -1; END IF;
  EXCEPTION WHEN division_by_zero THEN IF r.k < 5 THEN RAISE NOTICE 'div %', r.k; END IF;
WHEN no_data_found THEN IF r.k < 5 THEN RAISE NOTICE 'none %', r.k; END IF; END;
  EXIT WHEN r.k > 20;
END LOOP; END $$;
DO $$ DECLARE n int; BEGIN SELECT a INTO STRICT n FROM t; END $$;
DO $$ DECLARE n int; BEGIN SELECT a, 1 INTO n FROM t WHERE a = 5; RAISE NOTICE '%', n; PERFORM count(*) FROM t;
  RAISE NOTICE '%', FOUND; PERFORM a FROM t WHERE a < 0; RAISE NOTICE '%', FOUND; GET DIAGNOSTICS n = ROW_COUNT;
RAISE NOTICE '%', n;  n := (SELECT max(a) FROM t); RAISE NOTICE '%', n;
IF EXISTS (SELECT FROM part WHERE k = 3) THEN RAISE NOTICE 'yes'; END IF;
FOR i IN 1..(SELECT count(*) FROM parent) LOOP RAISE NOTICE 'i %', i; END LOOP; END $$;
CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ DECLARE r record;
  BEGIN FOR r IN SELECT k, v FROM part WHERE k < 4 ORDER BY k LOOP INSERT INTO log VALUES (r.k + 1000);
IF r.k % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF; END LOOP; END $$;
CALL commits(); SELECT i FROM log WHERE i >= 1000 ORDER BY 1;
-- triggers that query
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int;
  BEGIN SELECT count(*) INTO n FROM log l JOIN part p ON p.k = l.i; RAISE NOTICE '% % % %', TG_OP, TG_WHEN, NEW, n;
RETURN NEW; END $$;
CREATE TRIGGER b BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TRIGGER a AFTER INSERT ON log FOR EACH ROW EXECUTE FUNCTION trg();
CREATE CONSTRAINT TRIGGER d AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trg();
CREATE FUNCTION trs() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE n int; m int;
  BEGIN SELECT count(*), sum(p.k) INTO n, m FROM fresh f JOIN part p ON p.k = f.i;
RAISE NOTICE 'transition % %', n, m; SELECT count(*) INTO n FROM fresh; RAISE NOTICE '%', n; RETURN NULL; END $$;
CREATE TRIGGER s AFTER INSERT ON log REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION trs();
BEGIN; INSERT INTO log SELECT k FROM part WHERE k < 3 ORDER BY k; SELECT count(*) FROM log; COMMIT;
INSERT INTO log VALUES (1), (2) RETURNING i, (SELECT count(*) FROM log);
UPDATE log SET i = (SELECT max(k) FROM part) WHERE i = (SELECT min(i) FROM log WHERE i > 0);
DELETE FROM log WHERE i IN (SELECT k FROM part WHERE k < 2);
MERGE INTO log USING (SELECT k, count(*) AS n FROM part GROUP BY k) s ON s.k = log.i WHEN MATCHED THEN DELETE
  WHEN NOT MATCHED AND s.k < 2 THEN INSERT VALUES (s.k);
SELECT count(*), sum(i) FROM log;
