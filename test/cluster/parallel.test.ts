// Parallel scan producers: the same answers with 0, 1 and 4 of them over everything a transaction can see, and one
// clean end whatever happens to a worker: none to be had, an error, a cancel at any moment, a death before it lived.
// Scans beside writers are in live_heap.test.ts.
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { held, quiet } from "../support/audit.js";
import {
  connect, outcome, plainly, run, same, scanOf, type Failure,
} from "../support/fusion_session.js";
import { cancelledAtAnyMoment } from "../support/statement_timeout.js";

const rowCount = 120_000;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
let observer: pg.Client;
let logStart = 0;

const counted = "SELECT count(*), sum(k), sum(price), min(id), max(id), min(note), max(note) FROM crowd";
const grouped = "SELECT k, count(*), sum(price), max(note) FROM crowd GROUP BY k ORDER BY k";

function serverLog(): string {
  const text = readFileSync(join(process.env["PG_FUSION_TEST_HOME"] ?? "", "log", "server.log"), "utf8");
  return text.slice(logStart);
}

beforeAll(async () => {
  logStart = statSync(join(process.env["PG_FUSION_TEST_HOME"] ?? "", "log", "server.log")).size;
  observer = await connect(0);
  await observer.query("SET pg_fusion.enable = off");
  await observer.query("DROP TABLE IF EXISTS crowd, crowd_log CASCADE");
  await observer.query(`CREATE TABLE crowd (id int, k int, price numeric(15,2), note text, ratio float8)
    WITH (fillfactor = 90, parallel_workers = 4)`);
  await observer.query(`INSERT INTO crowd SELECT i, i % 13, i % 977, 'note ' || i % 101, i / 3.0
    FROM generate_series(1, ${rowCount}) AS i`);
  await observer.query("CREATE INDEX ON crowd (id)");
  await observer.query("VACUUM ANALYZE crowd");
  await observer.query(`
    CREATE OR REPLACE FUNCTION crowd_breaks(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i = 90000 THEN RAISE EXCEPTION 'row % breaks', i USING ERRCODE = 'TE123'; END IF; RETURN true; END $$;
    CREATE OR REPLACE FUNCTION crowd_slow(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN IF i % 500 = 0 THEN PERFORM pg_sleep(0.001); END IF; RETURN true; END $$;
    CREATE OR REPLACE FUNCTION crowd_compiler(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    BEGIN RETURN i % 500 <> 0 OR pg_read_file('/proc/self/maps') LIKE '%/' || current_setting('jit_provider') || '%';
    END $$;
    CREATE OR REPLACE FUNCTION crowd_asks(i int) RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
    DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM crowd WHERE k = i; RETURN n; END $$;
    CREATE OR REPLACE FUNCTION crowd_restricted(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
    BEGIN RETURN i > 3; END $$;
    CREATE OR REPLACE FUNCTION crowd_unsafe(i int) RETURNS bool LANGUAGE plpgsql STABLE PARALLEL UNSAFE AS $$
    BEGIN RETURN i > 3; END $$`);
}, 60_000);

afterAll(async () => {
  // What PostgreSQL says when a parallel context, a pin, a snapshot or a descriptor is forgotten.
  expect(serverLog().match(/^.*(WARNING|PANIC|protocol violation|stuck spinlock).*$/gm) ?? []).toEqual([]);
  await observer.end();
});

beforeEach(async () => {
  expect(held(await quiet(observer))).toBe(0);
});

