-- Values at the ends of their types and at the borders of how they are written, twice, so that expressions over both
-- tables are computed where they are joined.
CREATE TABLE days (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v date);
INSERT INTO days (v) VALUES ('2024-02-29'), ('infinity'), ('-infinity'), ('4714-11-24 BC'), ('0001-01-01'), ('0001-12-31 BC'),
    ('0045-03-15 BC'), ('9999-12-31'), ('10000-01-01'), ('5874897-12-31'), ('1970-01-01'), ('2000-01-01'), ('0999-07-04'), (NULL);
CREATE TABLE locals (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v timestamp);
INSERT INTO locals (v) VALUES ('2024-02-29 12:34:56'), ('infinity'), ('-infinity'), ('4714-11-24 00:00:00 BC'),
    ('294276-12-31 23:59:59.999999'), ('0001-01-01 00:00:00.5'), ('0001-12-31 23:59:59.000001 BC'), ('12345-06-07 08:09:10.123'),
    ('1999-12-31 23:59:59.999999'), ('2000-01-01'), ('1969-12-31 23:59:59.1'), ('2024-07-08 00:00:00.100000'), (NULL);
CREATE TABLE instants (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v timestamptz);
INSERT INTO instants (v) SELECT v AT TIME ZONE 'UTC' FROM locals;
INSERT INTO instants (v) SELECT timestamptz '1875-01-01 00:00+00' + i * interval '71 days 07:13:21.25' FROM generate_series(1, 900) AS i;
INSERT INTO instants (v) SELECT timestamptz '2024-01-01 00:30+00' + i * interval '12 hours' FROM generate_series(1, 730) AS i;
INSERT INTO instants (v) SELECT timestamptz '3024-01-01 00:30+00' + i * interval '10 days' FROM generate_series(1, 40) AS i;
CREATE TABLE spans (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v interval);
INSERT INTO spans (v)
    SELECT (y || ' mons ' || d || ' days ' || t)::interval
    FROM unnest(ARRAY[0, 1, -1, 12, -13, 25]) AS y, unnest(ARRAY[0, 1, -1, 40]) AS d,
        unnest(ARRAY['0', '00:00:01', '-00:00:01', '01:00:00', '-25:01:01.5', '00:00:00.000001', '-00:00:00.25', '00:02:00',
            '12:00:01.1', '-00:01:00']) AS t;
INSERT INTO spans (v) VALUES ('178000000 years'), ('-178000000 years'), ('2147483647 days'), ('-2147483648 days'),
    ('2562047788:00:54.775807'), ('-2562047788:00:54.775807'), ('1 mon -2147483648 days'), (NULL);
CREATE TABLE floats (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v float8, r float4);
INSERT INTO floats (v, r) SELECT v, CASE WHEN abs(v) BETWEEN 1e-37 AND 1e38 OR v = 0 OR v IN ('NaN', 'Infinity', '-Infinity') THEN v END
    FROM unnest(ARRAY['0', '-0', 'NaN', 'Infinity', '-Infinity', '1', '-1', '0.1', '1e15', '999999999999999', '1e14',
        '1e-4', '1e-5', '0.00012345', '0.000012345', '5e-324', '2.2250738585072014e-308', '2.2250738585072009e-308',
        '1.7976931348623157e308', '1e23', '9007199254740991', '9007199254740992', '9007199254740993', '1152921504606846976',
        '123456', '1234567', '1e6', '999999.5', '16777216', '0.333333333333333333', '2.5', '3.5', '0.125', '123.456',
        '8.41e21', '2.0e21', '9.5e-7', '1e100', '-1.5e-300', '4.35', '0.3', '2e-44', '1e22', '67108864', '33554432',
        '8388608.5', '1234567890123456.5']::float8[]) AS v;
INSERT INTO floats (r) VALUES ('1e-45'), ('3.4028235e38'), ('1.17549435e-38'), ('1.17549421e-38'), ('7.0385307e-26');
CREATE TABLE strings (id integer GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0), v bytea, c char(5));
INSERT INTO strings (v, c) VALUES ('', ''), ('\x00', 'a'), ('\x5c', ' b '), ('abc', 'abcde'), ('\x7e7f80ff20215c275c', 'é'),
    (decode(repeat('00ff5c41', 40), 'hex'), 'éüö'), (NULL, NULL);
ANALYZE days, locals, instants, spans, floats, strings;
