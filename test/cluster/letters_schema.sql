-- Every character of Unicode, a thousand in a text; those of the first plane but for ideographs between letters and between blanks, where
-- words begin and end; and patterns.
CREATE TABLE texts (id integer GENERATED ALWAYS AS IDENTITY, t text, p text);
INSERT INTO texts (t) SELECT string_agg(chr(c), '' ORDER BY c)
    FROM generate_series(1, 1114111) AS c WHERE c NOT BETWEEN 55296 AND 57343 GROUP BY c / 1000;
INSERT INTO texts (t) SELECT string_agg('a' || chr(c) || 'bC ' || chr(c) || 'D', '' ORDER BY c)
    FROM generate_series(1, 65535) AS c WHERE c NOT BETWEEN 13312 AND 57343 GROUP BY c / 500;
INSERT INTO texts (t) VALUES (''), ('a'), ('İstanbul ıI'), ('STRASSE straße ẞ'), ('ΑΣ ας σ'), ('ǅ Ǆ ǆ'), ('été-d''or 1st'), (NULL);
UPDATE texts SET p = (ARRAY['%ABC%', '%é%', '_', '%ΑΣ%', '%straSSE%', 'İ%', '', '%\%%'])[id % 8 + 1];
ANALYZE texts;
