-- Three tables with NULLs in every column but the keys, for unnesting.test.ts.
CREATE TABLE a(id int PRIMARY KEY, k int, x int, n numeric(8,2), t text, d DATE, f float8, o uuid);
CREATE TABLE b(id int PRIMARY KEY, k int, x int, n numeric(8,2), t text, d DATE, f float8);
CREATE TABLE c(id int PRIMARY KEY, k int NOT NULL, y int);
INSERT INTO a SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 11 END, CASE WHEN i % 5 = 0 THEN NULL ELSE i % 13 END,
  CASE WHEN i % 9 = 0 THEN NULL ELSE (i % 17) * 1.25 END, CASE WHEN i % 6 = 0 THEN NULL ELSE 't' || i % 10 END, CASE
  WHEN i % 8 = 0 THEN NULL ELSE DATE '2020-01-01' + i % 20 END, i * 0.5, NULL FROM generate_series(1, 60) i;
INSERT INTO b SELECT i, CASE WHEN i % 4 = 0 THEN NULL ELSE i % 9 END, CASE WHEN i % 6 = 0 THEN NULL ELSE i % 15 END,
  CASE WHEN i % 10 = 0 THEN NULL ELSE (i % 19) * 1.25 END, CASE WHEN i % 7 = 0 THEN NULL ELSE 't' || i % 12 END, CASE
  WHEN i % 9 = 0 THEN NULL ELSE DATE '2020-01-01' + i % 25 END, i * 0.25 FROM generate_series(1, 80) i;
INSERT INTO c SELECT i, i % 5, CASE WHEN i % 3 = 0 THEN NULL ELSE i % 7 END FROM generate_series(1, 30) i;
ANALYZE a; ANALYZE b; ANALYZE c;
