// Parallel scan producers of an execution below a leaf (`pg_fusion inside`), where PostgreSQL takes the rows of one
// execution through its own nodes into another: the same answers with 0, 1 and 4 of them, no more than the statement
// around may have, and one clean end whatever happens. Those of plain statements are parallel.test.ts's.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import { connect, endSessions, run, same, scanOf, scansInside, scansOf } from "../support/fusion_session.js";
import { cancelledAtAnyMoment } from "../support/statement_timeout.js";

const rowCount = 60_000;
const log = (): string => join(process.env["PG_FUSION_TEST_HOME"] ?? "", "log", "server.log");
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
let observer: pg.Client;
let logStart = 0;

/** Groups that the engine makes, and PostgreSQL doubles. */
const doubled = (where = "true"): string =>
  `(SELECT k, generate_series(1, 2) AS g, count(*) AS n, max(v) AS v FROM inner_rows WHERE ${where} GROUP BY k)`;
const summed = (where?: string): string => `SELECT count(*), sum(n), sum(g), max(v) FROM ${doubled(where)} x`;
const joined = `SELECT o.k % 7, count(*), sum(x.n) FROM outer_rows o JOIN ${doubled()} x USING (k)
  GROUP BY 1 ORDER BY 1`;

beforeAll(async () => {
  logStart = statSync(log()).size;
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off; DROP TABLE IF EXISTS inner_rows, outer_rows CASCADE");
  for (const table of ["inner_rows", "outer_rows"])
    await observer.query(`CREATE TABLE ${table} (id int, k int, v text) WITH (parallel_workers = 4);
      INSERT INTO ${table} SELECT i, i % 977, 'v' || i % 89 FROM generate_series(1, ${rowCount}) AS i`);
  await observer.query("VACUUM ANALYZE inner_rows, outer_rows");
  await observer.query(`
    CREATE OR REPLACE FUNCTION inside_breaks(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i = 45000 THEN RAISE EXCEPTION 'row % breaks', i USING ERRCODE = 'TE123'; END IF; RETURN true; END $$;
    CREATE OR REPLACE FUNCTION inside_slow(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i % 500 = 0 THEN PERFORM pg_sleep(0.001); END IF; RETURN true; END $$;
    CREATE OR REPLACE FUNCTION inside_unsafe(i bigint) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
    BEGIN RETURN i; END $$`);
}, 60_000);

afterAll(async () => {
  // What PostgreSQL says when a parallel context, a pin, a snapshot or a descriptor is forgotten.
  const said = readFileSync(log(), "utf8").slice(logStart);
  expect(said.match(/^.*(WARNING|PANIC|TRAP|protocol violation).*$/gm) ?? []).toEqual([]);
  await endSessions();
});

beforeEach(async () => {
  expect(held(await quiet(observer))).toBe(0);
});

describe.each([0, 1, 4])("%d workers", (workers) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect(workers);
  });

  it("take part inside, and beside it", async () => {
    for (const text of [summed(), joined]) {
      const [inside] = await scansInside(client, text);
      expect(inside).toMatchObject({ "Producers Launched": 1 + workers, "Rows Produced": rowCount });
    }
    const [leaf, beside] = await scansOf(client, joined);
    expect(leaf).toMatchObject({ Reason: "pg_fusion inside", "Producers Launched": 1 });
    expect(beside).toMatchObject({ "Producers Launched": 1 + workers });
  });

  it("answer as PostgreSQL does", async () => {
    for (const text of [
      summed(), summed("id % 3 = 0"), summed("id < 0"), summed("inside_slow(id)"), joined,
      `SELECT count(*), sum(a.n + b.n) FROM ${doubled()} a JOIN ${doubled("id % 2 = 0")} b USING (k, g)`,
      `SELECT g, (SELECT count(*) FROM outer_rows WHERE id < g * 10) FROM ${doubled()} x GROUP BY g ORDER BY g`,
      `SELECT i, (SELECT sum(n) FROM ${doubled()} x WHERE g = i) FROM generate_series(1, 3) AS i ORDER BY i`,
      `SELECT count(*) FROM outer_rows WHERE EXISTS (SELECT 1 FROM ${doubled()} x WHERE x.n > 10)`,
    ]) await same(client, text);
  });

  it("see what the transaction did", async () => {
    await client.query("BEGIN; INSERT INTO inner_rows SELECT i, 5000, 'new' FROM generate_series(1, 3000) AS i");
    await client.query("SAVEPOINT one; UPDATE inner_rows SET k = 5001 WHERE id % 100 = 0");
    await same(client, summed());
    await client.query("ROLLBACK TO one");
    await same(client, summed());
    await client.query("ROLLBACK");
    await same(client, summed());
  });
});

