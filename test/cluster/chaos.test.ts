// Violence against running statements: cancels at random moments, kill -9 of the worker, of clients and of
// backends. After each, the statement has ended in one clean error (or its rows), nothing is held, and the next works.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit, held, quiet } from "../support/audit.js";
import { session } from "../support/fusion_session.js";
import { cancelledByUser, keepingTimeouts, setStatementTimeout, timedOut } from "../support/statement_timeout.js";

const slow =
  "SELECT region, flag, sum(a * 1.01), sum(price), count(*), min(body), max(body) FROM chaos " +
  "GROUP BY region, flag ORDER BY region, flag";
const wide = "SELECT id, body FROM chaos";
/** Its build side makes a runtime filter for the other one. */
const joined = "SELECT count(*), sum(p.a) FROM chaos p JOIN chaos b ON p.id = b.id AND b.id % 7 = 0 AND b.a < 50";
/** Rows larger than a page on every way: they travel in parts, and violence comes between two of them. */
const long =
  "SELECT l.body, x.list FROM chaos_long l JOIN " +
  "(SELECT id % 20 AS id, string_agg(body, ',') AS list FROM chaos GROUP BY 1) x ON x.id = l.id";
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** A small deterministic generator: the moments of violence repeat from run to run. */
function moments(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const fusionClient = (): Promise<pg.Client> => session("SET pg_fusion.enable = on");

type Outcome = { readonly rows: number } | { readonly code: string | undefined; readonly message: string };

const outcome = (running: Promise<pg.QueryResult>): Promise<Outcome> =>
  running.then(
    (r) => ({ rows: r.rows.length }),
    (e: { code?: string; message: string }) => ({ code: e.code, message: e.message }),
  );

/** Resolves with the outcome, or fails when the statement has not ended within 2 s of the blow. */
async function within2s(running: Promise<Outcome>): Promise<Outcome> {
  const late = pause(2000).then((): never => {
    throw new Error("the statement hung for more than 2 s");
  });
  return Promise.race([running, late]);
}

/** Cancels what a session runs. False when it had not begun: then the cancel was for nothing. */
async function cancel(pid: number): Promise<boolean> {
  const { rows } = await observer.query(
    "SELECT state = 'active' AS runs, pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1", [pid]);
  return rows[0].runs as boolean;
}

let observer: pg.Client;
let typicalMs = 100;

beforeAll(async () => {
  observer = await session();
  await observer.query("DROP TABLE IF EXISTS chaos");
  await observer.query(
    "CREATE TABLE chaos AS SELECT id, 'region ' || id % 13 AS region, chr(65 + id % 3) AS flag, " +
      "(id % 100)::numeric(15,2) AS a, (id % 977)::numeric(15,2) AS price, repeat(md5(id::text), 4) AS body " +
      "FROM generate_series(1, 400000) AS id",
  );
  await observer.query(
    "DROP TABLE IF EXISTS chaos_long; CREATE TABLE chaos_long (id int, body text); " +
      "ALTER TABLE chaos_long ALTER body SET STORAGE EXTERNAL; " +
      "INSERT INTO chaos_long SELECT id, repeat(md5(id::text), 40000) FROM generate_series(0, 19) AS id",
  );
  await observer.query("VACUUM ANALYZE chaos, chaos_long");
  const client = await fusionClient();
  await client.query(slow);
  const start = Date.now();
  await client.query(slow);
  typicalMs = Date.now() - start;
  await client.end();
}, 120_000);

afterAll(async () => {
  await observer.end();
});

describe("cancellation", () => {
  it("ends 200 statements at random moments with PostgreSQL's own error and nothing held", async () => {
    const random = moments(1);
    const client = await fusionClient();
    const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
    let cancelled = 0;
    for (let round = 0; round < 200; round += 1) {
      const timeout = round % 4 === 3;
      if (timeout) await setStatementTimeout(client, 1 + Math.floor(random() * typicalMs));
      const started = (): Promise<Outcome> => outcome(client.query([wide, slow, long][round % 3] ?? slow));
      const running = timeout ? keepingTimeouts(started) : started();
      if (!timeout) await pause(random() * typicalMs);
      const ended = await (timeout || !await cancel(pid) ? running : within2s(running));
      if ("message" in ended) {
        expect(ended).toEqual(timeout ? timedOut : cancelledByUser);
        cancelled += 1;
      }
      if (timeout) await setStatementTimeout(client, 0);
      const next = await outcome(client.query("SELECT count(*) FROM chaos WHERE id < 10"));
      // A cancel that came after its statement's end may hit the next one: allowed once, then it must work.
      if ("message" in next) expect((await outcome(client.query("SELECT 1 AS one"))) as object).toEqual({ rows: 1 });
    }
    await client.end();
    expect(cancelled).toBeGreaterThan(50);
    expect(held(await quiet(observer))).toBe(0);
  }, 300_000);
});

describe("kill -9", () => {
  it("of the worker: each statement ends in one error within 2 s, the next works", async () => {
    const random = moments(2);
    const client = await fusionClient();
    for (let round = 0; round < 20; round += 1) {
      const before = await quiet(observer, 10_000);
      expect(before.worker_state).toBe("ready");
      const running = outcome(client.query(round % 2 ? long : slow));
      await pause(random() * typicalMs * 0.8);
      process.kill(before.worker_pid, "SIGKILL");
      const ended = await within2s(running);
      if ("message" in ended) expect(ended.code).toMatch(/^(08006|57P02|57P03)$/);
      const after = await quiet(observer, 10_000, before.worker_pid);
      expect(after.worker_pid).not.toBe(before.worker_pid);
      expect(held(after)).toBe(0);
      expect(await outcome(client.query("SELECT count(*) FROM chaos"))).toEqual({ rows: 1 });
    }
    await client.end();
  }, 300_000);

  it("of the client: its statement's slots and pages go home", async () => {
    const random = moments(3);
    for (let round = 0; round < 20; round += 1) {
      const first = [slow, wide, joined, long][round % 4];
      const words = ["-X", "-c", "SET pg_fusion.enable = on", "-c", `${first}; ${slow}`];
      const child = spawn("psql", words, { stdio: "ignore" });
      await pause(30 + random() * typicalMs);
      child.kill("SIGKILL");
      // The backend notices a dead client when it next writes to it, at the latest at its statement's end.
      expect(held(await quiet(observer, typicalMs * 4 + 5000))).toBe(0);
    }
  }, 300_000);

  it("of a backend: PostgreSQL restarts with a new region and a new worker", async () => {
    const random = moments(4);
    for (let round = 0; round < 5; round += 1) {
      const before = await quiet(observer, 10_000);
      const client = await fusionClient();
      const pid = (await client.query("SELECT pg_backend_pid() AS pid")).rows[0].pid as number;
      const running = outcome(client.query([slow, joined, long][round % 3] ?? slow));
      await pause(random() * typicalMs * 0.8);
      process.kill(pid, "SIGKILL");
      const ended = await within2s(running);
      expect("message" in ended || "rows" in ended).toBe(true);
      await client.end().catch(() => undefined);
      await observer.end().catch(() => undefined);
      observer = await reconnect(before.worker_pid);
      const after = await quiet(observer, 10_000);
      expect(held(after)).toBe(0);
      expect(after.worker_pid).not.toBe(before.worker_pid);
      expect(existsSync(`/proc/${before.worker_pid}`) && !zombie(before.worker_pid)).toBe(false);
    }
  }, 300_000);

  it("leaves exactly one worker process and no stray file", async () => {
    const last = await quiet(observer, 10_000);
    const data = (await observer.query("SHOW data_directory")).rows[0].data_directory as string;
    const processes = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
    const isWorker = (entry: string) => environmentOf(entry).includes(`PG_FUSION_DATA_DIR=${data}`);
    const workers = processes.filter((entry) => isWorker(entry) && !zombie(Number(entry)));
    expect(workers.map(Number)).toEqual([last.worker_pid]);
    const files = readdirSync(`${data}/pg_fusion`);
    const rings = files.filter((file) => /^flight-[0-9a-f]+\.ring$/.test(file));
    expect(rings.length).toBeLessThanOrEqual(3);
    const spill = files.filter((file) => file === "spill");
    expect(files.length).toBe(rings.length + spill.length);
    expect(spill.flatMap((folder) => readdirSync(`${data}/pg_fusion/${folder}`))).toEqual([]);
    expect((await audit(observer)).pages_held).toBeDefined();
  });
});

/** A connection to the restarted server: one that was accepted before the crash was noticed ends at once. */
async function reconnect(deadWorker: number): Promise<pg.Client> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      const client = await session();
      if ((await audit(client)).worker_pid !== deadWorker) return client;
      await client.end();
      await pause(100);
    } catch {
      await pause(100);
    }
  }
  throw new Error("the server did not come back within 10 s");
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

/** True for a process that has ended and waits to be reaped. */
function zombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return true;
  }
}
