// Rows larger than a page, into the engine and out of it: long values read from tables by one producer and by several,
// joined, grouped, sorted, listed and sent to the client; cursors that stop in the middle, errors and cancellation
// between two parts; traces of it play back. The server is that of throwaway_cluster.ts.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { held, quiet } from "../support/audit.js";
import { captures, clearCaptures, expectReplays } from "../support/captures.js";
import { connect, type Outcome, outcome, plainly, run, same, sameRows, scansOf } from "../support/fusion_session.js";

let client: pg.Client;
let data: string;

beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off; DROP TABLE IF EXISTS long_texts, many_texts, wide_rows CASCADE");
  // Stored as they are, so that no value is smaller on its way than it was.
  await client.query(`
    CREATE TABLE long_texts (id int, t text, b bytea, f float8, c char(300000));
    ALTER TABLE long_texts ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
    INSERT INTO long_texts SELECT i, CASE WHEN i % 7 > 0 THEN repeat(md5((i / 2)::text),
        CASE i % 10 WHEN 3 THEN 90000 WHEN 5 THEN 8192 WHEN 6 THEN 8190 ELSE i END) END,
      decode(repeat(md5(i::text), i % 4 * 15000), 'hex'), i / 3.0, CASE WHEN i % 20 = 0 THEN 'c' || i END
      FROM generate_series(1, 60) i;
    CREATE TABLE many_texts (id int, k int, t text) WITH (parallel_workers = 4);
    INSERT INTO many_texts
      SELECT i, i % 50, CASE WHEN i % 400 = 0 THEN repeat(md5(i::text), 20000) ELSE md5(i::text) END
      FROM generate_series(1, 20000) i`);
  const columns = Array.from({ length: 1500 }, (_, at) => `c${at} ${["int8", "text", "numeric"][at % 3]}`);
  await client.query(`CREATE TABLE wide_rows (id int, ${columns.join(", ")})`);
  await client.query("INSERT INTO wide_rows (id, c0, c1, c1499) SELECT i, i, i, repeat('9', i)::numeric / 7 " +
    "FROM generate_series(1, 30) i");
  await client.query("ANALYZE long_texts, many_texts, wide_rows");
  data = ((await client.query("SHOW data_directory")).rows[0] as { data_directory: string }).data_directory;
  await client.query("SET pg_fusion.enable = on");
}, 120_000);

afterAll(async () => {
  await client.query("DROP TABLE long_texts, many_texts, wide_rows CASCADE");
  await client.end();
});

beforeEach(async () => {
  expect(held(await quiet(client))).toBe(0);
});

/** In the order of their rows, or as sets. Bytes are shown in digits, which are compared faster than buffers. */
const ordered: readonly string[] = [
  "SELECT id, t, encode(b, 'hex'), f, c FROM long_texts ORDER BY id",
  "SELECT id, t || t, c FROM long_texts ORDER BY id DESC LIMIT 25",
  "SELECT a.id, b.id, a.t, encode(b.b, 'hex') FROM long_texts a JOIN long_texts b ON a.t = b.t ORDER BY 1, 2",
  "SELECT id, md5(t), length(t), octet_length(b) FROM long_texts ORDER BY id",
  "SELECT id / 20, string_agg(t, ',' ORDER BY id), min(c) FROM long_texts GROUP BY 1 ORDER BY 1",
  "SELECT string_agg(md5(id::text) || t, ',') FROM many_texts WHERE id < 1500",
  "SELECT k, string_agg(t, '|' ORDER BY id) FROM many_texts GROUP BY k ORDER BY k",
  "SELECT id, lag(t) OVER (ORDER BY id), first_value(c) OVER (ORDER BY id DESC) FROM long_texts ORDER BY id",
  "SELECT l.id, m.id, l.t, m.t FROM long_texts l LEFT JOIN many_texts m ON m.id = l.id * 400 ORDER BY 1",
  "SELECT t FROM long_texts WHERE t > 'c' ORDER BY t COLLATE \"C\"",
];

