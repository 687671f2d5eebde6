// Sessions that wait or sleep and are interrupted: for a lock while a statement is planned and while a prepared one
// begins, with a cursor half read when a timeout or a restarted worker ends it. One clean error each, everything home.
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { endSessions, outcome, session } from "../support/fusion_session.js";

const rowsOf = (client: pg.Client, text: string) => outcome(client.query({ text, rowMode: "array" }));

const many = { rows: [["30000"]] };
const counting = "SELECT count(*) FROM interrupted_rows";

let observer: pg.Client;

beforeAll(async () => {
  observer = await session();
  // Compressed on disk; sent, more than the pool of pages holds, so that a cursor half read has a worker at work.
  await observer.query(
    "DROP TABLE IF EXISTS interrupted_rows; CREATE TABLE interrupted_rows AS " +
      "SELECT id, repeat(md5(id::text), 90) AS body FROM generate_series(1, 30000) AS id; ANALYZE interrupted_rows",
  );
});

beforeEach(async () => {
  expect(held(await quiet(observer, 10_000))).toBe(0);
});

afterAll(async () => {
  expect(held(await quiet(observer, 10_000))).toBe(0);
  await observer.query("DROP TABLE interrupted_rows");
  await endSessions();
});

describe("interrupted", () => {
  it("waiting for a lock: by its timeout, by the statement's", async () => {
    const owner = await session("BEGIN; LOCK TABLE interrupted_rows IN ACCESS EXCLUSIVE MODE");
    const client = await session("SET pg_fusion.enable = on; SET plan_cache_mode = force_generic_plan");
    await client.query("SET lock_timeout = '50ms'");
    const late = { code: "55P03", message: "canceling statement due to lock timeout" };
    expect(await rowsOf(client, counting)).toEqual(late);
    await owner.query("ROLLBACK");
    await client.query(`PREPARE counting AS ${counting}`);
    expect(await rowsOf(client, "EXECUTE counting")).toEqual(many);
    await owner.query("BEGIN; LOCK TABLE interrupted_rows IN ACCESS EXCLUSIVE MODE");
    expect(await rowsOf(client, "EXECUTE counting")).toEqual(late);
    await client.query("SET lock_timeout = 0; SET statement_timeout = '50ms'");
    expect(await rowsOf(client, "EXECUTE counting")).toMatchObject({ code: "57014" });
    await client.query("SET statement_timeout = 0");
    await owner.query("ROLLBACK");
    expect(await rowsOf(client, "EXECUTE counting")).toEqual(many);
  });

  it("idle in a transaction with a cursor half read", async () => {
    const client = await session("SET pg_fusion.enable = on; BEGIN");
    await client.query("DECLARE half CURSOR FOR SELECT * FROM interrupted_rows");
    expect(await rowsOf(client, "FETCH 2 FROM half")).toMatchObject({ rows: { length: 2 } });
    const ended = new Promise<void>((resolve) => {
      client.once("end", () => resolve());
    });
    await client.query("SET idle_in_transaction_session_timeout = '50ms'");
    await ended;
  });

  it("with a cursor half read when the worker dies: the rest is an error, what follows a rollback is not", async () => {
    const client = await session("SET pg_fusion.enable = on; BEGIN");
    await client.query("DECLARE half CURSOR FOR SELECT * FROM interrupted_rows; SAVEPOINT before");
    expect(await rowsOf(client, "FETCH 2 FROM half")).toMatchObject({ rows: { length: 2 } });
    const { worker_pid: killed } = await quiet(observer, 0);
    process.kill(killed, "SIGKILL");
    // The rows at hand may still be given.
    expect(await rowsOf(client, "FETCH ALL FROM half")).toMatchObject({ code: "08006" });
    await client.query("ROLLBACK TO before");
    expect(await rowsOf(client, "FETCH 1 FROM half")).toMatchObject({ code: expect.any(String) as string });
    await client.query("ROLLBACK");
    await quiet(observer, 10_000, killed);
    expect(await rowsOf(client, counting)).toEqual(many);
  });
});
