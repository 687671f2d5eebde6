-- Rows for windows.test.ts: partitions of very different sizes, ties, NULLs, values of every type a window may see.
CREATE TABLE w_rows (
  id int PRIMARY KEY, p int, t text, k int, s smallint, big bigint, n numeric(12,2), loose numeric, wide numeric(38,0),
  d date, ts timestamp, f float8, b boolean, c text COLLATE "C", fixed char(6), u uuid
);
INSERT INTO w_rows SELECT g,
  CASE WHEN g % 13 = 0 THEN NULL ELSE g % 7 * (g % 5) END, CASE g % 4 WHEN 0 THEN NULL ELSE 'part ' || g % 4 END,
  CASE WHEN g % 11 = 0 THEN NULL ELSE g * 37 % 53 - 20 END, (g * 31 % 17 - 8)::smallint,
  CASE WHEN g % 97 = 0 THEN 9223372036854775807 WHEN g % 89 = 0 THEN -9223372036854775808
    WHEN g % 5 = 0 THEN NULL ELSE g * 1000003 % 999 - 500 END,
  CASE WHEN g % 101 = 0 THEN 'NaN' WHEN g % 6 = 0 THEN NULL ELSE (g * 7919 % 20000 - 10000) / 100.0 END,
  (g * 7919 % 20000) / (10.0 ^ (g % 4))::numeric, (g % 9 - 4) * 10000000000000000000000000000000000::numeric,
  CASE WHEN g % 17 = 0 THEN NULL WHEN g % 71 = 0 THEN 'infinity' ELSE date '2001-02-03' + g * 13 % 40 END,
  timestamp '2001-02-03 04:05:06' + g * 29 % 50 * interval '1 hour',
  CASE WHEN g % 61 = 0 THEN 'NaN' WHEN g % 7 = 0 THEN NULL ELSE g * 11 % 23 / 4.0 END,
  CASE WHEN g % 3 = 0 THEN NULL ELSE g % 7 < 4 END, chr(97 + g * 19 % 26) || repeat('z', g % 20),
  chr(65 + g % 3) || g % 2, md5((g % 29)::text)::uuid
FROM generate_series(1, 700) g;
CREATE TABLE w_none (LIKE w_rows);
CREATE TABLE w_one (id int, v numeric(5,1));
INSERT INTO w_one VALUES (1, 2.5);
ANALYZE w_rows, w_one;
