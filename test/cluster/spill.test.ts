// Statements that do not fit their memory: the same answers from disk, nothing left there however they end, limits and
// numbers. The server is that of throwaway_cluster.ts.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { hasOuterOrderBy } from "#bench/compare_rows.js";
import { spillDirectory } from "#generated/machines.js";
import { readFlight } from "#trace/flight_reader.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answer, unordered } from "../support/answers.js";
import { held, quiet } from "../support/audit.js";
import { captures, clearCaptures, expectReplays } from "../support/captures.js";
import { endSessions, session } from "../support/fusion_session.js";
import { spillStatements } from "./spill_statements.js";

const schema = readFileSync(new URL("./spill_schema.sql", import.meta.url), "utf8");
const dropTables = "DROP TABLE IF EXISTS spill_left, spill_right, spill_never_null";
const SMALL = "SET pg_fusion.enable = on; SET pg_fusion.query_memory = '1MB'";
let plain: pg.Client;
let fusion: pg.Client;
let data: string;

const spillFolder = (): string => join(data, "pg_fusion", "spill");
const onDisk = (): string[] => (existsSync(spillFolder()) ? readdirSync(spillFolder()) : []);
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits for an execution to be on disk. */
async function untilOnDisk(): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const [name] = onDisk();
    if (name !== undefined) return join(spillFolder(), name);
    await pause(5);
  }
  throw new Error("nothing was written to disk");
}

async function metric(name: string): Promise<number> {
  const { rows } = await plain.query(
    "SELECT value FROM pg_fusion_metrics() WHERE component = 'spill' AND metric = $1", [name]);
  return Number(rows[0].value);
}

/** Large enough to be met at work: two billion pairs, whose sum needs each of them. */
const LONG = "SELECT count(*), sum((a.id + a.g * b.g) % 7) " +
  "FROM (SELECT id, g FROM spill_left, generate_series(1, 2000) g) a " +
  "JOIN (SELECT id, g, word || g AS word FROM spill_right, generate_series(1, 40) g) b ON a.id = b.id";

beforeAll(async () => {
  plain = await session("SET pg_fusion.enable = off");
  data = ((await plain.query("SHOW data_directory")).rows[0] as { data_directory: string }).data_directory;
  await plain.query(dropTables);
  await plain.query(schema);
  fusion = await session(SMALL);
}, 120_000);

afterAll(async () => {
  await plain.query(dropTables);
  await endSessions();
  clearCaptures(data);
});

describe("answers from disk", () => {
  it.each(spillStatements)("%s", async (statement) => {
    const expected = await answer(plain, statement, "extended");
    const actual = await answer(fusion, statement, "extended");
    const isOrdered = hasOuterOrderBy(statement);
    expect(isOrdered ? actual : unordered(actual)).toEqual(isOrdered ? expected : unordered(expected));
  }, 60_000);
});

it("nothing stays on disk", async () => {
  expect(held(await quiet(plain))).toBe(0);
  expect(onDisk()).toEqual([]);
});

describe("numbers", () => {
  const statement = "SELECT count(*) FROM (SELECT key, word, count(*) FROM spill_left GROUP BY key, word) x";

  it("stand in EXPLAIN in every format", async () => {
    const { rows } = await fusion.query(`EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${statement}`);
    const text = rows.map((row) => String(row["QUERY PLAN"])).join("\n");
    expect(text).toMatch(/Hash Aggregate \(actual rows=\d+ memory=\d+kB disk=\d+kB\)/);
    const formats = [["JSON", /"Disk": [1-9]/], ["YAML", /Disk: [1-9]/], ["XML", /<Disk>[1-9]/]] as const;
    for (const [format, shown] of formats) {
      const found = await fusion.query(`EXPLAIN (ANALYZE, FORMAT ${format}) ${statement}`);
      const plan = found.rows[0]["QUERY PLAN"];
      const lines = typeof plan === "string" ? plan : JSON.stringify(plan, undefined, 1);
      expect(lines).toMatch(shown);
    }
  });

  it("are counted", async () => {
    const names = ["executions", "files", "bytes_written", "bytes_read", "write_time", "read_time"];
    const before = await Promise.all(names.map(metric));
    await fusion.query(statement);
    const after = await Promise.all(names.map(metric));
    names.forEach((name, at) => expect(after[at], name).toBeGreaterThan(before[at] ?? Infinity));
    expect(await metric("execution_bytes")).toBeGreaterThan(0);
  });

  it("are none where memory does", async () => {
    const client = await session("SET pg_fusion.enable = on");
    const before = await metric("executions");
    await client.query(statement);
    expect(await metric("executions")).toBe(before);
  });
});

