// Scans whose rows are not wanted any more stop at the next block, in the leader and in every worker: counted by the
// blocks read of a table whose scan is slow on purpose.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { connect, outcome, plainly, run } from "../support/fusion_session.js";
import { setStatementTimeout } from "../support/statement_timeout.js";

const rowCount = 150_000;
let observer: pg.Client;
let blockCount = 0;

beforeAll(async () => {
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off");
  await observer.query("DROP TABLE IF EXISTS road, stone CASCADE");
  await observer.query(`
    CREATE TABLE road (id int, mile int, note text) WITH (parallel_workers = 4, fillfactor = 50);
    CREATE TABLE stone (mile int) WITH (parallel_workers = 4);
    INSERT INTO road SELECT i, i % 100, 'mile ' || i FROM generate_series(1, ${rowCount}) AS i;
    INSERT INTO stone SELECT i % 100 FROM generate_series(1, 100) AS i;
    CREATE INDEX ON road (id);
    CREATE OR REPLACE FUNCTION road_slow(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i % 300 < 100 THEN PERFORM pg_sleep(0.003); END IF; RETURN true; END $$`);
  await observer.query("VACUUM ANALYZE road, stone");
  const { rows } = await observer.query("SELECT pg_relation_size('road') / 8192 AS blocks");
  blockCount = Number(rows[0].blocks);
}, 60_000);

afterAll(async () => {
  await observer.end();
});

beforeEach(async () => {
  expect(held(await quiet(observer))).toBe(0);
});

/** Blocks of road that all sessions have read up to now; a backend reports at its next idle moment. */
async function blocksSoFar(client: pg.Client): Promise<number> {
  await client.query("SET pg_fusion.enable = off; SELECT pg_stat_force_next_flush()");
  const { rows } = await client.query(
    "SELECT heap_blks_read + heap_blks_hit AS blocks FROM pg_statio_user_tables WHERE relname = 'road'");
  await client.query("SET pg_fusion.enable = on");
  return Number(rows[0].blocks);
}

async function blocksOf(client: pg.Client, work: () => Promise<unknown>): Promise<number> {
  const before = await blocksSoFar(client);
  await work();
  // Workers report when they exit, which the statement has waited for.
  return (await blocksSoFar(client)) - before;
}

describe.each([0, 4])("with %d workers", (workers) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect(workers);
  });

  afterAll(async () => {
    await client.end();
  });

  it("all blocks are read by whoever wants all rows", async () => {
    const blocks = await blocksOf(client, () => run(client, "SELECT count(note) FROM road"));
    expect(blocks).toBeGreaterThanOrEqual(blockCount);
    expect(blocks).toBeLessThan(blockCount * 1.1);
  });

  it.each([
    ["a LIMIT over the scan", "SELECT id FROM road WHERE mile = 7 AND road_slow(id) LIMIT 3", 3],
    ["a LIMIT over a join",
      "SELECT r.id FROM stone s JOIN road r USING (mile) WHERE r.mile = 7 AND road_slow(r.id) LIMIT 2", 2],
    ["a satisfied EXISTS",
      "SELECT 'found' FROM stone WHERE EXISTS (SELECT FROM road WHERE mile = 9 AND road_slow(id)) LIMIT 1", 1],
    ["a satisfied EXISTS under an aggregate",
      "SELECT count(*) FROM stone WHERE mile = 1 AND EXISTS (SELECT FROM road WHERE mile = 9 AND road_slow(id))", 1],
  ])("%s stops the scan", async (_, text, count) => {
    const blocks = await blocksOf(client, async () =>
      expect(await run(client, text)).toMatchObject({ rows: { length: count } }));
    expect(blocks).toBeGreaterThan(0);
    expect(blocks).toBeLessThan(blockCount / 2);
  });

  it("a closed cursor stops the scan", async () => {
    const blocks = await blocksOf(client, async () => {
      await client.query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM road WHERE mile = 7 AND road_slow(id)");
      await client.query("FETCH 2 FROM c");
      await client.query("CLOSE c; COMMIT");
    });
    expect(blocks).toBeLessThan(blockCount / 2);
  });

  it("a cancelled statement stops the scan", async () => {
    const text = "SELECT mile, count(*) FROM road WHERE road_slow(id) GROUP BY mile";
    const blocks = await blocksOf(client, async () => {
      await setStatementTimeout(client, 40);
      expect(await outcome(client.query({ text, rowMode: "array" }))).toMatchObject({ code: "57014" });
      await setStatementTimeout(client, 0);
    });
    expect(blocks).toBeLessThan(blockCount);
  });

  it("an index scan gives its first rows before it has read many", async () => {
    await client.query("SET enable_seqscan = off");
    const text = "SELECT id FROM road WHERE id > 5 AND note <> 'mile 9' ORDER BY id LIMIT 4";
    expect(await run(client, text)).toEqual(await plainly(client, text));
    await client.query("RESET enable_seqscan");
  });
});