describe.each([0, 1, 4])("%d workers", (workers) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect(workers);
  });

  afterAll(async () => {
    await client.end();
  });

  it("take part", async () => {
    const scan = await scanOf(client, counted);
    expect(scan["Producers Planned"]).toBe(1 + workers);
    expect(scan["Producers Launched"]).toBe(1 + workers);
    expect(scan["Rows Produced"]).toBe(rowCount);
  });

  it("answer as PostgreSQL does", async () => {
    for (const text of [
      counted, grouped,
      "SELECT id, note FROM crowd WHERE price = 13 ORDER BY id",
      "SELECT sum(price) FROM crowd WHERE note LIKE 'note 7%' AND k IN (1, 5, 7)",
      "SELECT count(*) FROM crowd WHERE crowd_breaks(k)",
      "SELECT k, avg(price), crowd_asks(k) FROM crowd GROUP BY k ORDER BY k",
      "SELECT count(*) FROM crowd WHERE id < 40 AND crowd_asks(k) > 0",
      "SELECT sum(ratio), avg(ratio) FROM crowd",
    ]) await same(client, text);
  });

  it("see the transaction's own rows, in savepoints released and rolled back", async () => {
    await client.query("BEGIN");
    await client.query("INSERT INTO crowd SELECT i, 77, 1, 'new' FROM generate_series(200001, 205000) AS i");
    await same(client, counted);
    await client.query("SAVEPOINT one");
    await client.query("UPDATE crowd SET k = 78, note = 'changed' WHERE id > 204000 OR id < 3000");
    await same(client, grouped);
    await client.query("SAVEPOINT two");
    await client.query("DELETE FROM crowd WHERE id % 7 = 0");
    await client.query("UPDATE crowd SET price = price + 1 WHERE id > 204500");
    await same(client, counted);
    await client.query("ROLLBACK TO two");
    await same(client, counted);
    await client.query("RELEASE one");
    await same(client, grouped);
    expect((await scanOf(client, counted))["Producers Launched"]).toBe(1 + workers);
    await client.query("ROLLBACK");
    await same(client, counted);
  });

  it("see a table of the same transaction, cut, filled and cut again", async () => {
    await client.query("BEGIN");
    await client.query("CREATE TABLE crowd_log (i int, t text) WITH (parallel_workers = 4)");
    await client.query("INSERT INTO crowd_log SELECT i, 'log ' || i FROM generate_series(1, 20000) AS i");
    await same(client, "SELECT count(*), sum(i), min(t), max(t) FROM crowd_log");
    await client.query("TRUNCATE crowd_log");
    await same(client, "SELECT count(*), sum(i), min(t), max(t) FROM crowd_log");
    await client.query("INSERT INTO crowd_log SELECT i, 'log ' || i FROM generate_series(1, 7000) AS i");
    await client.query("DELETE FROM crowd_log WHERE i % 3 = 0");
    await same(client, "SELECT count(*), sum(i), min(t), max(t) FROM crowd_log");
    await client.query("ROLLBACK");
  });

  it("keep a repeatable snapshot while others commit", async () => {
    const writer = await connect(0);
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    const before = await run(client, counted);
    await writer.query("INSERT INTO crowd SELECT i, 5, 5, 'other' FROM generate_series(300001, 301000) AS i");
    await writer.query("UPDATE crowd SET price = price + 1 WHERE id % 100 = 0");
    expect(await run(client, counted)).toEqual(before);
    await same(client, counted);
    await client.query("COMMIT");
    await same(client, counted);
    await writer.query("DELETE FROM crowd WHERE id > 300000; UPDATE crowd SET price = price - 1 WHERE id % 100 = 0");
    await writer.end();
  });

  it("carry parameters, of statements and of functions' variables", async () => {
    const text = "SELECT count(*), sum(price) FROM crowd WHERE k = $1 AND note <> $2";
    for (const k of [0, 3, 12, 99]) {
      const literal = text.replace("$1", String(k)).replace("$2", "'note 5'");
      const query = { name: "by_k", text, values: [k, "note 5"], rowMode: "array" as const };
      expect(await outcome(client.query(query))).toEqual(await plainly(client, literal));
    }
    await same(client, "SELECT crowd_asks(2), crowd_asks(NULL)");
  });

  it("fill tables and files", async () => {
    await client.query(`CREATE TEMP TABLE made AS ${grouped}`);
    await same(client, "SELECT * FROM made ORDER BY k");
    expect((await plainly(client, `TABLE made EXCEPT (${grouped})`) as { rows: unknown[] }).rows).toEqual([]);
    await client.query("DROP TABLE made");
  });
});