describe("whatever ends an execution on disk", () => {
  it("its directory is nobody else's, and goes when it is cancelled", async () => {
    const client = await session(SMALL);
    const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
    const failed = client.query(LONG).then(() => "finished", (error: { code?: string }) => error.code);
    const path = await untilOnDisk();
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
    await expect.poll(async () => {
      const seen = await plain.query("SELECT bytes_on_disk FROM pg_stat_fusion_activity WHERE pid = $1", [rows[0].pid]);
      return Number(seen.rows[0]?.bytes_on_disk);
    }, { timeout: 20_000 }).toBeGreaterThan(0);
    await plain.query("SELECT pg_cancel_backend($1)", [rows[0].pid]);
    expect(await failed).toBe("57014");
    expect(held(await quiet(plain))).toBe(0);
    expect(onDisk()).toEqual([]);
    const flight = readdirSync(join(data, "pg_fusion")).filter((name) => name.endsWith(".ring")).sort().at(-1) ?? "";
    const steps = readFlight(readFileSync(join(data, "pg_fusion", flight))).entries
      .filter(({ machine }) => machine === spillDirectory.code)
      .map(({ event }) => spillDirectory.events[event]);
    expect(steps).toEqual(expect.arrayContaining(["made", "fileOpened", "fileClosed", "removed"]));
  });

  it("a worker that is killed leaves nothing once the next one is there", async () => {
    const client = await session(SMALL);
    const { rows } = await plain.query("SELECT worker_pid FROM pg_fusion_audit()");
    const failed = client.query(LONG).then(() => "finished", (error: { code?: string }) => error.code);
    await untilOnDisk();
    const pid = Number(rows[0].worker_pid);
    process.kill(pid, "SIGKILL");
    expect(await failed).not.toBe("finished");
    expect(held(await quiet(plain, 10_000, pid))).toBe(0);
    expect(onDisk()).toEqual([]);
    expect((await client.query("SELECT count(*) FROM spill_left")).rows[0].count).toBe("40000");
  });

  it("temp_file_limit is kept, in PostgreSQL's words", async () => {
    const client = await session(`${SMALL}; SET temp_file_limit = '300kB'`);
    const statement = "SELECT l.id, r.id FROM spill_left l JOIN spill_right r USING (key)";
    const answered = await answer(client, statement, "extended");
    expect(answered).toMatchObject({
      kind: "error", sqlstate: "53400", message: "temporary file size exceeds temp_file_limit (300kB)",
    });
    expect(held(await quiet(plain))).toBe(0);
    expect(onDisk()).toEqual([]);
    await client.query("RESET temp_file_limit");
    expect((await answer(client, statement, "extended")).kind).toBe("rows");
  });

  it("a full capture of it plays back without a divergence", async () => {
    const client = await session(`${SMALL}; SET pg_fusion.capture = 'full'`);
    clearCaptures(data);
    const before = await metric("executions");
    const some = spillStatements.filter((_, at) => at % 5 === 0);
    for (const statement of some) await answer(client, statement, "extended");
    expect(await metric("executions")).toBeGreaterThan(before);
    await client.query("SET pg_fusion.capture = 'off'");
    const files = captures(data).filter(({ kind }) => kind === "execution");
    expect(files.length).toBeGreaterThan(2);
    expectReplays(files);
  }, 120_000);
});
