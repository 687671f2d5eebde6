-- Both scan producers against PostgreSQL's executor, value image by value image (pg_fusion_scan_check), on tables whose heaps are
-- awkward. Every check must print t.
\pset tuples_only on
\pset format unaligned
SET search_path = regress, public, fusion;
SET pg_fusion.enable = off;

-- every encoding, nulls everywhere
CREATE TABLE types AS
SELECT i,
       CASE WHEN i % 5 <> 0 THEN i % 3 = 0 END AS b,
       CASE WHEN i % 7 <> 0 THEN (i % 30000 - 15000)::int2 END AS i2,
       CASE WHEN i % 3 <> 0 THEN i * 31 - 50000 END AS i4,
       (i::int8 << 33) - (2000::int8 << 33) AS i8,
       (CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN 'Infinity' WHEN 3 THEN NULL ELSE i::text END)::float4 AS f4,
       (CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' WHEN 2 THEN '0' WHEN 3 THEN NULL ELSE (-i)::text END)::float8 AS f8,
       (CASE i % 11 WHEN 0 THEN 'NaN'::numeric WHEN 1 THEN NULL WHEN 2 THEN 0 WHEN 3 THEN 9999999999999.99 WHEN 4 THEN -9999999999999.99
                   WHEN 5 THEN 0.01 WHEN 6 THEN -0.5 WHEN 7 THEN 1e12 ELSE i / 7.0 END)::numeric(15,2) AS n15_2,
       (CASE i % 9 WHEN 0 THEN 999999999999999999 WHEN 1 THEN -999999999999999999 WHEN 2 THEN 10000 * i WHEN 3 THEN 1e17
                  ELSE i END)::numeric(18,0) AS n18_0,
       (CASE i % 9 WHEN 0 THEN 0.999999999999999999 WHEN 1 THEN -0.000000000000000001 WHEN 2 THEN 0.0001
                  ELSE i / 20000.0 END)::numeric(18,18) AS n18_18,
       (CASE i % 4 WHEN 0 THEN 'NaN'::numeric WHEN 1 THEN 99999999999999999999999999999999999.999 WHEN 2 THEN NULL
                  ELSE -i / 3.0 END)::numeric(38,3) AS n38_3,
       (i * 12345 % 1000000)::numeric(4,-2) AS n9_m2,
       (i % 999 / 10000000.0)::numeric(3,7) AS n3_7,
       (CASE i % 6 WHEN 0 THEN 'Infinity'::numeric WHEN 1 THEN 'NaN' WHEN 2 THEN 1.10 WHEN 3 THEN 1e300 ELSE i END) AS n,
       CASE i % 6 WHEN 0 THEN 'infinity'::date WHEN 1 THEN '-infinity' WHEN 2 THEN '4713-01-01 BC' WHEN 3 THEN '5874897-12-31'
                 ELSE '2000-01-01'::date + i END AS d,
       time '00:00' + i * interval '1 second' AS t,
       timetz '12:00+03' + i * interval '1 second' AS ttz,
       CASE i % 6 WHEN 0 THEN 'infinity' WHEN 1 THEN '-infinity' ELSE timestamp '2000-01-01' + i * interval '1 hour' END AS ts,
       timestamptz '2020-01-01 00:00+00' + i * interval '1 minute' AS tstz,
       i * interval '1 month 2 days 3 seconds' AS iv,
       ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid AS u,
       (array['a', ' ', 'é', ''])[1 + i % 4]::char(1) AS c1,
       (array['a', ' ', 'éß', '', ' b', '€'])[1 + i % 6]::char(2) AS c2,
       repeat('ab ', i % 10)::char(25) AS c25,
       repeat('x', i % 70)::char(70) AS c70,
       left('häßlich ' || i, i % 15)::varchar(44) AS vc,
       repeat(chr(97 + i % 26), i % 200) AS tx,
       decode(lpad(to_hex(i), 8, '0'), 'hex') AS by,
       array[i, NULL, i + 1] AS a,
       jsonb_build_object('k', i) AS j,
       ('n' || i)::name AS nm,
       i::text::"char" AS ch,
       i::oid AS o,
       ('10.0.0.' || i % 256)::inet AS ip,
       int4range(i, i + 5) AS r,
       CASE WHEN i % 2 = 0 THEN row(i, 'x')::text END AS tail_text
FROM generate_series(1, 5000) AS i;
SELECT pg_fusion_scan_check('types');
SELECT pg_fusion_scan_check('types', NULL, 262144);
VACUUM FREEZE types;
SELECT pg_fusion_scan_check('types');
CREATE TABLE types_dense AS SELECT * FROM types WHERE types IS NOT NULL;
SELECT count(*) > 100 FROM types_dense;
SELECT pg_fusion_scan_check('types_dense');

-- quals: three-valued logic, keys of every kind, text
SELECT q, pg_fusion_scan_check('types', q) FROM (VALUES
  ('i4 > 100'), ('i4 < 100 OR i4 IS NULL'), ('NOT (i4 < 100)'), ('i4 BETWEEN -100 AND 30000'), ('i4 = 43'), ('i4 <> 43'),
  ('i4 > 3000000000'), ('i4 < 3000000000'), ('i2 >= -5000::int8'), ('i8 > 5'), ('5 < i4'), ('i2 IN (1, 2, 3, NULL)'),
  ('i2 NOT IN (1, 2, 3)'), ('i2 NOT IN (1, NULL)'), ('i4 IN (12, 43, 74, 105, 136, 167, 198, 229, 260, 291, 322)'),
  ('i4 = ANY (''{}'')'), ('i4 <> ALL (''{}''::int[])'), ('i4 = ANY (NULL::int[])'),
  ('b'), ('NOT b'), ('b IS TRUE'), ('b IS NOT TRUE'), ('b IS FALSE'), ('b IS NOT FALSE'), ('b IS UNKNOWN'), ('b IS NOT UNKNOWN'),
  ('b = false'), ('b <> true'), ('f4 > 0'), ('f4 = ''NaN'''), ('f4 < ''NaN'''), ('f4 >= ''Infinity'''), ('f4 = 0'), ('f4 = ''-0'''),
  ('f8 <= ''-Infinity'''), ('f8 > ''-Infinity'''), ('f8 < 0::float4'), ('f8 = 0'), ('f4 = 4::float8'),
  ('n15_2 > 100'), ('n15_2 = ''NaN'''), ('n15_2 < ''NaN'''), ('n15_2 > 0.005'), ('n15_2 >= -0.505'), ('n15_2 < 0.014'),
  ('n15_2 <= 1e300'), ('n15_2 >= -1e300'), ('n15_2 < ''Infinity'''), ('n15_2 >= ''Infinity'''), ('n15_2 > ''-Infinity'''),
  ('n15_2 = 0.01'), ('n15_2 = 0.011'), ('n15_2 <> 0.011'), ('n15_2 IN (0, 0.01, ''NaN'', 0.005)'), ('n15_2 NOT IN (0, 0.01)'),
  ('n18_0 >= 999999999999999999'), ('n18_0 < -999999999999999998.5'), ('n18_18 > 0.00005'), ('n38_3 > 5'), ('n > 5'),
  ('n9_m2 > 1000'), ('n9_m2 = 12300'), ('n9_m2 < 12345.6'), ('n3_7 < 0.0000099'),
  ('d > ''2001-01-01'''), ('d = ''infinity'''), ('d < ''-infinity'''), ('d >= timestamp ''2001-01-01 12:00'''),
  ('d < timestamp ''2001-01-01 00:00'''), ('d <= timestamp ''infinity'''), ('d > timestamp ''-infinity'''), ('d = timestamp ''2000-01-05'''),
  ('d > timestamp ''294276-12-31 23:59:59'''), ('ts < date ''2000-02-01'''), ('ts >= date ''5874897-12-31'''),
  ('ts <= date ''infinity'''), ('ts = date ''2000-01-05'''), ('d < timestamptz ''2001-01-01 00:00+00'''),
  ('ts > ''2000-01-10'''), ('tstz <= ''2020-01-02 00:00+00'''), ('t < ''00:10'''), ('o > 2500'), ('o = 2147483649'),
  ('c1 = ''a'''), ('c1 = ''a '''), ('c1 = '''''), ('c1 <> ''é'''), ('c1 IN (''a'', ''é'')'), ('c25 = ''ab ab '''), ('c25 >= ''ab'''),
  ('c2 = ''a'''), ('c2 = ''€ '''), ('c2 <> '' b'''), ('c2 IN ('''', ''éß'')'), ('c70 = repeat(''x'', 40)'), ('c70 > repeat(''x'', 60)'), ('vc = ''häß'''), ('vc <> ''häß'''), ('vc LIKE ''h%'''), ('vc LIKE ''%ich%'''),
  ('vc NOT LIKE ''%ß%l%'''), ('vc LIKE ''hä%ich'''), ('vc LIKE '''''), ('vc LIKE ''%'''), ('vc LIKE ''h_ß%'''), ('vc LIKE ''häß'''), ('tx LIKE ''%aa%aa%'''), ('tx LIKE ''aaa%aaa'''), ('tx LIKE ''%bb%b'''),
  ('vc LIKE ''h_ßl%'''), ('vc LIKE ''%_ch__'''), ('vc LIKE ''_ä%l_c%_''' ), ('vc LIKE ''______'''), ('vc LIKE ''%l_c%h%__'''),
  ('vc NOT LIKE ''%\_%'''), ('vc LIKE ''h\ä%'''), ('vc LIKE ''%\%%'''), ('vc LIKE ''%_'''), ('vc LIKE ''_%'''), ('vc LIKE ''%__%'''),
  ('vc LIKE ''h%\\'''), ('tx LIKE ''_'''), ('tx LIKE ''a_a%a_a'''), ('c25 LIKE ''ab %ab%  '''), ('c25 NOT LIKE ''%b _%'''), ('c25 LIKE ''%ab'''),
  ('c25 = ''ab'' OR c25 LIKE ''ab ab ab  %'''), ('c2 LIKE ''_ß'''), ('c2 LIKE ''€ '''), ('c2 LIKE ''€'''), ('c1 LIKE '' '''), ('c1 LIKE ''_'''), ('c1 NOT LIKE ''a'''),
  ('c25 LIKE ''ab%'''), ('tx = '''''), ('tx < ''b'''), ('tx COLLATE "C" >= ''m'''), ('tx > ''zz'' COLLATE "C"'), ('tx IN (''a'', ''bb'', NULL)'),
  ('tx NOT IN (''a'', ''bb'')'), ('i4 IS NULL'), ('i4 IS NOT NULL'), ('tail_text IS NULL AND i > 10'), ('a IS NOT NULL'),
  ('(i4 > 5 AND b) OR (i2 < 0 AND NOT b)'), ('NOT (i4 > 5 AND b)'), ('NOT (b OR i4 IS NULL)'), ('(i4 > 5) IS TRUE'), ('(i4 > 5) IS UNKNOWN'),
  ('i > 10 AND i4 / 7 > 3'), ('i4 / 7 > 3 AND i > 10'), ('i > 10 AND i < 2000 AND i8 < 0 AND vc LIKE ''h%'' AND f8 < 0'),
  ('length(tx) > 50'), ('tx LIKE ''a%'' AND i % 2 = 0'), ('nm = ''n12'''), ('u > ''00000000-0000-0000-0000-000000004000'''),
  ('i = 17'), ('i < 0'), ('r @> 100'), ('i > 4990 AND tail_text IS NOT NULL')
) AS quals (q);

-- two columns of one type, each order, with NULLs on either side, alone and below NOT and OR
CREATE TABLE pairs AS SELECT i,
  b AS b_1, lag(b, 6) OVER w AS b_2, i2 AS i2_1, lag(i2, 6) OVER w AS i2_2, i4 AS i4_1, lag(i4, 6) OVER w AS
  i4_2, i8 AS i8_1, lag(i8, 6) OVER w AS i8_2, f4 AS f4_1, lag(f4, 6) OVER w AS f4_2, f8 AS f8_1, lag(f8, 6)
  OVER w AS f8_2, n15_2 AS n15_2_1, lag(n15_2, 6) OVER w AS n15_2_2, n18_18 AS n18_18_1, lag(n18_18, 6) OVER w
  AS n18_18_2, n AS n_1, lag(n, 6) OVER w AS n_2, d AS d_1, lag(d, 6) OVER w AS d_2, t AS t_1, lag(t, 6) OVER w
  AS t_2, ts AS ts_1, lag(ts, 6) OVER w AS ts_2, tstz AS tstz_1, lag(tstz, 6) OVER w AS tstz_2, o AS o_1, lag(o,
  6) OVER w AS o_2, c1 AS c1_1, lag(c1, 6) OVER w AS c1_2, vc AS vc_1, lag(vc, 6) OVER w AS vc_2, u AS u_1,
  lag(u, 6) OVER w AS u_2
FROM types WINDOW w AS (ORDER BY i);
SELECT c, bool_and(pg_fusion_scan_check('pairs', format(f, format('%1$s_1 %2$s %1$s_2', c, o))))
FROM unnest(ARRAY['b', 'i2', 'i4', 'i8', 'f4', 'f8', 'n15_2', 'n18_18', 'n', 'd', 't', 'ts', 'tstz', 'o', 'c1', 'vc', 'u']) AS c,
  unnest(ARRAY['<', '<=', '=', '>=', '>', '<>']) AS o,
  unnest(ARRAY['%s', 'NOT (%s)', 'i < 2000 AND %s', '%s OR i < 100', '(%s) IS UNKNOWN']) AS f
GROUP BY c ORDER BY c COLLATE "C";
SELECT q, pg_fusion_scan_check('pairs', q) FROM (VALUES
  ('i4_1 < i8_2'), ('d_1 < ts_2'), ('o_1::int4 < o_2::int4'), ('f4_1 = f8_1'), ('i4_1 = i4_1'), ('d_1 < d_2 AND d_2 < ''2003-01-01'''),
  ('i2_1 < i2_2 AND i4_1 > i4_2 AND f8_1 IS NOT NULL'), ('n15_2_1 < n18_18_1')
) AS quals (q);

-- ranges of columns no row lacks: read, compared and dropped in one pass
SELECT q, pg_fusion_scan_check('types_dense', q) FROM (VALUES
  ('i4 BETWEEN -100 AND 30000'), ('i4 > 100 AND i4 > 50 AND i4 <= 90000'), ('i4 > 100 AND i4 < 50'), ('i8 > 5 AND i8 < 3000000000'),
  ('n15_2 > 0 AND n15_2 < ''NaN'''), ('n15_2 >= ''NaN'''), ('n15_2 <= -0.5'), ('n15_2 BETWEEN 1 AND 300 AND d > ''2001-01-01'''),
  ('n15_2 > 0.005 AND n15_2 <= 0.014'), ('n18_0 > 100000 AND n18_18 < 0.1 AND n18_0 < 40000000'), ('n18_18 >= 0.0001'),
  ('i < 4000 AND i2 > 0 AND i4 < 50000 AND i8 > 5 AND ts > ''2000-01-10'' AND n15_2 > 3'), ('ts >= ''2000-01-10'' AND ts < ''2000-02-10'''),
  ('i > 10 AND (i < 5 OR i4 > 0) AND n15_2 < 500'), ('i4 > 0 AND i4 <> 43 AND n15_2 < 500'), ('i4 > 0 AND i4 IS NOT NULL AND i < 3000'),
  ('i < 3000 AND n15_2 < 500 AND i4 / 7 > 3 AND d < ''2010-01-01'''), ('n3_7 > 0 AND n9_m2 > 1000'), ('tstz > ''2020-01-02 00:00+00'' AND t < ''01:00''')
) AS quals (q);

-- values out of line and compressed, larger than a page, among small ones
CREATE TABLE wide (id int, gap int, small text, big text, after int, num numeric(30,5));
ALTER TABLE wide ALTER big SET STORAGE EXTERNAL;
INSERT INTO wide SELECT i, CASE WHEN i % 2 = 0 THEN i END, 's' || i, CASE WHEN i % 10 = 0 THEN repeat(md5(i::text), 300) ELSE md5(i::text) END, -i, i / 3.0
FROM generate_series(1, 500) AS i;
ALTER TABLE wide ALTER big SET STORAGE EXTENDED;
INSERT INTO wide SELECT i, NULL, repeat('s', 3000), repeat('compressible ', i % 900), -i, NULL FROM generate_series(501, 800) AS i;
SELECT pg_fusion_scan_check('wide');
SELECT pg_fusion_scan_check('wide', 'small LIKE ''s1%'' AND after < -5');
SELECT pg_fusion_scan_check('wide', 'big LIKE ''%comp%''');
SELECT pg_fusion_scan_check('wide', 'big = ''x'' OR num > 100');
INSERT INTO wide VALUES (0, NULL, 'one', repeat(md5('x'), 4000), 0, 0);
SELECT pg_fusion_scan_check('wide');
SELECT pg_fusion_scan_check('wide', NULL, 262144);

-- columns that came and went
CREATE TABLE changed (a int, dropped_fixed int8, b text, dropped_text text, c numeric(10,2));
INSERT INTO changed SELECT i, i, 'b' || i, repeat('d', i % 50), i FROM generate_series(1, 300) AS i;
ALTER TABLE changed DROP dropped_fixed, DROP dropped_text;
ALTER TABLE changed ADD e int DEFAULT 42, ADD f text DEFAULT 'a default longer than twelve bytes', ADD g numeric(12,3) DEFAULT 1.5,
  ADD h int, ADD k char(5) DEFAULT 'k', ADD l timestamp DEFAULT '2001-02-03', ADD m uuid DEFAULT '00000000-0000-0000-0000-000000000001';
SELECT pg_fusion_scan_check('changed');
SELECT pg_fusion_scan_check('changed', 'e = 42 AND f LIKE ''a default%'' AND g > 1 AND h IS NULL AND k = ''k''');
INSERT INTO changed SELECT i, 'b' || i, i, i, 'new', NULL, i, 'n' FROM generate_series(301, 600) AS i;
ALTER TABLE changed ADD n int GENERATED ALWAYS AS (a * 2) STORED;
SELECT pg_fusion_scan_check('changed');
SELECT pg_fusion_scan_check('changed', 'e <> 42 OR n > 1000');

-- many columns
SELECT 'CREATE TABLE many (' || string_agg('c' || i || CASE i % 3 WHEN 0 THEN ' int' WHEN 1 THEN ' text' ELSE ' bool' END, ', ') || ')'
FROM generate_series(1, 800) AS i \gexec
INSERT INTO many (c1, c3, c600, c800, c799) SELECT 't' || i, i, -i, i % 2 = 0, 'last' FROM generate_series(1, 200) AS i;
SELECT pg_fusion_scan_check('many', NULL, 262144);

-- no rows, no columns
CREATE TABLE empty (a int, b text);
SELECT pg_fusion_scan_check('empty');
CREATE TABLE columnless ();
INSERT INTO columnless DEFAULT VALUES;
INSERT INTO columnless DEFAULT VALUES;
SELECT pg_fusion_scan_check('columnless');

-- own changes in nested savepoints, HOT chains, pages partly all-visible
CREATE TABLE touched (id int PRIMARY KEY, v int, t text) WITH (fillfactor = 70);
INSERT INTO touched SELECT i, i, 't' || i FROM generate_series(1, 3000) AS i;
VACUUM FREEZE touched;
UPDATE touched SET v = v + 1 WHERE id % 17 = 0;
DELETE FROM touched WHERE id % 23 = 0;
SELECT pg_fusion_scan_check('touched');
BEGIN;
INSERT INTO touched VALUES (10001, 1, 'outer');
SAVEPOINT one;
UPDATE touched SET v = -v WHERE id < 100;
SELECT pg_fusion_scan_check('touched');
SAVEPOINT two;
DELETE FROM touched WHERE id BETWEEN 50 AND 2000;
INSERT INTO touched VALUES (10002, 2, 'inner');
SELECT pg_fusion_scan_check('touched');
SELECT pg_fusion_scan_check('touched', 'v < 0');
ROLLBACK TO two;
SELECT pg_fusion_scan_check('touched');
RELEASE one;
SELECT pg_fusion_scan_check('touched', 'v < 0');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_fusion_scan_check('touched');
UPDATE touched SET v = 0 WHERE id = 5;
SELECT pg_fusion_scan_check('touched');
COMMIT;
VACUUM touched;
SELECT pg_fusion_scan_check('touched');
CREATE TEMP TABLE local AS SELECT * FROM touched;
SELECT pg_fusion_scan_check('local');
CREATE MATERIALIZED VIEW stored AS SELECT * FROM touched;
SELECT pg_fusion_scan_check('stored');
CREATE UNLOGGED TABLE unlogged AS SELECT * FROM touched;
SELECT pg_fusion_scan_check('unlogged');

-- a cluster far from its start: pages recycled after truncation
DELETE FROM touched WHERE id > 100;
VACUUM touched;
INSERT INTO touched SELECT i, i, repeat('z', i % 40) FROM generate_series(20000, 21000) AS i;
SELECT pg_fusion_scan_check('touched');

-- refused, not wrong
CREATE TABLE split (a int) PARTITION BY RANGE (a);
CREATE TABLE split_one PARTITION OF split FOR VALUES FROM (0) TO (100);
SELECT pg_fusion_scan_check('split');
SELECT pg_fusion_scan_check('types', NULL, 1000);

-- a row larger than any page
CREATE TABLE too_wide AS SELECT repeat(md5('x'), 10000) AS t;
SELECT pg_fusion_scan_check('too_wide');