describe("the leader is alone", () => {
  let client: pg.Client;

  beforeAll(async () => {
    client = await connect();
  });

  afterAll(async () => {
    await client.end();
  });

  it.each([
    ["with restricted functions", "SELECT count(*) FROM crowd WHERE crowd_restricted(k)",
      "parallel-restricted expressions"],
    ["with unsafe functions", "SELECT count(*) FROM crowd WHERE crowd_unsafe(k)", "parallel-restricted expressions"],
    ["with an unsafe function at the edge", "SELECT k, crowd_unsafe(k) FROM crowd GROUP BY k ORDER BY k",
      "parallel-unsafe expressions"],
    ["when order shows", "SELECT sum(ratio) FROM crowd", "the result depends on the order of rows"],
    ["when rows are passed on", "SELECT id, note FROM crowd ORDER BY id", "most rows are passed on"],
  ])("%s", async (_, text, reason) => {
    const scan = await scanOf(client, text);
    expect(scan["Leader Only"]).toBe(reason);
    expect(scan["Producers Launched"]).toBe(1);
    await same(client, text);
  });

  it("over temporary tables", async () => {
    await client.query("CREATE TEMP TABLE crowd_temp WITH (parallel_workers = 4) AS SELECT * FROM crowd");
    expect((await scanOf(client, "SELECT count(*) FROM crowd_temp"))["Leader Only"]).toBe("temporary table");
    await same(client, counted.replace("crowd", "crowd_temp"));
    await client.query("DROP TABLE crowd_temp");
  });

  it("in serializable transactions", async () => {
    await client.query("BEGIN ISOLATION LEVEL SERIALIZABLE");
    expect(await scanOf(client, counted)).toMatchObject({ "Producers Planned": 5, "Producers Launched": 1 });
    await same(client, counted);
    await client.query("COMMIT");
  });

  it("under cursors and loops, which leave others room to work in between", async () => {
    await client.query("BEGIN");
    await client.query(`DECLARE c CURSOR FOR ${grouped}`);
    const { rows } = await client.query({ text: "FETCH 5 FROM c", rowMode: "array" });
    await client.query("INSERT INTO crowd VALUES (400000, 3, 3, 'between')");
    const rest = await client.query({ text: "FETCH ALL FROM c", rowMode: "array" });
    await client.query("ROLLBACK");
    expect({ rows: [...rows, ...rest.rows] }).toEqual(await plainly(client, grouped));
    const { rows: done } = await client.query(`DO $$ DECLARE r record; n bigint := 0; BEGIN
      FOR r IN ${grouped} LOOP INSERT INTO crowd VALUES (500000, r.k); n := n + r.count; END LOOP;
      IF n <> ${rowCount} THEN RAISE EXCEPTION 'counted %', n; END IF;
      RAISE EXCEPTION 'done' USING ERRCODE = 'TE999'; END $$`)
      .catch(({ code }: Failure) => ({ rows: [code] }));
    expect(done).toEqual(["TE999"]);
  });

  it("without the compiler that their session has loaded for PostgreSQL's own plans", async () => {
    if ((await client.query("SELECT pg_jit_available() AS jit")).rows[0].jit !== true) return;
    const compiled = "SELECT count(*) FROM crowd WHERE crowd_compiler(id) AND crowd_slow(id)";
    const session = await connect();
    await session.query("SET jit_above_cost = 0; SET pg_fusion.enable = off");
    await session.query("SELECT count(*) FROM crowd WHERE k > 1");
    await session.query("SET pg_fusion.enable = on");
    expect(await run(session, "SELECT crowd_compiler(0)")).toEqual({ rows: [[true]] });
    const scan = await scanOf(session, compiled);
    expect(scan["Producers Launched"]).toBe(5);
    // Every 500th row passes where the compiler is, so all of them if workers had it.
    expect(scan["Rows Produced"]).toBeLessThan(rowCount);
    await session.end();
  });

  it("when the server has no workers to give", async () => {
    await client.query("SET max_parallel_workers = 0");
    expect((await scanOf(client, counted))["Producers Launched"]).toBe(1);
    await same(client, counted);
    await client.query("SET max_parallel_workers = 1");
    expect((await scanOf(client, counted))["Producers Launched"]).toBeLessThanOrEqual(2);
    await same(client, counted);
    await client.query("RESET max_parallel_workers");
  });
});

