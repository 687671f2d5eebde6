-- an expression of a nullable side, filtered above the outer join
SELECT e.id, k.label FROM events e LEFT JOIN kinds k ON e.kind = k.kind WHERE length(k.label) = 6 AND k.weight % 3 = 1;
-- a nullable side below an outer join below another
SELECT e.kind, count(*), sum(k.weight) FROM events e LEFT JOIN (kinds k JOIN parts p ON k.kind = p.region AND p.id < 20) ON e.kind = k.kind AND e.id < 100 WHERE coalesce(k.weight, 0) < 30 GROUP BY e.kind;
-- all of FROM in PostgreSQL, with an outer join inside
SELECT e.id, x.n FROM events e LEFT JOIN LATERAL (SELECT count(*) AS n FROM kinds k WHERE k.weight < e.kind * 10) x ON true WHERE e.id < 30;
-- grouping by expressions, and by a constant
SELECT kind % 3 AS k, upper(name) AS n, count(*), max(price) FROM events GROUP BY k, n HAVING count(*) > 1 AND kind % 3 < 2;
-- grouping sets
SELECT kind, name, count(*), grouping(kind, name) FROM events GROUP BY GROUPING SETS ((kind), (name), ());
-- ROLLUP of expressions with HAVING and ORDER BY
SELECT kind % 2 AS odd, kind, sum(price) FROM events GROUP BY ROLLUP (kind % 2, kind) HAVING sum(price) > 10 ORDER BY 1, 2, 3;
-- DISTINCT of grouped expressions
SELECT DISTINCT kind % 2, count(*) FROM events GROUP BY kind % 2, kind;
-- a grouped expression asked for in a subquery
SELECT kind + 1, (SELECT max(weight) FROM kinds k WHERE k.kind < e.kind + 1) FROM events e GROUP BY kind + 1, e.kind;
-- a window over groups
SELECT kind, count(*), rank() OVER (ORDER BY count(*) DESC, kind) FROM events GROUP BY kind;
-- a run condition on a window
SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM events) w WHERE place <= 5;
-- SQL/JSON constructors (16)
SELECT id, JSON_OBJECT('id': id, 'kind': kind), JSON_ARRAY(id, kind) FROM events WHERE id < 20;
-- IS JSON (16)
SELECT count(*) FROM events WHERE name IS JSON OR doc::text IS JSON OBJECT;
-- any_value (16)
SELECT kind, any_value(kind) FROM events GROUP BY kind;
-- integers written with underscores and in other bases (16)
SELECT count(*) FROM events WHERE id < 1_00 AND kind < 0x5;
-- SQL/JSON queries (17)
SELECT id, JSON_VALUE(doc, '$.n' RETURNING int), JSON_EXISTS(doc, '$.list[1]') FROM events WHERE id < 20;
-- JSON_TABLE (17)
SELECT e.id, t.n, t.s FROM events e, JSON_TABLE(e.doc, '$' COLUMNS (n int PATH '$.n', s text PATH '$.s')) t WHERE e.id < 20;
-- a timestamp minus a timestamp, finite or not
SELECT id, at - timestamp '2024-02-29' FROM events;
-- the same with time zone, added up
SELECT kind, sum(until - timestamptz '2024-02-29 00:00+00') FROM events WHERE id < 700 GROUP BY kind;
-- age
SELECT id, age(at, timestamp '2023-02-28 12:00') FROM events WHERE id < 1000;
-- timestamps and dates moved by intervals
SELECT id, at + span, at - span, day + span, day - span FROM events WHERE id < 700;
-- moved by infinite ones
SELECT id, at + span FROM events WHERE id IN (1001, 1002, 5);
-- times moved by intervals
SELECT id, clock + span, clock - span FROM events WHERE id < 700;
-- times moved by infinite intervals
SELECT id, time '12:00' + span FROM events WHERE id > 700;
-- arithmetic of intervals
SELECT id, -span, span + interval '1 day', span - interval '1 day', span * 1.5, justify_hours(span), justify_days(span) FROM events WHERE id < 700;
-- arithmetic of infinite intervals
SELECT id, -span, span + interval '1 day', span * -1.5, justify_hours(span), justify_days(span) FROM events WHERE id > 700;
-- sums of intervals, with an infinite one
SELECT kind, sum(span), min(span), max(span) FROM events GROUP BY kind;
-- sums of opposite infinities
SELECT sum(span) FROM events;
-- intervals compared, grouped and sorted
SELECT span, count(*) FROM events WHERE span > interval '-1 year' GROUP BY span ORDER BY span;
-- a join of intervals
SELECT count(*) FROM events a JOIN events b ON a.span = b.span;
-- a frame measured in intervals
SELECT id, count(*) OVER (ORDER BY at RANGE BETWEEN interval '1 day' PRECEDING AND interval '2 hours' FOLLOWING) FROM events;
-- a frame of months
SELECT id, count(*) OVER (ORDER BY at RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW) FROM events WHERE id < 700;
-- a frame of intervals by an interval
SELECT id, count(*) OVER (ORDER BY span RANGE BETWEEN interval '1 month' PRECEDING AND CURRENT ROW) FROM events;
-- a frame measured by infinity (17)
SELECT id, count(*) OVER (ORDER BY at RANGE BETWEEN interval 'infinity' PRECEDING AND CURRENT ROW) FROM events;
-- virtual generated columns (18)
SELECT twice, count(*), min(label), sum(kept), max(late) FROM derived WHERE twice > 10 GROUP BY twice;
-- virtual generated columns joined (18)
SELECT d.id, k.label, d.label FROM derived d JOIN kinds k ON k.weight = d.twice WHERE d.label <> 'n3';
-- virtual generated columns on the nullable side (18)
SELECT k.kind, d.twice, d.label FROM kinds k LEFT JOIN derived d ON d.twice = k.weight AND d.id < 60;
-- case folding (18)
SELECT casefold(name COLLATE "C"), count(*) FROM events GROUP BY 1;
-- partitions left out at the start, in two scans
SELECT p.region, count(*), sum(m.id) FROM parts p JOIN more_parts m ON p.id = m.id WHERE p.region > (now() > '2000-01-01')::int + 5 AND m.region < extract(century FROM now())::int - 18 GROUP BY p.region;
-- partitions left out at the start, in a scan and in a subquery above it
SELECT region, count(*), (SELECT count(*) FROM more_parts m WHERE m.region = extract(century FROM now())::int - 18) FROM parts WHERE region > extract(century FROM now())::int - 16 GROUP BY region;
-- rows compared, whose node has a field of another name (18)
SELECT id, (kind, id) >= (3, 20) FROM events WHERE (kind, id) < (2, 50) OR (id, kind) > (5, id);
