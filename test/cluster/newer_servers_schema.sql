-- Tables for newer_servers_statements.sql. What only newer servers can define is defined on those alone.
CREATE TABLE events (id int PRIMARY KEY, kind int, name text, at timestamp, until timestamptz, day date, clock time,
  span interval, doc jsonb, price numeric(10, 2));
INSERT INTO events SELECT i, i % 7, 'event ' || i % 30, timestamp '2024-01-31' + i * interval '7 hours',
  timestamptz '2024-01-31 00:00+00' + i * interval '5 hours', date '2024-01-31' + i, time '01:00' + i * interval '1 minute',
  (i % 40 - 20) * interval '1 month 3 days 04:05:06', jsonb_build_object('n', i, 's', 'x' || i % 5, 'list', jsonb_build_array(i, i + 1)),
  i * 1.25 FROM generate_series(1, 600) i;
INSERT INTO events (id, kind, at, until, day) VALUES (1001, 1, 'infinity', 'infinity', 'infinity'),
  (1002, 2, '-infinity', '-infinity', '-infinity'), (1003, NULL, NULL, NULL, NULL);
CREATE TABLE kinds (kind int, label text, weight int);
INSERT INTO kinds SELECT i, 'kind ' || i, i * 10 FROM generate_series(0, 4) i;
DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 170000 THEN
    UPDATE events SET span = 'infinity' WHERE id = 1001;
    UPDATE events SET span = '-infinity' WHERE id = 1002;
  END IF;
  EXECUTE format('CREATE TABLE derived (id int, a int, twice int GENERATED ALWAYS AS (a * 2) %1$s,
    label text GENERATED ALWAYS AS (''n''::text || a::text) %1$s, kept int GENERATED ALWAYS AS (a + 1) STORED)',
    CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'VIRTUAL' ELSE 'STORED' END);
END $$;
INSERT INTO derived (id, a) SELECT i, i % 50 FROM generate_series(1, 400) i;
ALTER TABLE derived ADD COLUMN late int DEFAULT 7;
CREATE TABLE parts (id int, region int, note text) PARTITION BY RANGE (region);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (5);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (5) TO (10);
INSERT INTO parts SELECT i, i % 10, 'note ' || i % 12 FROM generate_series(1, 500) i;
CREATE TABLE more_parts (id int, region int) PARTITION BY LIST (region);
CREATE TABLE more_parts_even PARTITION OF more_parts FOR VALUES IN (0, 2, 4, 6, 8);
CREATE TABLE more_parts_odd PARTITION OF more_parts FOR VALUES IN (1, 3, 5, 7, 9);
INSERT INTO more_parts SELECT i, i % 10 FROM generate_series(1, 300) i;
ANALYZE;
