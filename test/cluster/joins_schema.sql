CREATE TABLE j_left (id integer PRIMARY KEY, k integer, big bigint, small smallint, price numeric(10,2), name text COLLATE "C", code char(4), day date, flag boolean, fl double precision);
CREATE TABLE j_right (id integer PRIMARY KEY, k integer, big bigint, small smallint, price numeric(12,4), name varchar(20), code char(6), day date, flag boolean, fl double precision, left_id integer NOT NULL);
CREATE TABLE j_third (k integer, note varchar(20), amount bigint);
CREATE TABLE j_empty (id integer, k integer, price numeric(10,2), name text);
CREATE TABLE j_skew (id integer NOT NULL, k integer);
INSERT INTO j_left SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 23 END, CASE WHEN i % 11 = 0 THEN NULL ELSE i % 40 END,
  i % 19, (i % 31) * 1.25, CASE WHEN i % 13 = 0 THEN NULL ELSE 'n' || i % 17 END, 'c' || i % 9,
  date '2020-01-01' + i % 50, i % 3 = 0, CASE WHEN i % 5 = 0 THEN 'NaN' WHEN i % 8 = 0 THEN -0.0 ELSE i % 6 END
  FROM generate_series(1, 300) i;
INSERT INTO j_right SELECT i, CASE WHEN i % 9 = 0 THEN NULL ELSE i % 29 END, CASE WHEN i % 10 = 0 THEN NULL ELSE i % 50 END,
  i % 21, (i % 37) * 1.25, CASE WHEN i % 14 = 0 THEN NULL ELSE 'n' || i % 21 END, 'c' || i % 12,
  date '2020-01-20' + i % 40, i % 4 = 0, CASE WHEN i % 6 = 0 THEN 'NaN' WHEN i % 9 = 0 THEN 0.0 ELSE i % 7 END, 1 + i % 280
  FROM generate_series(1, 400) i;
INSERT INTO j_third SELECT CASE WHEN i % 5 = 0 THEN NULL ELSE i % 12 END, CASE WHEN i % 4 = 0 THEN NULL ELSE 'note ' || i % 6 END, i * 1000000
  FROM generate_series(1, 40) i;
INSERT INTO j_skew SELECT i, CASE WHEN i % 10 = 0 THEN i % 100 ELSE 3 END FROM generate_series(1, 2000) i;
ANALYZE j_left; ANALYZE j_right; ANALYZE j_third; ANALYZE j_empty; ANALYZE j_skew
