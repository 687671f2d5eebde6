-- Tables whose values are chosen to hurt: every type of the first slice at its limits, NULLs everywhere,
-- NaN and infinities, empty and wide text, duplicates for grouping, an empty and an all-NULL table.
CREATE TABLE d_values (
  id int NOT NULL, g int2, s int2, i int4, l int8, n numeric(15,2), m numeric(38,10), w numeric, f float4, e float8,
  d date, ts timestamp, tz timestamptz, tm time, t text, v varchar(10), c char(5), k char(1), b bool, y bytea,
  u uuid, iv interval, j jsonb, a int[], o oid, x "char"
);
INSERT INTO d_values
SELECT id, id % 7,
  (ARRAY[0, 1, -1, 32767, -32768, NULL, 12, 300])[1 + id % 8],
  (ARRAY[0, 1, -1, 2147483647, -2147483648, NULL, 100, 7])[1 + (id / 3) % 8],
  (ARRAY[0, 1, -1, 9223372036854775807, -9223372036854775808, NULL, 4611686018427387904, 3000000000])[1 + (id / 5) % 8],
  (ARRAY[0, 0.01, -0.01, 9999999999999.99, -9999999999999.99, NULL, 1.10, 'NaN', 123.45, 50])[1 + (id / 2) % 10]::numeric,
  (ARRAY[0, 0.0000000001, -1234567890123456789012345678.9012345678, 9999999999999999999999999999.9999999999, NULL, 'NaN', 42.5])[1 + id % 7]::numeric,
  (ARRAY[0, 1.0, 1.00, 1.000, 'NaN', 'Infinity', '-Infinity', NULL, 1e50, 1e-50, 3.14159])[1 + id % 11]::numeric,
  (ARRAY[0, '-0', 1.5, 'NaN', 'Infinity', '-Infinity', NULL, 1e-45, 3.4e38])[1 + id % 9]::float4,
  (ARRAY[0, '-0', 1.5, 'NaN', 'Infinity', NULL, 1e308, 4.9e-324, 0.1])[1 + (id / 2) % 9]::float8,
  (ARRAY['2000-01-01', '1995-06-17', 'infinity', '-infinity', NULL, '0044-03-15 BC', '5874897-12-31', '1998-12-01'])[1 + id % 8]::date,
  (ARRAY['2000-01-01', '1995-06-17 23:59:59.999999', 'infinity', '-infinity', NULL, '294276-12-31'])[1 + (id / 2) % 6]::timestamp,
  (ARRAY['2000-01-01+00', '1995-06-17 12:00:00+05:30', 'infinity', NULL, '2024-03-31 01:30:00+01'])[1 + id % 5]::timestamptz,
  (ARRAY['00:00', '23:59:59.999999', '24:00', NULL])[1 + id % 4]::time,
  (ARRAY['', 'a', 'abcdefghijkl', 'abcdefghijklm', NULL, 'žluťoučký kůň', 'A', repeat('x', 300), 'a ', 'twelve bytes'])[1 + id % 10],
  (ARRAY['', 'ten chars!', NULL, 'abc', 'Abc'])[1 + (id / 2) % 5],
  (ARRAY['', 'a', 'ab   ', 'abcde', NULL, 'ž'])[1 + id % 6],
  (ARRAY['A', 'N', 'R', NULL, ' '])[1 + id % 5],
  (ARRAY[true, false, NULL])[1 + id % 3],
  (ARRAY['\x', '\x00', '\xdeadbeef', NULL, '\x000102030405060708090a0b0c0d0e0f'])[1 + id % 5]::bytea,
  (ARRAY['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL])[1 + id % 3]::uuid,
  (ARRAY['1 day', '24 hours', '1 mon', '30 days', NULL, '-1 year 2 mons'])[1 + id % 6]::interval,
  (ARRAY['{"a": 1}', '{"a": 1.0}', 'null', NULL, '[1, 2, {"b": "c"}]'])[1 + id % 5]::jsonb,
  (ARRAY['{1,2,3}', '{}', NULL, '{NULL,5}'])[1 + id % 4]::int[],
  (ARRAY[0, 4294967295, NULL, 1259])[1 + id % 4]::oid,
  (ARRAY['a', '', NULL, 'z'])[1 + id % 4]::"char"
FROM generate_series(1, 1200) AS id;

CREATE TABLE d_empty (LIKE d_values);
CREATE TABLE d_nulls (LIKE d_values);
INSERT INTO d_nulls (id) SELECT generate_series(1, 50);

-- Several pages, exact arithmetic without extremes.
CREATE TABLE d_sales (
  id int PRIMARY KEY, region text NOT NULL, product varchar(20), flag char(1) NOT NULL, status char(10),
  quantity int NOT NULL, small int2, big int8, price numeric(15,2) NOT NULL, discount numeric(15,2) NOT NULL, tax numeric(4,3),
  ratio float8, weight float4, sold date NOT NULL, stamped timestamp
);
INSERT INTO d_sales
SELECT id, 'region ' || id % 13, CASE WHEN id % 17 > 0 THEN 'product ' || id % 101 END, chr(65 + id % 3), CASE WHEN id % 5 > 0 THEN 'status' || id % 4 END,
  id % 50 + 1, CASE WHEN id % 11 > 0 THEN (id % 1000)::int2 END, id::int8 * 100003, (id * 37 % 100000)::numeric / 100, (id % 11)::numeric / 100, (id % 9)::numeric / 1000,
  sin(id), CASE WHEN id % 7 > 0 THEN cos(id)::float4 END, date '1992-01-01' + id % 2500, timestamp '2001-01-01' + id * interval '1 hour'
FROM generate_series(1, 60000) AS id;

-- One row larger than any page.
CREATE TABLE d_wide (id int, body text);
INSERT INTO d_wide VALUES (1, 'small'), (2, (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 40000) AS i)), (3, NULL);
VACUUM ANALYZE d_values, d_empty, d_nulls, d_sales, d_wide;
