-- Settings that texts depend on, changed between executions of one plan and inside transactions; client encodings;
-- isolation and access modes; advisory locks; DISCARD.
SET plan_cache_mode = force_generic_plan;
CREATE TABLE fmt AS SELECT i, i / 7.0::float8 AS f8, (i / 7.0)::float4 AS f4, timestamp '2024-03-04 05:06:07.891'
  + i * interval '37 hours' AS ts, timestamptz '2024-03-04 05:06:07+00' + i * interval '37 hours' AS tz, date
  '2024-01-30' + i AS d, interval '1 mon 2 days 03:04:05.6' * (i - 20) AS iv, decode(md5(i::text), 'hex') AS by,
  (i * 1.25)::numeric(10,2)::money AS mo, 'ä' || i AS s, time '10:00' + i * interval '1 min' AS tm, ('<a>' || i
  || '</a>')::xml AS x FROM generate_series(1, 40) i;
ANALYZE fmt;
PREPARE g1 AS SELECT f8::text, f4::text, ts::text, tz::text, d::text, iv::text, by::text, mo::text FROM fmt WHERE
  i IN (3, 17, 33) ORDER BY i;
PREPARE g2 AS SELECT min(f8::text), max(f4::text), min(ts::text), max(tz::text), min(d::text), max(iv::text),
  min(by::text), max(mo::text) FROM fmt;
PREPARE g3 AS SELECT f8::text || '/' || iv AS k, count(*) FROM fmt WHERE i < 4 GROUP BY 1 ORDER BY 1;
PREPARE g4(text) AS SELECT count(*) FROM fmt WHERE d::text = $1 OR d = $1::date;
PREPARE g5 AS SELECT count(*), min(a.tz::text) FROM fmt a JOIN fmt b ON a.ts::text = b.ts::text AND a.tz::date =
  b.tz::date;
PREPARE g6 AS SELECT concat(f8, '|', ts, '|', iv, '|', by, '|', tz), format('%s %s', d, f4) FROM fmt WHERE i = 3;
PREPARE g7 AS SELECT string_agg(ts::text, ',' ORDER BY i), string_agg(d || '', ',' ORDER BY i), array_agg(iv
  ORDER BY i)::text, (array_agg(f8 ORDER BY i))::text FROM fmt WHERE i < 3;
PREPARE g8 AS SELECT to_char(ts, 'TMDay DD TMMonth'), to_char(i, 'L9G999D99'), to_char(tz, 'TZ OF'), i::money
  FROM fmt WHERE i = 9;
PREPARE g9 AS SELECT DISTINCT tz::date FROM fmt WHERE i < 5 ORDER BY 1;
PREPARE g10 AS SELECT row_to_json(fmt) FROM fmt WHERE i = 3;
PREPARE g11 AS SELECT CASE WHEN i = 3 THEN f8::text ELSE ts::text END, coalesce(NULLIF(iv::text, 'x'), 'y'),
  fmt::text FROM fmt WHERE i IN (3, 4) ORDER BY i;
PREPARE g12 AS SELECT to_json(tz), '01/02/2024'::text::date, ('03.04.' || 2000 + i)::date FROM fmt WHERE i = 3;
PREPARE g13(date, interval, timestamptz) AS SELECT count(*), $1::text, $2::text, $3::text FROM fmt WHERE d > $1
  AND iv < $2 AND tz > $3;
PREPARE g14 AS SELECT substring(s, 1, 1), length(s), octet_length(s), s ~ 'Ä', upper(s), s ILIKE 'Ä%' FROM fmt
  WHERE i = 3;
PREPARE g15 AS SELECT current_setting('DateStyle'), current_setting('my.x', true), count(*) FROM fmt;
PREPARE g16 AS SELECT count(*) FROM fmt WHERE i::text = current_setting('my.x', true) OR d = current_date OR s =
  current_user;
