// Statements that several executor threads work on: the same answers, and nothing held however they end. The server is
// that of throwaway_cluster.ts.
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer } from "../support/answers.js";
import { held, quiet } from "../support/audit.js";
import { captures, clearCaptures, expectReplays } from "../support/captures.js";
import { endSessions, session } from "../support/fusion_session.js";

const TABLES = `
CREATE TABLE threads_rows AS SELECT (i::bigint * 7919 % 300007)::int4 AS k, i AS v, (i % 1000)::numeric(12, 2) AS n,
  'a name longer than a view holds ' || i % 5003 AS name FROM generate_series(1, 1200000) i;
CREATE TABLE threads_names AS SELECT i AS id, 'label ' || i AS label FROM generate_series(0, 300006) i;
ANALYZE threads_rows; ANALYZE threads_names`;
const dropTables = "DROP TABLE IF EXISTS threads_rows, threads_names";

const groups = "SELECT k, name, count(*) AS c, sum(n) AS s, min(v) AS low, max(name) AS high " +
  "FROM threads_rows GROUP BY k, name";
const statements = [
  `SELECT count(*), sum(c), sum(s), sum(low), max(high) FROM (${groups}) x`,
  "SELECT count(*), sum(n), min(v), max(name), bool_and(v > 0), bit_xor(v) FROM threads_rows",
  "SELECT count(*), sum(s) FROM (SELECT label, sum(n) AS s FROM threads_rows JOIN threads_names ON k = id " +
    "GROUP BY label) x",
  "SELECT count(*), max(v) FROM threads_names LEFT JOIN threads_rows ON k = id AND n > 3 WHERE id < 250000",
  "SELECT k, v FROM threads_rows ORDER BY v DESC LIMIT 7",
];

let plain: pg.Client;
let fusion: pg.Client;
let data: string;

/** Threads that worked on a statement at once. */
async function threadsOf(statement: string): Promise<number> {
  const { rows } = await fusion.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`);
  return Number(/"Worker Threads": (\d+)/.exec(JSON.stringify(rows[0]["QUERY PLAN"], undefined, 1))?.[1]);
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

beforeAll(async () => {
  plain = await session("SET pg_fusion.enable = off");
  data = ((await plain.query("SHOW data_directory")).rows[0] as { data_directory: string }).data_directory;
  await plain.query(dropTables);
  await plain.query(TABLES);
  fusion = await session("SET pg_fusion.enable = on");
}, 120_000);

afterAll(async () => {
  await plain.query(dropTables);
  await endSessions();
});

describe("answers", () => {
  it.each(statements)("%s", async (statement) => {
    const expected = await answer(plain, statement, "extended");
    expect(await answer(fusion, statement, "extended")).toEqual(expected);
    await fusion.query("SET pg_fusion.query_memory = '4MB'");
    expect(await answer(fusion, statement, "extended")).toEqual(expected);
    await fusion.query("RESET pg_fusion.query_memory");
  }, 120_000);

  it("come of several threads where one is behind its producers", async () => {
    let most = 0;
    for (let tries = 0; tries < 10 && most < 2; tries++)
      most = Math.max(most, await threadsOf(groups));
    expect(most).toBe(2);
    const { rows } = await plain.query("SELECT value FROM pg_fusion_metrics() WHERE metric = 'pages_lent'");
    expect(Number(rows[0].value)).toBeGreaterThan(0);
    expect(held(await quiet(plain))).toBe(0);
  }, 120_000);
});

it("a captured statement keeps to one thread, and plays back", async () => {
  clearCaptures(data);
  await fusion.query("SET pg_fusion.capture = 'full'");
  expect(await threadsOf("SELECT k, count(*) FROM threads_rows WHERE v < 300000 GROUP BY k")).toBe(1);
  await fusion.query("RESET pg_fusion.capture");
  expectReplays(captures(data).filter(({ kind }) => kind === "execution"));
  clearCaptures(data);
}, 120_000);

describe("nothing is held after", () => {
  it("an error of a row", async () => {
    const statement = "SELECT k, sum(1000 / (v - 900000)) FROM threads_rows GROUP BY k";
    for (let round = 0; round < 5; round++)
      expect(await answer(fusion, statement, "extended")).toMatchObject({ kind: "error", sqlstate: "22012" });
    expect(held(await quiet(plain))).toBe(0);
  }, 60_000);

  it.each([0, 20, 60, 100, 150, 200, 300, 400])("a cancel %i ms after the start", async (ms) => {
    const { rows } = await fusion.query("SELECT pg_backend_pid() AS pid");
    const ended = fusion.query(groups).then(() => "57014", (error: { code?: string }) => error.code);
    await pause(ms);
    await plain.query("SELECT pg_cancel_backend($1)", [rows[0].pid]);
    expect(await ended).toBe("57014");
    expect(held(await quiet(plain))).toBe(0);
  }, 60_000);

  it("the worker's death", async () => {
    const { rows } = await plain.query("SELECT worker_pid FROM pg_fusion_audit()");
    const pid = Number(rows[0].worker_pid);
    const ended = fusion.query(`${groups} ORDER BY 1`).then(() => "finished", (error: { code?: string }) => error.code);
    await pause(150);
    process.kill(pid, "SIGKILL");
    expect(await ended).not.toBe("57014");
    expect(held(await quiet(plain, 10_000, pid))).toBe(0);
    expect((await fusion.query("SELECT count(*) FROM threads_rows")).rows[0].count).toBe("1200000");
  }, 60_000);
});
