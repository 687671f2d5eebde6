// Leaves that PostgreSQL would read through an index, read as heap batches where those are faster; never where the
// conditions are selective, the order of rows may show, or the user has decided.
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect, same, scanOf } from "../support/fusion_session.js";

let client: pg.Client;

beforeAll(async () => {
  client = await connect(0);
  await client.query("SET pg_fusion.enable = off");
  await client.query("DROP TABLE IF EXISTS ledger CASCADE");
  await client.query(
    "CREATE TABLE ledger (id int PRIMARY KEY, account int, amount numeric(12,2), ratio float8, note text)");
  await client.query(`INSERT INTO ledger SELECT i, i % 500, i / 7.0, i / 9.0, repeat('note', 30)
    FROM generate_series(1, 100000) AS i`);
  await client.query("CREATE INDEX ON ledger (account, amount); CREATE INDEX ON ledger (ratio)");
  await client.query("VACUUM ANALYZE ledger");
  await client.query("SET pg_fusion.enable = on");
}, 60_000);

afterAll(async () => {
  await client.end();
});

const heap = { Path: "heap batches", Reason: "faster than an index-only scan" };
const index = { Path: "executor", Reason: "index scan" };

describe("all rows through an index", () => {
  it.each([
    "SELECT count(*) FROM ledger",
    "SELECT account, count(*) FROM ledger GROUP BY account ORDER BY account",
    "SELECT count(*), sum(id) FROM ledger WHERE id > 100",
    "SELECT DISTINCT account FROM ledger ORDER BY account",
    "SELECT (SELECT count(*) FROM ledger)",
    "SELECT id FROM ledger JOIN ledger other USING (id) WHERE id > 100 ORDER BY id",
  ])("become heap batches: %s", async (text) => {
    expect(await scanOf(client, text)).toMatchObject(heap);
    await same(client, text);
  });

  it("become heap batches where a bitmap would find a few rows in every block", async () => {
    const text = "SELECT count(*), sum(id), max(note) FROM ledger WHERE account < 25";
    await client.query("SET enable_indexscan = off");
    expect(await scanOf(client, text)).toMatchObject({ Path: "heap batches", Reason: "faster than a bitmap scan" });
    await same(client, text);
    const few = "SELECT count(*), sum(id), max(note) FROM ledger WHERE account = 7";
    expect(await scanOf(client, few)).toMatchObject({ Path: "executor", Reason: "bitmap scan" });
    await same(client, few);
    await client.query("RESET enable_indexscan");
  });

  it.each([
    ["of few rows", "SELECT count(*), sum(account) FROM ledger WHERE id < 3000"],
    ["whose order shows", "SELECT sum(ratio) FROM ledger"],
    ["whose rows are passed on", "SELECT account FROM ledger"],
  ])("stay with the index when they are %s", async (_, text) => {
    expect(await scanOf(client, text)).toMatchObject(index);
    await same(client, text);
  });

  it.each(["enable_seqscan", "pg_fusion.heap_scan"])("stay with the index when %s is off", async (setting) => {
    await client.query(`SET ${setting} = off`);
    expect((await scanOf(client, "SELECT count(*) FROM ledger")).Path).toBe("executor");
    await same(client, "SELECT count(*) FROM ledger");
    await client.query(`RESET ${setting}`);
  });

  it("stay with the index when the table is larger than the cache", async () => {
    await client.query("SET effective_cache_size = '8MB'");
    expect((await scanOf(client, "SELECT count(*) FROM ledger")).Path).toBe("executor");
    await client.query("RESET effective_cache_size");
  });

  it("are read by policies' rules", async () => {
    await client.query("SET pg_fusion.enable = off; DROP ROLE IF EXISTS ledger_clerk; CREATE ROLE ledger_clerk");
    await client.query("GRANT SELECT ON ledger TO ledger_clerk; ALTER TABLE ledger ENABLE ROW LEVEL SECURITY");
    await client.query("CREATE POLICY most ON ledger USING (id > 50)");
    await client.query("SET pg_fusion.enable = on; SET ROLE ledger_clerk");
    expect(await scanOf(client, "SELECT count(*) FROM ledger")).toMatchObject(heap);
    await same(client, "SELECT count(*) FROM ledger");
    await client.query("RESET ROLE; DROP OWNED BY ledger_clerk; DROP ROLE ledger_clerk");
  });
});