describe("ends", () => {
  let client: pg.Client;
  const slow = "SELECT k, count(*), sum(price) FROM crowd WHERE crowd_slow(id) GROUP BY k";

  beforeAll(async () => {
    client = await connect();
  });

  afterAll(async () => {
    await client.end();
  });

  const works = async (): Promise<void> => {
    expect(await run(client, "SELECT count(*) FROM crowd")).toEqual({ rows: [[String(rowCount)]] });
    expect(held(await quiet(observer))).toBe(0);
  };

  it("with the error of one producer, as PostgreSQL words it", async () => {
    for (let round = 0; round < 20; round += 1)
      expect(await run(client, "SELECT count(*) FROM crowd WHERE crowd_breaks(id)"))
        .toEqual({ code: "TE123", message: "row 90000 breaks" });
    await works();
  });

  it("with the engine's error", async () => {
    for (let round = 0; round < 5; round += 1)
      expect(await run(client, "SELECT sum(price / (id - 90000)) FROM crowd")).toMatchObject({ code: "22012" });
    await works();
  });

  it("with an error in a block that catches it, again and again", async () => {
    await client.query(`DO $$ DECLARE n bigint; BEGIN FOR i IN 1..5 LOOP
      BEGIN SELECT count(*) INTO n FROM crowd WHERE crowd_breaks(id); RAISE EXCEPTION 'unreached';
      EXCEPTION WHEN SQLSTATE 'TE123' THEN SELECT count(*) INTO n FROM crowd WHERE k = i;
        IF n < 1000 THEN RAISE EXCEPTION 'wrong %', n; END IF; END;
    END LOOP; END $$`);
    await works();
  });

  it("early under a LIMIT", async () => {
    const text = "SELECT id FROM crowd WHERE price = 13 AND crowd_slow(id) LIMIT 3";
    for (let round = 0; round < 10; round += 1) expect(await run(client, text)).toMatchObject({ rows: { length: 3 } });
    await works();
  });

  it("by a timeout at any moment, from the launch on", async () => {
    const cancelled = await cancelledAtAnyMoment(client, observer, 50, (ms) => (ms % 2 === 0 ? slow : counted));
    expect(cancelled).toBeGreaterThan(10);
    await works();
  }, 120_000);

  it("when a worker is terminated", async () => {
    const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
    let terminated = 0;
    for (let round = 0; round < 10; round += 1) {
      const running = run(client, slow);
      await pause(15 + 5 * round);
      const { rows } = await observer.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE leader_pid = $1 LIMIT 1", [pid]);
      const ended = await running;
      if ("message" in ended) {
        expect(ended.code).toMatch(/^(57P01|55000)$/);
        terminated += rows.length;
      }
      expect(held(await quiet(observer))).toBe(0);
    }
    expect(terminated).toBeGreaterThan(0);
    await works();
  });

  it("when the leader is terminated", async () => {
    for (let round = 0; round < 5; round += 1) {
      const victim = await connect();
      const pid = (await victim.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
      const running = run(victim, slow);
      await pause(10 + 15 * round);
      await observer.query("SELECT pg_terminate_backend($1)", [pid]);
      await running;
      await victim.end().catch(() => undefined);
      expect(held(await quiet(observer))).toBe(0);
    }
    await works();
  });

  it("when the worker process is killed", async () => {
    for (let round = 0; round < 3; round += 1) {
      const before = await quiet(observer, 10_000);
      const running = run(client, slow);
      await pause(20 + 20 * round);
      process.kill(before.worker_pid, "SIGKILL");
      const ended = await running;
      if ("message" in ended) expect(ended.code).toMatch(/^(08006|57P03)$/);
      expect(held(await quiet(observer, 10_000, before.worker_pid))).toBe(0);
    }
    await works();
  }, 60_000);

  it("as if nothing had been when workers cannot be forked", async () => {
    const data = (await observer.query("SHOW data_directory")).rows[0].data_directory as string;
    const [postmaster = ""] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    // As the server's own user, who may lower his processes' limits and raise them again.
    const { uid, gid } = statSync(`/proc/${postmaster}`);
    const limit = (...options: string[]): string =>
      execFileSync("prlimit", ["--pid", postmaster, ...options], { encoding: "utf8", uid, gid }).trim();
    const expected = await plainly(client, grouped);
    const soft = limit("--nproc", "--output", "SOFT", "--noheadings");
    limit("--nproc=1:");
    try {
      for (let round = 0; round < 5; round += 1) expect(await run(client, grouped)).toEqual(expected);
    } finally {
      limit(`--nproc=${soft}:`);
    }
    expect(serverLog()).toMatch(/could not fork .*process/);
    await works();
  });
});

describe("a crowd of sessions", () => {
  it("shares workers, slots and pages, and all get their answers", async () => {
    const expected = await plainly(observer, grouped);
    await observer.query("SET pg_fusion.enable = off");
    const clients = await Promise.all(Array.from({ length: 12 }, () => connect()));
    await Promise.all(clients.map(async (client) => {
      for (let round = 0; round < 4; round += 1) expect(await run(client, grouped)).toEqual(expected);
      await client.end();
    }));
    expect(held(await quiet(observer))).toBe(0);
  }, 120_000);
});
