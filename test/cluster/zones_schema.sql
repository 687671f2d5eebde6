-- Instants over all the years PostgreSQL has, close together where clocks were changed in 2024, with local times and
-- dates that are to be taken in whatever zone the session has.
CREATE TABLE instants AS
SELECT row_number() OVER () AS n, t, t AT TIME ZONE 'UTC' AS local, (t AT TIME ZONE 'UTC')::date AS day,
       make_interval(
           months => (i * 7 % 40 - 20)::int, days => (i * 13 % 900 - 450)::int, mins => (i % 300 * 30)::int) AS span
FROM (
    SELECT i, timestamptz '1850-01-01 00:00+00' + i * interval '3333333 s' + (i % 7) * interval '1.25 s' AS t
    FROM generate_series(0, 2000) i
    UNION ALL SELECT i, timestamptz '2024-03-09 00:00+00' + i * interval '15 min' FROM generate_series(0, 2400) i
    UNION ALL SELECT i, timestamptz '2024-10-04 00:00+00' + i * interval '15 min' FROM generate_series(0, 3200) i
    UNION ALL SELECT i, timestamptz '2430-01-01 00:00+00' + i * interval '350 h' FROM generate_series(0, 3000) i
    UNION ALL SELECT i, timestamptz '20000-01-01 00:00+00' + i * interval '10000001 min' FROM generate_series(0, 2000) i
    UNION ALL SELECT i, timestamptz '4000-01-01 00:00+00 BC' + i * interval '10000001 min'
    FROM generate_series(0, 200) i
) AS generated;

CREATE TABLE ends (
    id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), t timestamptz, local timestamp, day date
);
INSERT INTO ends (t, local, day) VALUES
    ('infinity', 'infinity', 'infinity'), ('-infinity', '-infinity', '-infinity'), (NULL, NULL, NULL),
    ('4714-11-24 00:00:00+00 BC', '4714-11-24 00:00:00 BC', '4714-11-24 BC'),
    ('4714-11-24 20:00:00+00 BC', '4714-11-24 20:00:00 BC', '4714-11-25 BC'),
    ('294276-12-31 23:59:59.999999+00', '294276-12-31 23:59:59.999999', '294276-12-31'),
    ('294276-12-31 01:00:00+00', '294276-12-31 01:00:00', '294276-12-31'),
    ('2024-01-01 00:00+00', '2024-01-01', '294277-01-02');
ANALYZE instants, ends;