describe("the leader is alone", () => {
  it.each([
    ["when the order of rows shows", `SELECT sum(n::float8) FROM ${doubled()} x`,
      "the order of its rows may show"],
    ["with an unsafe function around", `SELECT inside_unsafe(count(*)) FROM ${doubled()} x`,
      "parallel-unsafe expressions"],
  ])("%s", async (_, text, reason) => {
    const client = await connect();
    const [inside] = await scansInside(client, text);
    expect(inside).toMatchObject({ "Producers Launched": 1, "Leader Only": reason });
    await same(client, text);
  });

  it("in serializable transactions, and under cursors", async () => {
    const client = await connect();
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    expect(await scansInside(client, summed())).toMatchObject([{ "Producers Launched": 1 }]);
    await same(client, summed());
    await client.query("COMMIT; BEGIN");
    const expected = await run(client, joined);
    await client.query(`DECLARE c CURSOR FOR ${joined}`);
    const first = await run(client, "FETCH 3 FROM c");
    const rest = await run(client, "FETCH ALL FROM c");
    await client.query("COMMIT");
    expect("rows" in first && "rows" in rest ? { rows: [...first.rows, ...rest.rows] } : first).toEqual(expected);
  });
});

describe("ends", () => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect();
  });

  const works = async (): Promise<void> => {
    await same(client, summed());
    expect(held(await quiet(observer))).toBe(0);
  };

  it("with the error of one producer, as PostgreSQL words it", async () => {
    for (let round = 0; round < 10; round += 1)
      expect(await run(client, summed("inside_breaks(id)"))).toEqual({ code: "TE123", message: "row 45000 breaks" });
    await works();
  });

  it("with an error in a block that catches it", async () => {
    await client.query(`DO $$ DECLARE n bigint; BEGIN FOR i IN 1..5 LOOP
      BEGIN SELECT count(*) INTO n FROM ${doubled("inside_breaks(id)")} x; RAISE EXCEPTION 'unreached';
      EXCEPTION WHEN SQLSTATE 'TE123' THEN SELECT count(*) INTO n FROM ${doubled()} x;
        IF n <> 1954 THEN RAISE EXCEPTION 'wrong %', n; END IF; END;
    END LOOP; END $$`);
    await works();
  });

  it("early, when enough rows are there", async () => {
    const text = `SELECT o.id, x.n FROM ${doubled("inside_slow(id)")} x JOIN outer_rows o USING (k) LIMIT 3`;
    expect((await scanOf(client, text)).Reason).toBe("pg_fusion inside");
    for (let round = 0; round < 10; round += 1) expect(await run(client, text)).toMatchObject({ rows: { length: 3 } });
    await works();
  });

  it("by a timeout at any moment", async () => {
    const cancelled = await cancelledAtAnyMoment(client, observer, 40, (ms) =>
      (ms % 2 === 0 ? summed("inside_slow(id)") : joined));
    expect(cancelled).toBeGreaterThan(10);
    await works();
  }, 120_000);

  it("when the worker process is killed", async () => {
    for (let round = 0; round < 3; round += 1) {
      const before = await quiet(observer, 10_000);
      const running = run(client, summed("inside_slow(id)"));
      await pause(20 + 20 * round);
      process.kill(before.worker_pid, "SIGKILL");
      const ended = await running;
      if ("message" in ended) expect(ended.code).toMatch(/^(08006|57P03)$/);
      expect(held(await quiet(observer, 10_000, before.worker_pid))).toBe(0);
    }
    await works();
  }, 60_000);
});
