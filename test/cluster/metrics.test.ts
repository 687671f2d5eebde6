// Counters, decisions and the activity views against a real server: numbers move as statements run, a reset begins a
// new epoch, and what is not one's own stays hidden.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quiet } from "../support/audit.js";

const clients: pg.Client[] = [];
let observer: pg.Client;

async function connect(user?: string): Promise<pg.Client> {
  const client = new pg.Client(user === undefined ? {} : { user });
  await client.connect();
  clients.push(client);
  return client;
}

type Metrics = ReadonlyMap<string, number>;

async function metrics(): Promise<Metrics> {
  const { rows } = await observer.query("SELECT component, metric, value FROM pg_fusion_metrics()");
  return new Map(rows.map((row) => [`${row.component}.${row.metric}`, Number(row.value)]));
}

/** What a piece of work added to the counters, once everything it began has ended. */
async function added(work: () => Promise<unknown>): Promise<(name: string) => number> {
  await quiet(observer);
  const before = await metrics();
  await work();
  await quiet(observer);
  const after = await metrics();
  return (name) => {
    const value = after.get(name);
    if (value === undefined) throw new Error(`there is no metric ${name}`);
    return value - (before.get(name) ?? 0);
  };
}

async function decisions(): Promise<Record<string, number>> {
  const { rows } = await observer.query("SELECT decision, reason, statements FROM pg_fusion_decisions()");
  return Object.fromEntries(rows.map((row) => [`${row.decision}: ${row.reason ?? ""}`, Number(row.statements)]));
}

const codeOf = (running: Promise<unknown>): Promise<string> =>
  running.then(() => "no error", (error: { code?: string }) => error.code ?? "no code");

