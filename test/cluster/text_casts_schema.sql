-- Values whose texts have something special about them, and texts and patterns, twice, so that expressions over both
-- tables are computed where they are joined.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE ones (
    id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), g integer DEFAULT 1, b boolean, i2 int2, i4 int4,
    i8 int8, o oid, n numeric, d numeric(12, 3), t time, z timetz, u uuid, x text, v varchar(20), c char(6), m name,
    p text, r text, mood mood, local timestamp, at timestamptz
);
INSERT INTO ones (b, i2, i4, i8, o, n, d, t, z, u, x, v, c, m, p, r, mood, local, at) VALUES
    (true, 0, 0, 0, 0, 0, 0, '00:00', '00:00+00', '00000000-0000-0000-0000-000000000000', '', '', '', '', '%', ' 42 ', 'sad',
        '2024-01-01', '2024-01-01 00:00+00'),
    (false, -32768, -2147483648, -9223372036854775808, 4294967295, 'NaN', -0.001, '24:00', '24:00-15:59:59',
        'ffffffff-ffff-ffff-ffff-ffffffffffff', 'a%b', 'A_b', 'ab', 'abc', 'a!%b', '-32768', 'ok', '2024-01-02', 'infinity'),
    (NULL, 32767, 2147483647, 9223372036854775807, 2147483648, 'Infinity', 999999999.999, '12:34:56.7',
        '12:34:56.000001+05:45', '01234567-89ab-cdef-0123-456789abcdef', 'Ünïcödé', 'ünï', 'ab cd', 'name', '_n%', '+7', 'happy',
        '-infinity', '-infinity'),
    (true, -1, -10, 10, 17, '-1e-20', 100, '23:59:59.999999', '01:02:03-00:00:07', NULL, 'a\b', 'A\B', 'ABCDEF', 'Ab_',
        'a\\%', '0', NULL, '2024-01-01 12:00', '2024-01-03 00:00+00'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (false, 9, 99, 100, 999, '123456789012345678901234567890.00', -1.5, '01:00', '01:00:00.5-07',
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'aXb', 'axb', 'a b', 'x', 'A_B', '00', 'sad', '2023-12-31', '2024-01-01 06:00+00');
CREATE TABLE twos AS SELECT * FROM ones;
ANALYZE ones, twos;
