// Cursors that were read a little and then left alone: what they keep of the pool leaves enough for statements that
// begin, and all of it comes back. The server is that of throwaway_cluster.ts.
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { endSessions, session } from "../support/fusion_session.js";

/** With pages for what each reserves, and far too few for as many full rings. */
const CURSORS = 24;
const ROWS = 80_000;

let plain: pg.Client;

beforeAll(async () => {
  plain = await session("SET pg_fusion.enable = off");
  await plain.query("DROP TABLE IF EXISTS idle_rows");
  await plain.query(`CREATE TABLE idle_rows AS SELECT i AS id, repeat('some words ', 14) || i AS word
    FROM generate_series(1, ${ROWS}) i; ANALYZE idle_rows`);
}, 120_000);

afterAll(async () => {
  await plain.query("DROP TABLE IF EXISTS idle_rows");
  await endSessions();
});

it("many of them leave pages to others, and go on where they were", async () => {
  const clients: pg.Client[] = [];
  for (let cursor = 0; cursor < CURSORS; cursor++) {
    const client = await session("SET pg_fusion.enable = on");
    clients.push(client);
    await client.query("BEGIN");
    await client.query(
      "DECLARE idle CURSOR FOR SELECT a.id, a.word, b.word FROM idle_rows a JOIN idle_rows b USING (id)");
    expect((await client.query("FETCH 1 FROM idle")).rowCount).toBe(1);
  }
  const other = await session("SET pg_fusion.enable = on");
  const { rows } = await other.query("SELECT count(*) FROM idle_rows a JOIN idle_rows b USING (id)");
  expect(rows).toEqual([{ count: String(ROWS) }]);
  for (const client of [clients[0], clients[CURSORS - 1]])
    expect((await client?.query("FETCH ALL FROM idle"))?.rowCount).toBe(ROWS - 1);
  for (const client of clients) await client.query("ROLLBACK");
  expect(held(await quiet(plain))).toBe(0);
}, 300_000);