const pidOf = async (client: pg.Client): Promise<number> =>
  (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;

beforeAll(async () => {
  observer = await connect();
  await observer.query(`
    DROP TABLE IF EXISTS measured;
    CREATE TABLE measured AS SELECT id, id % 7 AS k, repeat(md5(id::text), 4) AS body
      FROM generate_series(1, 100000) AS id;
    ANALYZE measured;
    DROP ROLE IF EXISTS fusion_stranger, fusion_watcher;
    CREATE ROLE fusion_stranger LOGIN;
    CREATE ROLE fusion_watcher LOGIN IN ROLE pg_monitor;
    GRANT SELECT ON measured TO fusion_stranger, fusion_watcher;
  `);
});

afterAll(async () => {
  // First of all: a failed test may have left locks.
  for (const client of clients) await client.end();
  const last = new pg.Client();
  await last.connect();
  await last.query("DROP TABLE IF EXISTS measured; DROP ROLE IF EXISTS fusion_stranger, fusion_watcher");
  await last.end();
});

describe("metrics", () => {
  it("counts a statement's way through planner, session, scan, worker and result", async () => {
    const client = await connect();
    await client.query("SET pg_fusion.enable = on");
    const statement = "SELECT k, count(*), sum(id) FROM measured WHERE id > 10 GROUP BY k ORDER BY k";
    const first = await added(() => client.query(statement));
    expect(first("planner.requests")).toBe(1);
    expect(first("planner.ready")).toBe(1);
    expect(first("planner.kept_answers")).toBe(0);
    expect(first("planner.refused")).toBe(0);
    expect(first("planner.round_trip_time")).toBeGreaterThan(first("planner.worker_time"));
    expect(first("planner.worker_time")).toBeGreaterThan(0);
    expect(first("session.opened")).toBe(2);
    expect(first("session.finished")).toBe(2);
    expect(first("session.violations")).toBe(0);
    expect(first("scan.producers")).toBe(1 + first("scan.parallel_producers"));
    expect(first("scan.rows_read")).toBe(100_000);
    expect(first("scan.rows_produced")).toBe(99_990);
    expect(first("scan.pages")).toBeGreaterThan(0);
    expect(first("scan.bytes")).toBeGreaterThan(99_990 * 8);
    expect(first("scan.fill_time")).toBeGreaterThan(0);
    expect(first("transport.messages_sent")).toBe(2);
    expect(first("transport.frames_sent")).toBeGreaterThanOrEqual(2);
    // An answer to the plan request; started and finished.
    expect(first("transport.messages_received")).toBe(3);
    expect(first("transport.bytes_received")).toBeGreaterThan(0);
    expect(first("result.rows")).toBe(7);
    expect(first("result.pages")).toBe(1);
    expect(first("worker.executions")).toBe(1);
    expect(first("worker.executions_failed")).toBe(0);
    expect(first("worker.plan_cache_misses")).toBe(1);
    expect(first("worker.execute_time")).toBeGreaterThan(0);
    expect(first("worker.compile_time")).toBeGreaterThan(0);
    expect((await metrics()).get("worker.execution_memory")).toBeGreaterThan(0);

    const second = await added(() => client.query(statement));
    expect(second("planner.kept_answers")).toBe(1);
    expect(second("planner.round_trip_time")).toBe(0);
    expect(second("session.opened")).toBe(1);

    const other = await connect();
    await other.query("SET pg_fusion.enable = on");
    const third = await added(() => other.query(statement));
    expect(third("planner.kept_answers")).toBe(0);
    expect(third("worker.plans_kept")).toBe(1);
  });

  it("tells how conversations ended", async () => {
    const client = await connect();
    await client.query("SET pg_fusion.enable = on");
    const early = await added(() => client.query("SELECT body FROM measured LIMIT 1"));
    expect(early("session.stopped_early")).toBe(1);
    const failed = await added(() => codeOf(client.query("SELECT sum(1 / (id - 50000)) FROM measured")));
    expect(failed("session.failed")).toBe(1);
    const cancelled = await added(async () => {
      await client.query("BEGIN; DECLARE c CURSOR FOR SELECT id, body FROM measured; FETCH 1 FROM c");
      await client.query("SET LOCAL statement_timeout = 1");
      expect(await codeOf(client.query("SELECT pg_sleep(5)"))).toBe("57014");
      await client.query("ROLLBACK");
    });
    expect(cancelled("session.opened")).toBe(
      cancelled("session.finished") + cancelled("session.stopped_early") + cancelled("session.cancelled") +
        cancelled("session.failed"));
  });

  it("begins a new epoch with a reset", async () => {
    const epoch = "SELECT DISTINCT reset_epoch FROM pg_fusion_metrics()";
    const before = Number((await observer.query(epoch)).rows[0].reset_epoch);
    const { rows } = await observer.query("SELECT pg_fusion_metrics_reset() AS epoch");
    expect(Number(rows[0].epoch)).toBe(before + 1);
    expect(Number((await observer.query(epoch)).rows[0].reset_epoch)).toBe(before + 1);
    const values = await metrics();
    expect(values.get("planner.requests")).toBe(0);
    expect(values.get("worker.execution_memory")).toBe(0);
    expect(await decisions()).toEqual({});
  });
});

describe("decisions", () => {
  it("counts who ran a statement, and why not pg_fusion", async () => {
    const client = await connect();
    await observer.query("SELECT pg_fusion_metrics_reset()");
    await client.query("SELECT count(*) FROM measured");
    expect(await decisions()).toEqual({});
    await client.query("SET pg_fusion.enable = on");
    await client.query("SELECT count(*) FROM measured");
    expect(await codeOf(client.query("SELECT id FROM measured WHERE id = 1 FOR UPDATE"))).toBe("0A000");
    await client.query("SELECT 1");
    await client.query("SELECT count(*) FROM pg_class");
    await client.query("SET pg_fusion.enable = auto");
    await client.query("SELECT id FROM measured WHERE id = 1 FOR UPDATE");
    await client.query("SELECT id FROM measured WHERE id = 2 FOR UPDATE");
    expect(await decisions()).toEqual({
      "planned: ": 1,
      "refused: FOR UPDATE": 1,
      "left to PostgreSQL: FOR UPDATE": 2,
      "bypassed: reads no user table": 1,
      "bypassed: reads a system relation": 1,
    });
  });
});

describe("activity", () => {
  const activity = async (by: pg.Client, pid: number) =>
    (await by.query("SELECT * FROM pg_stat_fusion_activity WHERE pid = $1", [pid])).rows;

  it("shows a running statement", async () => {
    const client = await connect();
    const pid = await pidOf(client);
    await client.query("SET pg_fusion.enable = on");
    const running = client.query(`DO $$ BEGIN
      FOR i IN 1..100 LOOP PERFORM count(*) FROM measured WHERE body LIKE '%abc%'; END LOOP; END $$`);
    const loop = { ended: false };
    const end = running.finally(() => (loop.ended = true));
    const seen = new Set<string>();
    while (!loop.ended && seen.size === 0)
      for (const row of await activity(observer, pid)) if (row.machine === "execution_backend") seen.add(row.state);
    await client.query("SELECT 1");
    await end;
    const states = ["idle", "starting", "running", "draining", "concluding", "closing"];
    expect(states).toEqual(expect.arrayContaining([...seen]));
    expect(seen.size).toBe(1);
    await quiet(observer);
    expect(await activity(observer, pid)).toEqual([]);
  });

  it("shows a suspended cursor, its pages, and to whom it belongs", async () => {
    const client = await connect("fusion_stranger");
    const pid = await pidOf(client);
    await client.query("SET pg_fusion.enable = on");
    await client.query("BEGIN; DECLARE c CURSOR FOR SELECT id, body FROM measured; FETCH 5 FROM c");
    const [row] = await activity(observer, pid);
    expect(row).toMatchObject({
      usename: "fusion_stranger", machine: "execution_backend", state: "running", waiting_on: "reader",
      permits_scan: 2, permits_result: 2,
    });
    expect(row.scan_producers).toBeGreaterThanOrEqual(1);
    expect(row.executor).toBeGreaterThanOrEqual(0);
    expect(row.started).toBeInstanceOf(Date);
    expect(Number(row.rows_scanned)).toBeGreaterThan(0);
    expect(Number(row.result_pages)).toBeGreaterThan(0);
    const held = row.pages_leased + row.pages_issued + row.pages_imported;
    expect(held).toBeGreaterThan(0);
    const pages = (await observer.query(
      "SELECT sum(pages)::int AS pages FROM pg_stat_fusion_pages WHERE pid = $1 AND state <> 'reserved'", [pid])).rows;
    // The worker may issue one more meanwhile; nobody lets one go.
    expect(pages[0].pages).toBeGreaterThanOrEqual(held);
    const free = "SELECT pages FROM pg_stat_fusion_pages WHERE state = 'free' AND pid IS NULL";
    expect((await observer.query(free)).rows[0].pages).toBeGreaterThan(0);

    // Its own user sees it, one who reads all statistics does, another does not.
    const own = await connect("fusion_stranger");
    expect((await activity(own, pid))[0]).toMatchObject({ usename: "fusion_stranger", waiting_on: "reader" });
    const watcher = await connect("fusion_watcher");
    expect((await activity(watcher, pid))[0]).toMatchObject({ usename: "fusion_stranger", state: "running" });
    const open = "DECLARE c CURSOR FOR SELECT * FROM measured; FETCH c";
    await observer.query(`BEGIN; SET LOCAL pg_fusion.enable = on; ${open}`);
    const [hidden] = await activity(own, await pidOf(observer));
    const { pid: hiddenPid, slot, lease_epoch, ...rest } = hidden;
    expect([hiddenPid, slot, lease_epoch].every((value) => value !== null)).toBe(true);
    expect(new Set(Object.values(rest))).toEqual(new Set([null]));
    await observer.query("ROLLBACK");
    await client.query("ROLLBACK");
    await quiet(observer);
    expect(await activity(observer, pid)).toEqual([]);
  });
});

describe("permissions", () => {
  const shown = ["pg_fusion_metrics()", "pg_fusion_decisions()", "pg_fusion_pages()", "pg_stat_fusion_pages"];

  it("keep numbers from strangers, and the reset from those who only read", async () => {
    const stranger = await connect("fusion_stranger");
    const watcher = await connect("fusion_watcher");
    for (const name of shown) {
      expect(await codeOf(stranger.query(`SELECT * FROM ${name}`)), name).toBe("42501");
      expect(await codeOf(watcher.query(`SELECT * FROM ${name}`)), name).toBe("no error");
    }
    for (const client of [stranger, watcher])
      expect(await codeOf(client.query("SELECT pg_fusion_metrics_reset()"))).toBe("42501");
  });
});
