-- Two tables with a column of every type that joins compare: NULLs, values on one side only, several rows of a value,
-- strings below and above twelve bytes, blanks and toasted strings. f_probe is large enough to be filtered.
CREATE TYPE f_mood AS ENUM ('sad', 'ok', 'glad', 'calm', 'wild', 'shy', 'bold', 'mild', 'glum', 'odd');
CREATE TABLE f_probe AS
SELECT i AS id,
       (i % 97)::int2 AS k2,
       CASE WHEN i % 13 <> 0 THEN (i * 7919) % 4001 - 2000 END AS k4,
       CASE WHEN i % 11 <> 0 THEN (i::int8 * 1000003) % 4001 - 2000 END AS k8,
       CASE WHEN i % 17 <> 0 THEN (i::int8 - 3000) * 4611686018427 END AS far,
       CASE WHEN i % 19 <> 0 THEN date '1999-01-01' + i % 3000 END AS d,
       CASE WHEN i % 23 <> 0 THEN timestamp '2000-01-01 12:00' + (i % 2500) * interval '7 minutes' END AS ts,
       CASE WHEN i % 23 <> 0 THEN timestamptz '2000-01-01 12:00+02' + (i % 2500) * interval '7 minutes' END AS tz,
       CASE WHEN i % 29 <> 0 THEN md5((i % 1500)::text)::uuid END AS u,
       CASE WHEN i % 7 <> 0 THEN left(md5((i % 1500)::text), i % 30) END AS t,
       CASE WHEN i % 7 <> 0 THEN left(md5((i % 1500)::text), 5 + i % 9)::varchar(20) END AS v,
       CASE WHEN i % 9 <> 0 THEN left(md5((i % 400)::text), i % 13)::char(16) END AS c,
       chr(65 + i % 20)::char(1) AS c1,
       CASE WHEN i % 31 = 0 THEN NULL WHEN i % 37 = 0 THEN 'NaN' ELSE (i % 1200)::numeric / 8 END::numeric(10,3) AS n,
       ((i % 1200)::numeric / 8)::numeric(14,5) AS n5,
       CASE WHEN i % 41 = 0 THEN 'NaN' ELSE (i % 1200)::numeric / 8 END::numeric(30,3) AS nw,
       i % 3 = 0 AS b,
       CASE i % 1500 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' WHEN 3 THEN 0 WHEN 4 THEN '-Infinity'
         ELSE (i % 1500 - 700)::float8 / 7 END AS f8,
       CASE i % 1500 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' WHEN 3 THEN 0
         ELSE (i % 1500 - 700)::float4 / 7 END AS f4,
       CASE WHEN i % 19 <> 0 THEN ((i::int8 * 1000003) % 4001 + 4294963000)::oid END AS o,
       (enum_range(NULL::f_mood))[1 + i % 10] AS e,
       repeat(md5((i % 60)::text), 1 + (i % 60) * 3) AS long
FROM generate_series(1, 6000) AS i;
-- A CASE has no length of its own.
ALTER TABLE f_probe ALTER c TYPE char(16), ALTER n TYPE numeric(10,3), ALTER v TYPE varchar(20);
CREATE TABLE f_build AS
SELECT id + 3 AS id, id % 100 AS pick, k2, k4, k8, far, d, ts, tz, u, t, v, c, c::char(20) AS c20, c1, n, n5, nw, b,
       CASE WHEN f8 = 0 THEN -f8 ELSE f8 END AS f8, CASE WHEN f4 = 0 THEN -f4 ELSE f4 END AS f4, o, e,
       long, rtrim(c) || ' ' AS blanks
FROM f_probe WHERE id % 5 = 0;
CREATE TABLE f_middle AS SELECT id, k4, id % 10 AS part FROM f_probe WHERE id % 2 = 0;
CREATE TABLE f_parts (id int, k4 int, note text) PARTITION BY RANGE (id);
CREATE TABLE f_parts_low PARTITION OF f_parts FOR VALUES FROM (0) TO (3000);
CREATE TABLE f_parts_high PARTITION OF f_parts FOR VALUES FROM (3000) TO (10000);
INSERT INTO f_parts SELECT id, k4, t FROM f_probe;
ALTER TABLE f_probe ADD COLUMN added int DEFAULT 7;
ALTER TABLE f_probe DROP COLUMN b;
ANALYZE f_probe, f_build, f_middle, f_parts;
