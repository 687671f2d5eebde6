// Scans of heaps that PostgreSQL has not in its buffers, all blocks or those between others: the answers are the same,
// every block is read once, by whoever takes it, and no block stays pinned while a scan waits. A table is cold after it
// was moved to another tablespace: that copies files and leaves buffers alone.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { connect, outcome, plainly, run, scanOf } from "../support/fusion_session.js";

let observer: pg.Client;
let place = "pg_default";
let version = 0;

const questions = [
  "SELECT count(*), sum(id), sum(k), min(note), max(note) FROM frost",
  "SELECT k, count(*), sum(id), max(note) FROM frost WHERE id % 7 < 5 GROUP BY k ORDER BY k",
  "SELECT g.k, (SELECT count(note) FROM frost f WHERE f.k = g.k) FROM (VALUES (1), (2), (3)) AS g (k) ORDER BY g.k",
];

/** No block of the table is in a buffer after this. */
async function chill(): Promise<void> {
  place = place === "pg_default" ? "frost_shelf" : "pg_default";
  await observer.query(`ALTER TABLE frost SET TABLESPACE ${place}`);
}

async function blockCount(): Promise<number> {
  const { rows } = await observer.query("SELECT pg_relation_size('frost') / 8192 AS blocks");
  return Number(rows[0].blocks);
}

/** The last `warm` blocks of every `step` are in buffers after this. */
async function warmSome(step: number, warm: number): Promise<void> {
  const count = await blockCount();
  for (let first = step - warm; first < count; first += step)
    await observer.query(`SELECT count(*) FROM frost WHERE ctid >= '(${first},0)' AND ctid < '(${first + warm},0)'`);
}

/**
 * Blocks of the table not found in a buffer up to now. A backend reports when it is idle and a second has passed,
 * unless it is told to; the observer has made and warmed the table, and blocks it added count as read.
 */
async function blocksRead(client: pg.Client): Promise<number> {
  await observer.query("SELECT pg_stat_force_next_flush()");
  await client.query("SET pg_fusion.enable = off; SELECT pg_stat_force_next_flush(); SET pg_fusion.enable = on");
  const { rows } = await observer.query(
    "SELECT heap_blks_read AS blocks FROM pg_statio_user_tables WHERE relname = 'frost'");
  return Number(rows[0].blocks);
}

beforeAll(async () => {
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off; SET allow_in_place_tablespaces = on");
  await observer.query("CREATE TABLESPACE frost_shelf LOCATION ''");
  await observer.query(`CREATE TABLE frost (id int, k int, note text)
    WITH (fillfactor = 90, parallel_workers = 4, autovacuum_enabled = off)`);
  await observer.query(`INSERT INTO frost SELECT i, i % 13, repeat('cold ', 20) || i % 977
    FROM generate_series(1, 60000) AS i`);
  await observer.query(`CREATE OR REPLACE FUNCTION frost_breaks(i int) RETURNS bool
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i = 30000 THEN RAISE EXCEPTION 'row % breaks', i USING ERRCODE = 'TE124'; END IF; RETURN true; END $$`);
  await observer.query("VACUUM ANALYZE frost");
  version = Number((await observer.query("SHOW server_version_num")).rows[0].server_version_num);
}, 60_000);

afterAll(async () => {
  await observer.query("DROP TABLE frost; DROP FUNCTION frost_breaks");
  await observer.query("DROP TABLESPACE frost_shelf");
  await observer.end();
});

beforeEach(async () => {
  expect(held(await quiet(observer))).toBe(0);
});

describe.each([0, 1, 4])("%d workers", (workers) => {
  let client: pg.Client;
  const notices: string[] = [];

  beforeAll(async () => {
    client = await connect(workers);
    client.on("notice", (notice) => notices.push(notice.message ?? ""));
  });

  afterAll(async () => {
    await client.end();
    // What PostgreSQL says when a pin is forgotten.
    expect(notices).toEqual([]);
  });

  it.each(questions)("read a cold table once: %s", async (text) => {
    const expected = await plainly(client, text);
    await chill();
    const before = await blocksRead(client);
    expect(await run(client, text)).toEqual(expected);
    expect((await blocksRead(client)) - before).toBe(await blockCount());
  });

  it.each([
    [2, 1],
    [3, 2],
    [40, 1],
    [40, 39],
    [200, 100],
  ])("read what is cold between what is warm: of every %d blocks %d are", async (step, warm) => {
    for (const text of questions.slice(0, 2)) {
      const expected = await plainly(client, text);
      await chill();
      await warmSome(step, warm);
      expect(await run(client, text)).toEqual(expected);
    }
  });

  it("read all of a table that was updated since", async () => {
    await observer.query("UPDATE frost SET k = (k + 1) % 13 WHERE id % 50 = 0");
    expect(await scanOf(client, questions[0] ?? "")).toMatchObject({
      Path: "heap batches", "Producers Launched": 1 + workers,
    });
    for (const text of questions) {
      const expected = await plainly(client, text);
      await chill();
      expect(await run(client, text)).toEqual(expected);
    }
  });

  it("leave no block pinned while a cursor waits", async () => {
    const text = "SELECT id, note FROM frost WHERE k <> 5";
    const sorted = (rows: readonly unknown[]): unknown => rows.map((row) => JSON.stringify(row)).sort();
    await observer.query("UPDATE frost SET k = (k + 1) % 13 WHERE id % 50 = 0");
    const expected = await plainly(client, text);
    if (!("rows" in expected)) throw new Error(expected.message);
    await chill();
    await client.query(`BEGIN; DECLARE c CURSOR FOR ${text}`);
    const first = await client.query({ text: "FETCH 50 FROM c", rowMode: "array" });
    // Versions the cursor need not see are removed, for which VACUUM waits until nobody has a pin on their block.
    await observer.query("SET statement_timeout = '30s'");
    await observer.query("VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) frost");
    await observer.query("RESET statement_timeout");
    const rest = await client.query({ text: "FETCH ALL FROM c", rowMode: "array" });
    await client.query("CLOSE c; COMMIT");
    expect(sorted([...first.rows, ...rest.rows])).toEqual(sorted(expected.rows));
  });

  it("end early, or with an error, and begin again in the same transaction", async () => {
    await chill();
    await client.query("BEGIN");
    expect(await run(client, "SELECT id FROM frost LIMIT 3")).toMatchObject({ rows: { length: 3 } });
    await client.query("SAVEPOINT s");
    expect(await outcome(client.query({ text: "SELECT count(*) FROM frost WHERE frost_breaks(id)", rowMode: "array" })))
      .toMatchObject({ code: "TE124" });
    await client.query("ROLLBACK TO s");
    for (const text of questions.slice(0, 2)) expect(await run(client, text)).toEqual(await plainly(client, text));
    await client.query("COMMIT");
  });
});

it("reads of neighbouring blocks are combined where the server can tell", async ({ skip }) => {
  if (version < 180000) skip();
  const client = await connect(0);
  const reads = async (): Promise<{ readonly count: number; readonly bytes: number }> => {
    await blocksRead(client);
    const { rows } = await observer.query(`SELECT sum(reads) AS count, sum(read_bytes) AS bytes FROM pg_stat_io
      WHERE object = 'relation' AND context = 'normal' AND backend_type = 'client backend'`);
    return { count: Number(rows[0].count), bytes: Number(rows[0].bytes) };
  };
  await chill();
  const before = await reads();
  await run(client, "SELECT count(note) FROM frost");
  const after = await reads();
  expect((after.bytes - before.bytes) / (after.count - before.count)).toBeGreaterThan(4 * 8192);
  await client.end();
});