const sets: readonly string[] = [
  "SELECT t, count(*), sum(id) FROM long_texts GROUP BY t",
  "SELECT DISTINCT t, c FROM long_texts",
  "SELECT t FROM long_texts UNION ALL SELECT t FROM many_texts WHERE k = 0",
  "SELECT t FROM long_texts INTERSECT SELECT t FROM long_texts WHERE id % 3 > 0",
  "SELECT id, upper(t), replace(t, 'a', 'bcd') FROM long_texts WHERE id < 30",
  "SELECT (SELECT max(t) FROM many_texts m WHERE m.k = l.id) FROM long_texts l",
];

/** Long values as text, which is compared faster than their bytes one by one. */
function shown(answer: Outcome): unknown {
  if (!("rows" in answer)) return answer;
  return (answer.rows as unknown[][]).map((row) =>
    row.map((value) => (value instanceof Buffer ? value.toString("hex") : value)));
}

test.each(ordered)("%s", async (text) => {
  const answer = await run(client, text);
  expect(answer).toHaveProperty("rows");
  expect(shown(answer)).toEqual(shown(await plainly(client, text)));
}, 60_000);
test.each(sets)("%s", (text) => sameRows(client, text), 60_000);

test("columns without end", async () => {
  await same(client, "SELECT * FROM wide_rows ORDER BY id");
  await same(client, "SELECT a.*, b.* FROM wide_rows a JOIN wide_rows b ON a.id = b.id + 1 ORDER BY a.id LIMIT 3")
    .catch((error: Error) => expect(error.message).toMatch(/1664/));
}, 60_000);

test("several producers' parts come in turns", async () => {
  const parallel = await connect(4);
  const text = "SELECT k, count(*), max(t), sum(length(t)) FROM many_texts GROUP BY k";
  await sameRows(parallel, text);
  const scans = await scansOf(parallel, text);
  expect(scans[0]?.["Producers Launched"]).toBeGreaterThan(0);
  await sameRows(parallel, "SELECT m.t, l.id FROM many_texts m JOIN long_texts l ON l.id = m.id / 400 WHERE m.k < 5");
  await parallel.end();
}, 60_000);

test("cursors and limits stop between parts", async () => {
  await client.query("BEGIN; DECLARE longs CURSOR FOR SELECT t, encode(b, 'hex') FROM long_texts ORDER BY id");
  const first = await run(client, "FETCH 3 FROM longs");
  await client.query("CLOSE longs; ROLLBACK");
  expect(first).toEqual(await plainly(client, "SELECT t, encode(b, 'hex') FROM long_texts ORDER BY id LIMIT 3"));
  await same(client, "SELECT count(*) FROM (SELECT t FROM many_texts LIMIT 401) x");
  await same(client, "SELECT EXISTS (SELECT FROM many_texts WHERE length(t) > 600000)");
  await same(client,
    "SELECT l.id, (SELECT t FROM many_texts m WHERE m.id = l.id * 400 OFFSET 0) FROM long_texts l ORDER BY 1");
}, 60_000);

test("errors and cancellation between parts leave nothing behind", async () => {
  await same(client, "SELECT t, 1 / (id - 53) FROM long_texts ORDER BY id");
  await same(client, "SELECT t || repeat(t, 1 / (40 - id)) FROM long_texts");
  for (const timeout of [3, 10, 30, 60]) {
    await client.query(`SET statement_timeout = ${timeout}`);
    const answer = await outcome(client.query({ text: "SELECT t || t, b FROM long_texts, generate_series(1, 20)",
      rowMode: "array" }));
    await client.query("RESET statement_timeout");
    expect("code" in answer ? answer.code : "57014").toBe("57014");
    expect(held(await quiet(client))).toBe(0);
  }
}, 60_000);

test("traces of them play back", async () => {
  for (const level of ["full", "control"]) {
    clearCaptures(data);
    await client.query(`SET pg_fusion.capture = ${level}`);
    await client.query("SELECT id, t, b FROM long_texts ORDER BY id");
    await client.query("SELECT k, string_agg(t, '|') FROM many_texts GROUP BY k");
    await client.query("RESET pg_fusion.capture");
    await quiet(client);
    const files = captures(data).filter(({ kind }) => kind === "execution");
    expect(files.length).toBe(2);
    expectReplays(files);
  }
  clearCaptures(data);
}, 120_000);