\set all 'EXECUTE g1; EXECUTE g2; EXECUTE g3; EXECUTE g4(''2024-02-03''); EXECUTE g5; EXECUTE g6; EXECUTE g7; EXECUTE g8; EXECUTE g9; EXECUTE g10; EXECUTE g11; EXECUTE g12; EXECUTE g13(''2024-02-03'', ''1 day'', ''2024-03-09''); EXECUTE g14; EXECUTE g15; EXECUTE g16;'
:all
SET DateStyle = 'German, DMY'; :all
SET DateStyle = 'SQL, MDY'; :all
SET DateStyle = 'Postgres, YMD'; :all
RESET DateStyle; SET IntervalStyle = 'iso_8601'; :all
SET IntervalStyle = 'sql_standard'; :all
RESET IntervalStyle; SET extra_float_digits = 0; :all
SET extra_float_digits = -5; :all
RESET extra_float_digits; SET bytea_output = 'escape'; :all
RESET bytea_output; SET TimeZone = 'Asia/Kolkata'; :all
SET TimeZone = 'America/New_York'; SET DateStyle = 'SQL, DMY'; SET my.x = '7'; :all
BEGIN; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL my.x = '9'; SAVEPOINT a;
SET LOCAL IntervalStyle = 'iso_8601'; EXECUTE g1; EXECUTE g15; ROLLBACK TO a; EXECUTE g1; EXECUTE g15; EXECUTE g16;
COMMIT; EXECUTE g1; EXECUTE g15;
SET lc_monetary = 'C'; SET lc_time = 'C'; SET lc_numeric = 'C'; :all
SET quote_all_identifiers = on; SET xmlbinary = 'hex'; SET xmloption = content; SET array_nulls = off;
SET transform_null_equals = on; :all
SELECT count(*) FROM fmt WHERE i = NULL; SELECT '{1,NULL}'::text[] FROM fmt WHERE i = 1;
RESET ALL; SET search_path = regress;
-- client encodings
SET client_encoding = 'LATIN1'; EXECUTE g14; SELECT s FROM fmt WHERE i = 3;
SELECT max(s), 'ok' FROM fmt WHERE s LIKE '%3'; SELECT count(*), '€' FROM fmt;
CREATE TABLE euro AS SELECT chr(8364) AS e, i FROM generate_series(1, 3) i; SELECT e FROM euro;
SELECT count(*), max(e) FROM euro; SELECT count(*) FROM euro;
SET client_encoding = 'SQL_ASCII'; EXECUTE g14; SELECT e FROM euro WHERE i = 1; SET client_encoding = 'EUC_JP';
SELECT max(e), min(s) FROM euro, fmt; RESET client_encoding;
-- settings of functions
CREATE FUNCTION fs() RETURNS text LANGUAGE sql STABLE SET DateStyle = 'German' SET TimeZone = 'Asia/Tokyo' AS
  'SELECT string_agg(tz::text || ts::text, '','' ORDER BY i) FROM fmt WHERE i < 3';
CREATE FUNCTION fp(int) RETURNS text LANGUAGE plpgsql STABLE SET extra_float_digits = -10 SET IntervalStyle =
  'sql_standard' AS $$ BEGIN RETURN (SELECT f8 || ' ' || iv FROM fmt WHERE i = $1); END $$;
SELECT fs(), fp(3), i, f8::text, iv FROM fmt WHERE i < 4 ORDER BY i;
SELECT max(fs()), min(fp(i)), max(tz::text), max(f8::text) FROM fmt;
SELECT set_config('DateStyle', 'German', false), d::text FROM fmt WHERE i < 3 ORDER BY i; SHOW DateStyle;
RESET DateStyle;
SET default_transaction_isolation = 'serializable'; SELECT count(*) FROM fmt;
SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on;
SELECT sum(f8) > 1 FROM fmt; CREATE TABLE nope (i int); SET default_transaction_deferrable = on;
SELECT count(*) FROM fmt;
RESET default_transaction_isolation; RESET default_transaction_read_only; RESET default_transaction_deferrable;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SELECT count(*), sum(i) FROM fmt; COMMIT;
BEGIN; INSERT INTO fmt(i) SELECT 1000; PREPARE TRANSACTION 'tx'; SELECT count(*) FROM fmt; ROLLBACK PREPARED 'tx';
BEGIN; SELECT count(*) FROM fmt; LOCK TABLE fmt IN ACCESS EXCLUSIVE MODE; SELECT count(*) FROM fmt;
COMMIT AND CHAIN; SELECT sum(i) FROM fmt; ROLLBACK AND CHAIN READ ONLY; SELECT max(i) FROM fmt; COMMIT;
SELECT pg_advisory_lock(i) FROM fmt WHERE i < 5 ORDER BY i;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT count(*) FROM fmt WHERE i < 5 AND pg_advisory_unlock(i);
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT i FROM fmt WHERE i < 8 AND pg_try_advisory_lock(i) LIMIT 2;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT pg_advisory_unlock_all();
BEGIN; SELECT count(pg_advisory_xact_lock(i)) FROM fmt WHERE i < 6;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid(); ROLLBACK;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
DISCARD PLANS; EXECUTE g15; DISCARD TEMP; SET SESSION AUTHORIZATION DEFAULT; DEALLOCATE g15; EXECUTE g15;
DISCARD ALL; SET search_path = regress; EXECUTE g1; SELECT count(*) FROM fmt;
