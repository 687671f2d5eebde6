-- Types that the engine carries and orders by keys: enums whose OIDs do not follow their order, times with time zone
-- that are equal but for the zone, names.
CREATE TYPE mood AS ENUM ('sad', 'fine');
ALTER TYPE mood ADD VALUE 'glad' BEFORE 'fine';
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad';
ALTER TYPE mood ADD VALUE 'great';
CREATE TABLE people AS
SELECT i AS id, i % 7 AS team,
       CASE WHEN i % 11 = 0 THEN NULL
            ELSE (ARRAY['sad', 'glad', 'great', 'awful', 'fine'])[i % 5 + 1]::mood END AS mood,
       CASE WHEN i % 13 = 0 THEN NULL
            ELSE (time '00:00' + (i * 37 % 1440) * interval '1 min') AT TIME ZONE make_interval(hours => i % 25 - 12)
       END AS rises,
       CASE WHEN i % 17 = 0 THEN NULL ELSE left(md5((i % 90)::text), i % 12)::name END AS nick
FROM generate_series(1, 700) i;
ANALYZE people;
