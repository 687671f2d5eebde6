-- Times with time zone, intervals and instants at the ends of their types, twice, so that expressions over both tables
-- are computed where they are joined. `g` joins everything with everything.
CREATE TABLE ones (
    id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), g integer DEFAULT 1,
    z timetz, t time, span interval, d date, local timestamp, at timestamptz, n integer, f float8
);
INSERT INTO ones (z, t, span, d, local, at, n, f) VALUES
    ('00:00+00', '00:00', '0', '2024-03-10', '2024-03-10 02:30', '2024-03-10 07:30+00', 0, 0),
    ('24:00:00-15:59:59', '24:00', '1 day -1 us', 'infinity', 'infinity', 'infinity', 2147483647, 'Infinity'),
    ('24:00:00+15:59:59', '23:59:59.999999', '-1 mon 30 days 24:00:00.000001', '-infinity', '-infinity', '-infinity',
        -2147483648, '-Infinity'),
    ('23:59:60+00', '23:59:60', '178000000 years 2147483647 days 2562047788 hours', '294276-12-31',
        '294276-12-31 23:59:59.999999', '294276-12-31 23:59:59.999999+00', 6, 'NaN'),
    ('12:34:56.789012+05:45', '12:34:56.789012', '-178000000 years -2147483648 days -2562047788 hours', '4714-11-24 BC',
        '4714-11-24 00:00 BC', '4714-11-24 00:00+00 BC', -7, -210866803200),
    ('02:30-05', '02:30', '-13 mons -40 days -36:00:00.5', '5874897-12-31', '1999-12-31 23:59:59.5',
        '2024-11-03 05:30+00', 13, 1.5e9),
    ('03:30-04', '01:30', '14 mons 45 days -27:00', '0044-03-15 BC', '0044-03-15 12:00 BC', '0044-03-15 12:00+00 BC',
        2000, 0.1234567),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('02:30-05', '02:30', '00:15', '2024-02-29', '2024-02-29', '2024-02-29 23:59:59+00', 59, 9224318016000);
CREATE TABLE twos AS SELECT * FROM ones;
ANALYZE ones, twos;
