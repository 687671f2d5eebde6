-- Texts whose order differs between collations, and columns of every collation that the databases of
-- collations.test.ts have. Letters of all cases and accents, digits, punctuation that some ignore, characters that are
-- equal to others in all but their bytes.
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION odd (provider = icu, locale = 'de-u-co-phonebk-kn-true');
CREATE COLLATION shifted (provider = icu, locale = 'und-u-ka-shifted');
CREATE COLLATION plain (provider = libc, locale = 'C.utf8');
CREATE TYPE shade AS ENUM ('b', 'Z', 'a');
CREATE TABLE words AS
SELECT i AS id, i % 7 AS team,
       CASE WHEN i % 17 = 0 THEN NULL ELSE
         (ARRAY['a', 'B', 'ä', 'b', 'A', 'z', 'Z', 'ab', 'a b', 'a-b', 'co-op', 'coop', '_x', 'x', 'ß', 'ss', 'é',
                'e' || chr(769), '10', '9', '', 'ﬁ', '😀', 'Ω', chr(1), 'a' || chr(1),
                'a' || chr(8203) || 'b'])[i % 27 + 1]
         || (ARRAY['', left(md5((i / 27)::text), i % 6), upper(left(md5((i / 27)::text), i % 6))])[i / 27 % 3 + 1]
       END AS word
FROM generate_series(1, 1200) i;
ALTER TABLE words ADD c text COLLATE "C", ADD und text COLLATE "und-x-icu", ADD bytes text COLLATE plain,
  ADD odd text COLLATE odd, ADD shifted varchar(20) COLLATE shifted, ADD blind text COLLATE blind, ADD fixed char(9),
  ADD fixed_und char(12) COLLATE "und-x-icu", ADD tiny char(1) COLLATE odd, ADD nick name, ADD shade shade;
UPDATE words SET c = word, und = word, bytes = word, odd = word, shifted = word, blind = word, fixed = word,
  fixed_und = word, tiny = left(word, 1), nick = word, shade = (ARRAY['a', 'b', 'Z'])[id % 3 + 1]::shade;
CREATE TABLE others AS SELECT * FROM words WHERE id % 4 = 0;
CREATE TABLE few AS SELECT * FROM words WHERE id % 97 = 0;
-- Other ways to rows: partitions, indexes, values that are stored elsewhere.
CREATE TABLE parts (id int, team int, und text COLLATE "und-x-icu") PARTITION BY HASH (id);
CREATE TABLE parts0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT id, team, und FROM words;
CREATE INDEX ON words (id) INCLUDE (und);
CREATE TABLE wide AS SELECT id, team, repeat(und, 3000) COLLATE "und-x-icu" AS und FROM words WHERE id % 30 = 0;
