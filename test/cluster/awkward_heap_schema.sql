-- Heaps that are awkward to decode, large enough that parallel producers start, and relations that are not plain heaps.
DROP TABLE IF EXISTS odd_shape, odd_toast, odd_wide, odd_nulls, odd_types, odd_eights, odd_parts,
  odd_parent CASCADE;
DROP TYPE IF EXISTS odd_mood CASCADE;
DROP TYPE IF EXISTS odd_pair CASCADE;
DROP DOMAIN IF EXISTS odd_amount CASCADE;

-- Rows of three shapes: before columns were dropped, after, and after others were added.
CREATE TABLE odd_shape (id int, gone_text text, a smallint, b text, gone_number numeric, doubled int
  GENERATED ALWAYS AS (id * 2) STORED, gone_byte "char", c timestamptz);
INSERT INTO odd_shape (id, gone_text, a, b, gone_number, gone_byte, c)
  SELECT i, repeat('g', i % 7), i % 300, 'b' || i, i / 7.0, 'x', '2024-01-01'::timestamptz + i * interval '1 minute'
  FROM generate_series(1, 20000) AS i;
ALTER TABLE odd_shape DROP COLUMN gone_text, DROP COLUMN gone_number;
INSERT INTO odd_shape (id, a, b, gone_byte, c) SELECT i, nullif(i % 300, 5), nullif('b' || i, 'b20100'), 'y', NULL
  FROM generate_series(20001, 40000) AS i;
ALTER TABLE odd_shape DROP COLUMN gone_byte, ADD COLUMN d int DEFAULT 7, ADD COLUMN e text DEFAULT 'added',
  ADD COLUMN f numeric(8, 2), ADD COLUMN g char(5) DEFAULT 'ab';
INSERT INTO odd_shape (id, a, b, c, d, e, f, g) SELECT i, 1, 'late', now(), i, repeat('e', i % 200), i / 100.0, 'abc'
  FROM generate_series(40001, 60000) AS i;

-- Inline, compressed, external and external compressed values side by side.
CREATE TABLE odd_toast (id int, plain text, packed text, apart text, raw bytea);
ALTER TABLE odd_toast ALTER COLUMN apart SET STORAGE EXTERNAL, ALTER COLUMN plain SET STORAGE MAIN;
INSERT INTO odd_toast SELECT i, repeat('p', i % 900),
  repeat('packed ' || i, CASE WHEN i % 40 = 0 THEN 900 ELSE i % 5 END),
  CASE WHEN i % 60 = 0 THEN (SELECT string_agg(md5(i::text || k), '') FROM generate_series(1, 150) AS k)
    WHEN i % 7 = 0 THEN NULL ELSE md5(i::text) END,
  decode(repeat(md5(i::text), CASE WHEN i % 80 = 0 THEN 200 ELSE i % 3 END), 'hex')
  FROM generate_series(1, 24000) AS i;

DO $$ BEGIN
  EXECUTE 'CREATE TABLE odd_wide (' || (SELECT string_agg(
    format('c%s %s', k, (ARRAY['smallint', 'int', 'bool', 'text'])[1 + k % 4]), ', ' ORDER BY k)
    FROM generate_series(1, 1600) AS k) || ')';
  EXECUTE 'INSERT INTO odd_wide SELECT ' || (SELECT string_agg(
    CASE k % 4 WHEN 2 THEN format('(i + %s) %% 3 = 0', k)
    WHEN 3 THEN format('nullif(chr(65 + (i + %s) %% 26), ''Q'')', k)
    ELSE format('nullif((i * %s) %% 97, 13)', k) END, ', ' ORDER BY k)
    FROM generate_series(1, 1600) AS k) || ' FROM generate_series(1, 1500) AS i';
END $$;

CREATE TABLE odd_nulls (id int, a bool, b smallint, c int, d bigint, e text, f numeric, g float8, h char(3), i date, j uuid,
  k interval);
