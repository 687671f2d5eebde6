// Scans beside writers: transfers that keep a sum constant, vacuum and truncate, snapshots that must not move, and
// the serialization failures PostgreSQL would raise. With 0, 1 and 4 parallel producers asked for.
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scanOf, session } from "../support/fusion_session.js";

const accounts = 20_000;
const total = String(accounts * 100);
let admin: pg.Client;

const reader = (producers: number): Promise<pg.Client> =>
  session("SET pg_fusion.enable = on; SET pg_fusion.require = fusion; " +
    `SET max_parallel_workers_per_gather = ${producers}`);

/** That the statement is read by as many processes as the suite says, from heap batches. */
async function expectProducers(client: pg.Client, text: string, workers: number): Promise<void> {
  const scan = await scanOf(client, text);
  expect([scan.Path, scan["Producers Launched"]]).toEqual(["heap batches", 1 + workers]);
}

beforeAll(async () => {
  admin = await session();
  await admin.query("DROP TABLE IF EXISTS live_accounts, live_truncated, live_pivot");
  // Room in every block for HOT updates; an index on an updated column makes others cold.
  await admin.query(`
    CREATE TABLE live_accounts (id int PRIMARY KEY, region int, balance numeric(15,2), touched int, note text)
      WITH (fillfactor = 60);
    INSERT INTO live_accounts SELECT i, i % 5, 100, 0, repeat('n', 80) FROM generate_series(1, ${accounts}) AS i`);
  await admin.query("CREATE INDEX ON live_accounts (touched)");
  await admin.query("CREATE TABLE live_truncated AS SELECT i FROM generate_series(1, 50000) AS i");
  await admin.query(`
    CREATE TABLE live_pivot (id int PRIMARY KEY, v int);
    INSERT INTO live_pivot SELECT i, 10 FROM generate_series(1, 2000) AS i`);
  // By themselves tables this small would be scanned by the leader alone.
  for (const table of ["live_accounts", "live_truncated", "live_pivot"])
    await admin.query(`ALTER TABLE ${table} SET (parallel_workers = 4)`);
  await admin.query("VACUUM ANALYZE");
}, 60_000);

afterAll(async () => {
  await admin.end();
});

/** Moves money between random accounts until told to stop; some transfers roll back, some use savepoints. */
async function transfers(stop: () => boolean, seed: number): Promise<number> {
  const client = await session();
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 + Math.floor((state / 2 ** 32) * limit);
  };
  let done = 0;
  while (!stop()) {
    const [from, to] = [random(accounts), random(accounts)].sort((a, b) => a - b);
    await client.query("BEGIN");
    await client.query("UPDATE live_accounts SET balance = balance - 1 WHERE id = $1", [from]);
    if (done % 3 === 0) {
      await client.query("SAVEPOINT s");
      await client.query("UPDATE live_accounts SET balance = balance + 7, touched = touched + 1 WHERE id = $1", [
        to,
      ]);
      await client.query("ROLLBACK TO s");
    }
    const also = done % 2 ? ", touched = touched + 1" : "";
    await client.query(`UPDATE live_accounts SET balance = balance + 1${also} WHERE id = $1`, [to]);
    await client.query(done % 10 === 9 ? "ROLLBACK" : "COMMIT");
    done += 1;
  }
  await client.end();
  return done;
}

describe.each([0, 1, 4])("%i parallel producers", (producers) => {
  it("never sees a wrong sum while others transfer and vacuum", async () => {
    let stopped = false;
    const stop = (): boolean => stopped;
    const writers = [transfers(stop, 1 + producers), transfers(stop, 77 + producers)];
    const vacuum = (async () => {
      const client = await session();
      while (!stop()) await client.query("VACUUM live_accounts");
      await client.end();
    })();
    const client = await reader(producers);
    const sum = "SELECT sum(balance) AS s, count(*) AS n, min(id) AS least FROM live_accounts";
    for (let round = 0; round < 150; round += 1) {
      const { rows } = await client.query(sum);
      expect(rows[0]).toEqual({ s: `${total}.00`, n: String(accounts), least: 1 });
    }
    await expectProducers(client, sum, producers);
    stopped = true;
    const done = await Promise.all(writers);
    await vacuum;
    await client.end();
    expect(Math.min(...done)).toBeGreaterThan(5);
  }, 120_000);

  it("keeps its snapshot in repeatable read and sees its own changes in savepoints", async () => {
    const client = await reader(producers);
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const regions = "SELECT region, sum(balance), count(*) FROM live_accounts GROUP BY region ORDER BY region";
    const ask = async (): Promise<unknown> => (await client.query(regions)).rows;
    const before = await ask();
    await expectProducers(client, regions, producers);
    await admin.query("UPDATE live_accounts SET balance = balance + 5 WHERE id <= 100");
    await admin.query(
      "INSERT INTO live_accounts SELECT 1000000 + i, 1, 3, 0, 'new' FROM generate_series(1, 77) AS i",
    );
    expect(await ask()).toEqual(before);
    await client.query("ROLLBACK");
    await admin.query("UPDATE live_accounts SET balance = balance - 5 WHERE id <= 100");
    await admin.query("DELETE FROM live_accounts WHERE id > 1000000");
    await client.query("BEGIN");
    await client.query(
      "INSERT INTO live_accounts SELECT 2000000 + i, 9, 1, 0, 'own' FROM generate_series(1, 500) AS i",
    );
    await client.query("SAVEPOINT a");
    await client.query("DELETE FROM live_accounts WHERE id > 2000400");
    await client.query("SAVEPOINT b");
    await client.query("UPDATE live_accounts SET balance = 2 WHERE id BETWEEN 2000001 AND 2000100");
    const mine = "SELECT count(*)::int AS n, sum(balance) AS s FROM live_accounts WHERE region = 9";
    const own = async (): Promise<unknown> => (await client.query(mine)).rows[0];
    expect(await own()).toEqual({ n: 400, s: "500.00" });
    await expectProducers(client, mine, producers);
    await client.query("ROLLBACK TO b");
    expect(await own()).toEqual({ n: 400, s: "400.00" });
    await client.query("ROLLBACK TO a");
    expect(await own()).toEqual({ n: 500, s: "500.00" });
    await client.query("ROLLBACK");
    expect(await own()).toEqual({ n: 0, s: null });
    await client.end();
  }, 60_000);

  it("raises the serialization failure PostgreSQL would", async () => {
    const [one, two] = [await reader(producers), await reader(producers)];
    const sum = "SELECT sum(v) FROM live_pivot";
    for (const client of [one, two]) await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    await expectProducers(one, sum, 0);
    await one.query(sum);
    await two.query(sum);
    await one.query("UPDATE live_pivot SET v = v + 1 WHERE id = 1");
    await two.query("UPDATE live_pivot SET v = v + 1 WHERE id = 2");
    await one.query("COMMIT");
    await expect(two.query("COMMIT")).rejects.toMatchObject({ code: "40001" });
    await one.end();
    await two.end();
  }, 60_000);

  it("waits for, and then sees, a truncate beside it", async () => {
    await admin.query("TRUNCATE live_truncated");
    await admin.query("INSERT INTO live_truncated SELECT generate_series(1, 50000)");
    const client = await reader(producers);
    const other = await session();
    await other.query("BEGIN");
    await other.query("TRUNCATE live_truncated");
    const waiting = client.query("SELECT count(*)::int AS n FROM live_truncated");
    await new Promise((done) => setTimeout(done, 100));
    await other.query("COMMIT");
    expect((await waiting).rows).toEqual([{ n: 0 }]);
    await client.end();
    await other.end();
  }, 60_000);
});
