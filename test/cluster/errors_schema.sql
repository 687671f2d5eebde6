-- Tables for errors.test.ts. Dividing by i.zero fails for every row, by i.part for the rows with k % 10 = 0, by i.one
-- for none of them; i.word is a number but for every seventh row; i.big is near the end of bigint. o meets few of i.
CREATE TABLE i (k int PRIMARY KEY, g int, zero int, part int, one int, word text, big bigint,
  n numeric(12,2), f float8, d date);
INSERT INTO i SELECT k, k % 4, 0, k % 10, 1, CASE WHEN k % 7 = 0 THEN 'w' || k ELSE k::text END,
  9223372036854775000 + k, k % 10 / 4.0, k % 10 - 4, date '2020-01-01' + k FROM generate_series(1, 200) k;
INSERT INTO i (k) VALUES (201);
CREATE TABLE o (k int PRIMARY KEY, i int, zero int, part int, name text, m numeric(20,4));
INSERT INTO o SELECT k, k * 3, 0, k % 5, 'o' || k, k / 8.0 FROM generate_series(1, 100) k;
CREATE TABLE empty (k int, zero int, part int, m numeric(10,2));
CREATE TABLE many (k int, i int, part int);
INSERT INTO many SELECT k, k % 200 + 1, CASE WHEN k = 30000 THEN 0 ELSE 1 END FROM generate_series(1, 30000) k;
ANALYZE i, o, empty, many;
