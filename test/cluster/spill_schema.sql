-- Tables a megabyte holds none of: keys with partners, without, NULL and far too many of one; texts on both sides of
-- what is kept inline.
CREATE TABLE spill_left AS
SELECT i AS id, CASE WHEN i % 41 = 0 THEN NULL ELSE (i * 7919::bigint) % 17000 END AS key,
       CASE WHEN i % 13 = 0 THEN NULL ELSE left('a text that may be longer than twelve bytes', (i % 44)::int) || (i % 9001) END
         AS word,
       (i % 1000)::numeric(12, 2) / 4 AS price, (DATE '2001-01-01' + (i % 5000)::int) AS day
FROM generate_series(1, 40000) i;
CREATE TABLE spill_right AS
SELECT i AS id, CASE WHEN i % 53 = 0 THEN NULL WHEN i % 5 = 0 THEN 4711 ELSE (i * 6007::bigint) % 23000 END AS key,
       left('a text that may be longer than twelve bytes', (i % 44)::int) || (i % 9001) AS word
FROM generate_series(1, 30000) i;
CREATE TABLE spill_never_null AS SELECT id, coalesce(key, -1) AS key FROM spill_right WHERE key % 3 = 0;
ANALYZE spill_left, spill_right, spill_never_null;