INSERT INTO odd_nulls SELECT n,
  CASE WHEN n & 1 = 0 THEN n % 3 = 0 END, CASE WHEN n & 2 = 0 THEN n % 1000 END, CASE WHEN n & 4 = 0 THEN n END,
  CASE WHEN n & 8 = 0 THEN n * 10000000000 END, CASE WHEN n & 16 = 0 THEN repeat('e', n % 20) END,
  CASE WHEN n & 32 = 0 THEN n / 3.0 END, CASE WHEN n & 64 = 0 THEN n / 7.0 END,
  CASE WHEN n & 128 = 0 THEN 'c' || n % 10 END, CASE WHEN n & 256 = 0 THEN date '2000-01-01' + n END,
  CASE WHEN n & 512 = 0 THEN md5(n::text)::uuid END, CASE WHEN n & 1024 = 0 THEN n * interval '1 hour' END
  FROM generate_series(1, 40000) AS n;

CREATE TYPE odd_mood AS ENUM ('sad', 'calm', 'glad');
CREATE TYPE odd_pair AS (number int, word text);
CREATE DOMAIN odd_amount AS numeric(12, 3) CHECK (VALUE > -1000000);
CREATE TABLE odd_types (id int, mood odd_mood, amount odd_amount, free numeric, list int[], words text[], doc json,
  docb jsonb, place point, host inet, span int4range, title name, bits bit(5), stamp timestamp, day time,
  pair odd_pair, single real, code "char");
INSERT INTO odd_types SELECT i, (ARRAY['sad', 'calm', 'glad'])[1 + i % 3]::odd_mood, i / 8.0,
  CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN -i::numeric / 7 WHEN 3 THEN i * 1e40 END,
  ARRAY[i, NULL, i + 1], ARRAY['w' || i], json_build_object('i', i), jsonb_build_array(i, NULL, 'x'),
  point(i, -i), ('10.0.' || i % 256 || '.1')::inet, int4range(i, i + 5), 'title' || i, (i % 32)::bit(5),
  timestamp '2001-02-03' + i * interval '7 seconds', time '00:00' + i * interval '3 seconds',
  ROW(i, 'p' || i)::odd_pair, i / 3.0, chr(65 + i % 26)::"char"
  FROM generate_series(1, 20000) AS i;

-- Values of variable length that start at multiples of eight, with long headers, short ones and compressed.
CREATE TABLE odd_eights (id int, list bigint[], note text, track path, pair odd_pair, code smallint, spans int8multirange);
INSERT INTO odd_eights SELECT i, (SELECT array_agg(i * k) FROM generate_series(1, i % 40) AS k), repeat('n', i % 170),
  ('(' || repeat(format('(%s,1),', i % 9), i % 50) || '(2,' || i || '))')::path, ROW(i, repeat('p', i % 150))::odd_pair,
  i % 999, int8multirange(int8range(i, i + 5), int8range(i + 9, NULL))
  FROM generate_series(1, 20000) AS i;

CREATE TABLE odd_parts (id int, region int, note text) PARTITION BY RANGE (region);
CREATE TABLE odd_parts_low PARTITION OF odd_parts FOR VALUES FROM (0) TO (5);
CREATE TABLE odd_parts_high (note text, gone int, region int NOT NULL, id int);
ALTER TABLE odd_parts_high DROP COLUMN gone;
ALTER TABLE odd_parts ATTACH PARTITION odd_parts_high FOR VALUES FROM (5) TO (10);
INSERT INTO odd_parts SELECT i, i % 10, 'part ' || i FROM generate_series(1, 40000) AS i;

CREATE TABLE odd_parent (id int, note text);
CREATE TABLE odd_child (extra int) INHERITS (odd_parent);
INSERT INTO odd_parent SELECT i, 'parent ' || i FROM generate_series(1, 20000) AS i;
INSERT INTO odd_child SELECT i, 'child ' || i, i FROM generate_series(1, 20000) AS i;
